"""A world: where the users of a run live, and the steps that bring them up.

Whoever opens one plays its steps and then does something with the crowd: a run drives a load, `doctor`
makes one call, `tools` lists. Leaving a world removes what was made in it. Which kinds there are, is known
to `opening` alone, which stands above them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Protocol

import attrs
import trio

from actors.errors import SetupError
from actors.events import Emit, Note, StepBegan, StepEnded
from actors.ports import Connector, Credentials, Person
from sim.clean.end import CleanupEnd
from sim.clean.journal import LedgerMirror, NoMirror
from sim.config.model import Config
from sim.runtime.clock import Clock
from sim.runtime.stop import Stop
from workflows.base import Workflow

if TYPE_CHECKING:
    # It brings the HTTP client along, which takes a while.
    from actors.login.client import OAuthClient

TOOLS_FIT = "tools for the workflows"
"""The step of every world after which it is known that what is to be played can be played."""


def always() -> bool:
    return True


@attrs.frozen
class WorldStep:
    """One part of bringing a crowd up.

    Attributes:
        name: what is so once it has been played ("users created").
        title: what is being done, asked for when it begins.
        act: does it; gives what is worth knowing then, or "". Raises SetupError. Cancelled, it leaves
            what the ledger names.
        is_needed: asked when its turn comes; may be wrong before.
    """

    name: str
    title: Callable[[], str]
    act: Callable[[], Awaitable[str]]
    is_needed: Callable[[], bool] = always


@attrs.frozen
class Crowd:
    """Who there is to drive, and how.

    Attributes:
        people: by the name of their group, in the order in which they come.
        credentials: by user id, of everybody who has been logged in.
        connector: opens their sessions.
        workflows: those that were chosen and for which there are tools.
        mark: stands in whatever this run makes.
        login: how users get in, in words.
        at_once: so many sessions are opened at the same time.
        unanswered: whose calls may have changed something and never came to their answer, with the instant at
            which the first was sent. Whoever drives the crowd fills it, also when cancelled; leaving
            the world reads it.
    """

    people: Mapping[str, Sequence[Person]]
    credentials: Mapping[str, Credentials]
    connector: Connector
    workflows: Mapping[str, Workflow]
    mark: str
    login: str
    at_once: int
    unanswered: dict[str, float]

    @property
    def first(self) -> Person:
        """The first of those who are logged in."""
        return next(p for group in self.people.values() for p in group if p.uid in self.credentials)

    @property
    def size(self) -> int:
        """How many people there are."""
        return sum(map(len, self.people.values()))


@attrs.frozen
class Given:
    """What a world has from outside, where it is a part of something larger.

    Attributes:
        mark: what all that is made bears; "": a new one is drawn.
        client: the OAuth client that has been registered for all parts.
        mirror: keeps a copy of the ledger.
        is_part: it is one of several; then its ledger's file may not exist before it.
    """

    mark: str = ""
    client: OAuthClient | None = None
    mirror: LedgerMirror = attrs.Factory(NoMirror)
    is_part: bool = False


ALONE = Given()


class World(Protocol):
    """An open world."""

    @property
    def target(self) -> str:
        """What is driven, in words."""

    @property
    def clock(self) -> Clock:
        """Whose time it is."""

    @property
    def began(self) -> str:
        """When it was opened, by the clock's calendar."""

    @property
    def steps(self) -> Sequence[WorldStep]:
        """They bring the crowd up, in this order."""

    @property
    def crowd(self) -> Crowd:
        """As far as the steps have been played."""

    async def call_up(self, wanted: Mapping[str, int]) -> Mapping[str, Sequence[Person]]:
        """Bring so many people up in each group, in mid-run, who can then be driven; gives those who are new.

        There are no more than the configuration's groups have. Raises SetupError. Cancelled, what was made is
        removed with the rest.
        """

    async def expect_writing(self) -> None:
        """To be called before anybody of the crowd writes: where the run's mark will stand is noted then."""

    @property
    def cleanup(self) -> CleanupEnd:
        """What became of what was made; complete once the world has been left."""


OpenWorld = Callable[[Config, Emit, Stop, Given], AbstractAsyncContextManager[World]]


@attrs.frozen
class WorldKind:
    """One kind of world: its clock, and how one is opened on it."""

    clock: Clock
    open: OpenWorld


async def recruit(world: World, wanted: Mapping[str, int]) -> dict[str, list[tuple[Person, Credentials]]]:
    """So many people in each group, with their credentials; gives those who are new. Raises SetupError."""
    came = await world.call_up(wanted)
    credentials = world.crowd.credentials
    return {name: [(person, credentials[person.uid]) for person in people] for name, people in came.items()}


async def play(steps: Sequence[WorldStep], emit: Emit, more: int = 0) -> int:
    """Play those that are needed, in this order; every begin and end is an event. Gives their number.

    Raises SetupError of the first that fails.

    Args:
        more: so many steps come afterwards, from somewhere else.
    """
    number = 0
    for place, step in enumerate(steps):
        if not step.is_needed():
            continue
        number += 1
        of = number + sum(later.is_needed() for later in steps[place + 1 :]) + more
        await _play(step, number, of, emit)
    return number


async def _play(step: WorldStep, number: int, of: int, emit: Emit) -> None:
    ended = StepEnded(number, of, step.name, ok=False, text="interrupted", at=0.0)
    emit(StepBegan(number, of, step.name, step.title(), trio.current_time()))
    try:
        ended = attrs.evolve(ended, text=await step.act(), ok=True)
    except SetupError as error:
        ended = attrs.evolve(ended, text=str(error))
        raise
    finally:
        emit(attrs.evolve(ended, at=trio.current_time()))


def notes_to(emit: Emit) -> Callable[[str], None]:
    """Tells lines as events."""

    def say(text: str) -> None:
        emit(Note(text, at=trio.current_time()))

    return say
