"""The virtual world: the stand-in's store in this process, on a clock that leaps; no login, no wire."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import trio

from actors.errors import SetupError
from actors.events import Emit
from actors.login.basic import Nobody
from actors.ports import Credentials, Person
from sim.clean.end import CleanupEnd
from sim.config.model import Config
from sim.runtime.clock import VirtualClock
from sim.runtime.stop import Stop
from sim.standin.faults.spec import OF_TOOLS, FaultSpec
from sim.standin.inside import StandinInside
from sim.world.http import networks_of
from sim.world.people import at_first, called_up, new_ones, people_of
from sim.world.tools import usable
from sim.world.virtual.connector import InProcessConnector, offered_by
from sim.world.virtual.server import ServerQueue
from sim.world.worlds import ALONE, TOOLS_FIT, Crowd, Given, WorldKind, WorldStep, notes_to
from workflows.base import Workflow
from workflows.catalogue import catalogue

MARK = "virtual"
LOGIN = "nobody logs in on the virtual clock"
SPARE_S = 3600.0
"""How much longer than its parts a run may take before it counts as stuck, virtual seconds."""

CLOCK = VirtualClock()


class VirtualWorld:
    """See `sim.world.worlds.World`. Nothing in it outlives it, so nothing is to be removed.

    Raises SetupError for a stand-in that makes no sense here.
    """

    clock = CLOCK
    target = "the built-in stand-in, in this process"
    began = ""
    cleanup = CleanupEnd()

    def __init__(
        self,
        config: Config,
        people: Mapping[str, Sequence[Person]],
        workflows: Mapping[str, Workflow],
        emit: Emit,
    ) -> None:
        self._config = config
        self._people, self._later = at_first(config, people)
        self._known = workflows
        self._workflows: Mapping[str, Workflow] = {}
        self._credentials: dict[str, Credentials] = {}
        self._unanswered: dict[str, float] = {}
        self._say = notes_to(emit)
        options = config.standin_options.options
        check_faults(options.faults)
        server = ServerQueue(config.server_model)
        self._standin = StandinInside(options, now=trio.current_time, pause=server.pause)
        load, networks = config.load, networks_of(config)
        self._connector = InProcessConnector(self._standin, server, networks, load.call_timeout_s, load.seed)

    @property
    def steps(self) -> tuple[WorldStep, ...]:
        return (
            WorldStep("users created", self._creating, self._create),
            WorldStep(TOOLS_FIT, lambda: "Comparing tools with workflows", self._compare),
        )

    @property
    def crowd(self) -> Crowd:
        return Crowd(
            people=self._people,
            credentials=self._credentials,
            connector=self._connector,
            workflows=self._workflows,
            mark=MARK,
            login=LOGIN,
            # Nothing here has to be spared.
            at_once=max(1, sum(map(len, self._people.values()))),
            unanswered=self._unanswered,
        )

    def left_over(self) -> Mapping[str, Sequence[str]]:
        """What users made and nobody removed, by its kind or the tool that made it."""
        return self._standin.left_over()

    async def expect_writing(self) -> None:
        """Nothing in here stays."""

    async def call_up(self, wanted: Mapping[str, int]) -> Mapping[str, Sequence[Person]]:
        before = self._people
        self._people, self._later = called_up(before, self._later, wanted)
        for person in new_ones(before, self._people):
            self._admit(person)
        return {name: members[len(before[name]) :] for name, members in self._people.items()}

    def _creating(self) -> str:
        return f"Creating {self.crowd.size} users in this process"

    async def _create(self) -> str:
        for person in (person for group in self._people.values() for person in group):
            self._admit(person)
        return ""

    def _admit(self, person: Person) -> None:
        self._standin.store.add_account(person.uid, "", person.display_name, person.email)
        self._credentials[person.uid] = Nobody()

    async def _compare(self) -> str:
        offered = offered_by(self._standin.toolbox)
        self._workflows = usable(self._config, self._known, offered, "the stand-in", self._say)
        return f"of {len(offered)} offered"


@asynccontextmanager
async def open_virtual(
    config: Config, emit: Emit, stop: Stop, given: Given = ALONE
) -> AsyncIterator[VirtualWorld]:
    """Raises SetupError, and RuntimeError where what is done in it does not come to its end."""
    world = VirtualWorld(config, people_of(config), catalogue(config.stories.files), emit)
    horizon_s = horizon_of(config)
    try:
        with trio.fail_after(horizon_s):  # noqa: ASYNC100 (the block is the whole run)
            yield world
    except trio.TooSlowError:
        raise RuntimeError(f"the run did not end within {horizon_s:g} virtual seconds") from None


VIRTUAL = WorldKind(CLOCK, open_virtual)


def horizon_of(config: Config) -> float:
    """After how many seconds a run counts as stuck."""
    load = config.load
    longest = max(group.profile.duration_s for group in load.groups)
    return load.warmup_s + longest + load.grace_s + SPARE_S


def check_faults(faults: Sequence[FaultSpec]) -> None:
    """Raises SetupError."""
    for fault in faults:
        if fault.kind not in OF_TOOLS:
            raise SetupError(f"--standin-fault {fault.kind.value}: there is no wire on the virtual clock")
