"""A whole run on the virtual clock: the same actors, director, workflows and recorder; no login, no wire."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

import trio

from actors.errors import SetupError
from actors.login.basic import Nobody
from actors.ports import Credentials, Person
from sim.config.model import Config
from sim.config.standin_options import read_standin_words
from sim.live.console import Progress
from sim.load.engine import Load
from sim.measure.recorder import Recorder
from sim.runtime.stop import Interrupt
from sim.standin.application import Standin
from sim.standin.faults import FaultSpec
from sim.standin.faults.spec import OF_TOOLS
from sim.world.http import networks_of
from sim.world.tools import usable
from sim.world.virtual.connector import InProcessConnector
from sim.world.virtual.server import ServerQueue
from workflows.base import Workflow

MARK = "virtual"
STEPS = 2
LOGIN = "nobody logs in on the virtual clock"
SPARE_S = 3600.0
"""How much longer than its parts a run may take before it counts as stuck, virtual seconds."""


class VirtualWorld:
    """The stand-in's store in this process, and the users who are known to it.

    Raises SetupError for a stand-in that makes no sense here.
    """

    def __init__(self, config: Config, recorder: Recorder, progress: Progress) -> None:
        self._config = config
        self._recorder = recorder
        self._progress = progress
        options = read_standin_words(config.standin_options)
        check_faults(options.faults)
        server = ServerQueue(config.server_model)
        self._standin = Standin(options, now=trio.current_time, pause=server.pause)
        load = config.load
        networks = networks_of(config)
        self._connector = InProcessConnector(self._standin, server, networks, load.call_timeout_s, load.seed)

    async def play(
        self,
        people: Mapping[str, Sequence[Person]],
        workflows: Mapping[str, Workflow],
        interrupt: Interrupt,
        begin: Callable[[Load], None],
    ) -> None:
        """Create the users, and run the load. `begin` is told the load before it starts.

        Raises SetupError, and RuntimeError where the run does not come to its end.
        """
        credentials: dict[str, Credentials] = {}
        for person in (person for group in people.values() for person in group):
            self._standin.store.add_account(person.uid, "", person.display_name, person.email)
            credentials[person.uid] = Nobody()
        offered = frozenset(self._standin.toolbox.tools)
        chosen = usable(self._config, workflows, offered, "the stand-in", self._progress.say)
        load = Load(self._config, self._connector, self._recorder, chosen, MARK, is_virtual=True)
        begin(load)
        horizon_s = self._horizon_s()
        try:
            with trio.fail_after(horizon_s):
                await load.run(self, people, credentials, interrupt, self._progress)
        except trio.TooSlowError:
            raise RuntimeError(f"the run did not end within {horizon_s:g} virtual seconds") from None

    async def open_sessions(self, at_first: int, fill: Callable[..., Awaitable[None]]) -> None:
        """Everybody's session at once: nothing here has to be spared."""
        self._progress.step(1, STEPS, f"Opening {at_first} sessions in this process")
        await fill(trio.CapacityLimiter(max(1, at_first)), lambda: None)

    def announce_load(self) -> None:
        self._progress.step(2, STEPS, "Running on the virtual clock")

    def _horizon_s(self) -> float:
        load = self._config.load
        longest = max(group.profile.duration_s for group in load.groups)
        return load.warmup_s + longest + load.grace_s + SPARE_S


def check_faults(faults: Sequence[FaultSpec]) -> None:
    for fault in faults:
        if fault.kind not in OF_TOOLS:
            raise SetupError(f"--standin-fault {fault.kind.value}: there is no wire on the virtual clock")
