"""Who of a group is on stage, and who waits for it."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import trio

from actors.errors import SetupError
from actors.ports import Credentials, Person
from actors.roster import Roster
from actors.user import User

MAX_FIRST_SESSION_S = 30.0
"""How long a user may take to come on stage before the run begins."""


@attrs.define
class Wings:
    """The people of one group: who waits, and who is on stage or on the way to it.

    Args:
        waiting: with their credentials, who comes next last.
    """

    roster: Roster
    waiting: list[tuple[Person, Credentials]]
    present: list[tuple[Person, Credentials, User]] = attrs.Factory(list)

    def enter(self) -> User:
        """The next one comes."""
        person, credentials = self.waiting.pop()
        user = self.roster.enter(person, credentials)
        self.present.append((person, credentials, user))
        return user

    def leave(self) -> None:
        """Who came last goes, and is the next to come again."""
        person, credentials, user = self.present.pop()
        user.leave()
        self.waiting.append((person, credentials))

    def admit(self, people: Sequence[tuple[Person, Credentials]]) -> None:
        """They come after all who wait."""
        self.waiting[:0] = reversed(people)

    async def fill(self, number: int, limit: trio.CapacityLimiter) -> None:
        """Bring so many on, within the limit. Raises SetupError when one cannot come."""
        failed: list[str] = []

        async def bring() -> None:
            async with limit:
                user = self.enter()
                with trio.move_on_after(MAX_FIRST_SESSION_S):
                    if await user.wait_on_stage():
                        return
                failed.append(f"{user.uid} could not open an MCP session: {user.last_error or 'no answer'}")
                nursery.cancel_scope.cancel()

        async with trio.open_nursery() as nursery:
            for _ in range(number):
                nursery.start_soon(bring)
        if failed:
            raise SetupError(failed[0])
