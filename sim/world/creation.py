"""Creating users on a server that does so in steps, fails by chance, and may not answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count

import attrs
import trio

from actors.accounts import AlreadyExists, NameRefused, NotCreated
from actors.errors import SetupError
from actors.events import Emit, SetupStep
from actors.new_password import new_password
from actors.ports import Accounts, Person
from actors.secret import Secret
from actors.shelter import Shelter
from sim.clean.journal import RunJournal
from sim.clean.marker import is_marker
from sim.clean.things.created_user import USER_KIND, remove_user, settled
from sim.config.model import Config
from sim.world.people import numbered
from sim.world.turns import for_each, timed

MAX_TRIES = 4
MAX_OTHER_NUMBERS = 20
ANSWER_S = 60.0
"""How long a creation under way is let come to its answer, although the run is being stopped."""


class Creation:
    """Creates users one by one, each in the ledger before it is asked for.

    Args:
        shelter: a creation that was sent comes to its answer under it.
        say: told what is done otherwise than asked for.
    """

    def __init__(
        self,
        config: Config,
        accounts: Accounts,
        journal: RunJournal,
        shelter: Shelter,
        say: Callable[[str], None],
    ) -> None:
        self._config = config
        self._accounts = accounts
        self._journal = journal
        self._shelter = shelter
        share = config.load.share
        # Beyond those of the whole crowd, and no shard takes another's.
        self._other_numbers = count(config.crowd + share.number, share.of)
        self._say = say
        self._least_length = 0

    async def learn_policy(self) -> None:
        """What the server wants of passwords. What it does not tell, creations will."""
        try:
            self._least_length = await self._accounts.password_length()
        except SetupError:
            self._least_length = 0

    async def create(self, person: Person) -> Person:
        """The user as created: another number where the server does not take the name.

        Raises SetupError. The ledger keeps whoever may exist; cancelled, too.
        """
        if len(person.password.reveal()) < self._least_length:
            person = attrs.evolve(person, password=new_password(self._least_length))
        reasons: list[NameRefused] = []
        while len(reasons) < MAX_OTHER_NUMBERS:
            try:
                await self._insist(person)
                return person
            except NameRefused as error:
                reasons.append(error)
            other = await self._next_free(person)
            self._say(f"  {reasons[-1]}: {other.uid} instead")
            person = other
        raise SetupError(f"{reasons[0]}; choose another --user-prefix")

    async def create_all(self, people: Sequence[Person], emit: Emit) -> list[Person]:
        """In the place of each who was asked for, who was created; a few at the same time."""
        made = dict[str, Person]()

        async def create(person: Person) -> None:
            made[person.uid] = await timed(
                SetupStep.CREATE_USER, person.uid, lambda: self.create(person), emit
            )

        limit = trio.CapacityLimiter(self._config.users.creation_concurrency)
        await for_each(people, create, limit, cuts=False)
        return [made[person.uid] for person in people]

    async def _insist(self, person: Person) -> None:
        await self._journal.intend(USER_KIND, person.uid)
        reason: NotCreated | None = None
        for attempt in range(MAX_TRIES):
            error = await self._send(person)
            if error is None:
                self._journal.created(USER_KIND, person.uid)
                return
            if isinstance(error, NameRefused):
                if attempt == 0:
                    await self._is_absent(person, is_first=True)
                raise error
            if isinstance(error, AlreadyExists) and attempt == 0:
                await self._check_is_ours(person, error)
                return
            is_word = error.is_refused or isinstance(error, AlreadyExists)
            reason = error if is_word else reason or error
            if reason.is_refused and await self._is_absent(person, is_first=attempt == 0):
                raise reason
            if await self._has_come(person):
                return
        assert reason is not None
        raise reason

    async def _send(self, person: Person) -> NotCreated | None:
        """Ask for the user once; why there may be none."""
        with self._shelter.over(ANSWER_S) as scope:
            try:
                await self._accounts.create(person)
            except NotCreated as error:
                return error
        if scope.cancelled_caught:
            return NotCreated(f"creating the user {person.uid}: no answer within {ANSWER_S:g} s")
        return None

    async def _check_is_ours(self, person: Person, error: AlreadyExists) -> None:
        """Something in between may have sent a first try twice, and passed on the second answer.

        Only the run's own mark in the address shows it. Raises `error` where the user is somebody else's.
        """
        found = await settled(self._accounts, person.uid)
        if found is None or not self._is_marked(person.uid, found.email):
            self._journal.removed(USER_KIND, person.uid)
            raise error
        self._journal.created(USER_KIND, person.uid)

    def _is_marked(self, uid: str, email: str) -> bool:
        return is_marker(email, uid, self._journal.head.mark, (self._config.users.mail_domain,))

    async def _is_absent(self, person: Person, *, is_first: bool) -> bool:
        """After a refusal: strike the intent off where the API says that there is nobody.

        An earlier try may still be being carried out, so then it is asked over some seconds.
        """
        look = self._accounts.look(person.uid) if is_first else settled(self._accounts, person.uid)
        if await look is not None:
            return False
        self._journal.removed(USER_KIND, person.uid)
        return True

    async def _has_come(self, person: Person) -> bool:
        """After an answer that left it open: whether the user is complete; half made, they are removed."""
        found = await settled(self._accounts, person.uid)
        if found is None:
            return False
        if not found.email:
            self._say(f"  {person.uid} came into being by half, and is made anew")
            await remove_user(self._accounts, person.uid)
            return False
        if not self._is_marked(person.uid, found.email):
            self._journal.removed(USER_KIND, person.uid)
            raise AlreadyExists(f"the user {person.uid} exists already; choose another --user-prefix")
        self._journal.created(USER_KIND, person.uid)
        return True

    async def _next_free(self, person: Person) -> Person:
        password: Secret = new_password(self._least_length)
        while True:
            number = next(self._other_numbers)
            other = numbered(self._config, number, password, self._journal.head.mark)
            if await self._accounts.look(other.uid) is None:
                return attrs.evolve(other, group=person.group, region=person.region)
