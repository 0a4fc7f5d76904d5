"""The composition root: stop → subscribers → world → load → report.

The nesting is the order of stopping, read from the inside: executors, directors, actors, the world's
adapters and ledger, whoever looks on, stop. The report comes last.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import attrs
import trio

from actors.events import StepBegan
from sim.config.model import Config
from sim.config.usage import UsageError
from sim.live.logs import logged
from sim.live.onlookers import Onlookers
from sim.load.engine import Engine, begin_at_once
from sim.load.steering import ranges_of
from sim.measure.hub import Hub, Looker
from sim.measure.leaves import Leaves
from sim.measure.summary import summarize
from sim.measure.tally import Tally
from sim.report.building import build_result
from sim.report.facts import RunFacts, facts_of, facts_so_far
from sim.report.history.keeping import keep_run
from sim.report.html.growing import GrowingReport, at_the_end
from sim.report.publish import complain, publish, publish_nothing
from sim.report.result import Result
from sim.runtime.exit import ExitCode
from sim.runtime.signal_source import signals_of_process
from sim.runtime.signals import keep_for_a_run
from sim.runtime.stop import Stop, StopSource
from sim.world.opening import kind_of
from sim.world.visit import VisitEnd, visit
from sim.world.worlds import World, play, recruit

Main = Callable[[StopSource], Awaitable[ExitCode]]
Look = Callable[[World], None]


def run(config: Config, look_on: Looker | None = None, at_end: Look = lambda world: None) -> ExitCode:
    """One run, from its checks to its report. Bugs raise; everything expected is an exit code.

    Args:
        look_on: told what they want, beside the console.
        at_end: shown the world when the load is over, before anything is removed.

    Raises UsageError where several processes are asked for: see `sim.app.in_shards`.
    """
    if config.load.shards != 1 or config.load.cluster is not None:
        switch = "--cluster" if config.load.cluster is not None else "--shards"
        raise UsageError(f"{switch}: this is done by one process; leave it out")
    return carry_out(Run(config, look_on, at_end).main, config)


def carry_out(main: Main, config: Config) -> ExitCode:
    """`main` on the clock that it is for; it takes over the signals of the process."""
    with keep_for_a_run() as outside, logged(config.output.verbose):
        source = signals_of_process(outside.take)
        return kind_of(config).clock.run(partial(main, source), config.load.seed)


class Drive:
    """Brings a crowd up in a world, and drives a load with it; `act` is for a `visit`.

    Args:
        begins: told when the crowd has been brought up.
        ends: shown the world when the load is over, before anything is removed.
        gate: awaited when all are on stage who are there from the beginning; the load begins when it returns.

    Attributes:
        world, engine: None until the crowd has been brought up.
    """

    def __init__(
        self,
        config: Config,
        hub: Hub,
        begins: Callable[[World, Engine, Stop], None] = lambda world, engine, stop: None,
        ends: Look = lambda world: None,
        gate: Callable[[], Awaitable[None]] = begin_at_once,
    ) -> None:
        self._config = config
        self._hub = hub
        self._begins = begins
        self._ends = ends
        self._gate = gate
        self.world: World | None = None
        self.engine: Engine | None = None

    async def act(self, world: World, stop: Stop) -> None:
        """Raises SetupError. Cancelled, what was sent comes to its answer under the stop's shelter."""
        emit, hub = self._hub.emit, self._hub
        played = await play(world.steps, emit, more=1)
        await world.expect_writing()
        emit(StepBegan(played + 1, played + 1, "sessions open", "Opening MCP sessions", trio.current_time()))
        crowd, call_up = world.crowd, partial(recruit, world)
        is_watched = world.clock.goes_by_itself
        engine = Engine(self._config, crowd, hub, is_watched=is_watched, recruit=call_up, gate=self._gate)
        self.world, self.engine = world, engine
        self._begins(world, engine, stop)
        try:
            await engine.run(stop)
        finally:
            crowd.unanswered.update(engine.unanswered)
        self._ends(world)


class Run:
    """One run and what is known of it. Raises UsageError, as `Onlookers` does."""

    def __init__(
        self, config: Config, look_on: Looker | None = None, at_end: Look = lambda world: None
    ) -> None:
        self._config = config
        self._clock = kind_of(config).clock
        self._onlookers = Onlookers(config, self._clock, complain, look_on)
        self._at_end = at_end
        self._say = self._onlookers.console.say
        self._tally: Tally
        self._drive: Drive

    async def main(self, source: StopSource) -> ExitCode:
        """Set up, drive, clean up, report."""
        self._tally = Tally()
        hub = Hub(self._tally, self._clock.usage_meter())
        self._drive = Drive(self._config, hub, self._load_begins, self._at_end)
        drawing = GrowingReport(self._config, self._tally, self._facts_so_far)
        async with self._onlookers.page(drawing, ranges_of(self._config.load.groups)):
            async with self._onlookers.looking_on(hub):
                found = await visit(self._config, hub.emit, source, self._drive.act)
            code, result = self._report(found)
            await self._onlookers.finish(partial(at_the_end, result), source)
        for failure in hub.failures:
            complain(f"somebody who looked on failed, and missed the rest: {failure!r}")
        if found.bug is not None:
            raise found.bug
        return code

    def _load_begins(self, world: World, engine: Engine, stop: Stop) -> None:
        self._onlookers.load_begins(world.target, engine.watchdog.verdicts, engine.steering, stop)

    def _facts_so_far(self, leaves: Leaves) -> RunFacts:
        drive, cpu = self._drive, self._tally.generator_cpu
        return facts_so_far(self._config, drive.world, drive.engine, cpu, leaves)

    def _report(self, found: VisitEnd) -> tuple[ExitCode, Result | None]:
        """The results first, then what a person reads; neither takes the other down."""
        engine = self._drive.engine
        if found.world is None or engine is None:
            return publish_nothing(found.problem, found.cleanup, found.trouble, self._say), None
        facts = with_end(facts_of(self._config, found.world, engine, self._tally.generator_cpu), found)
        result = build_result(self._config, summarize(self._tally), facts)
        return say_all(self._config, result, found.problem, self._say), result


def with_end(facts: RunFacts, found: VisitEnd) -> RunFacts:
    """What is known of a run, with how it ended and what was removed."""
    return attrs.evolve(
        facts,
        stopped=found.problem or facts.stopped,
        cleanup=found.cleanup,
        problem=found.problem,
        has_bug=found.bug is not None,
        signal=found.signal,
    )


def say_all(config: Config, result: Result, problem: str, say: Callable[[str], None]) -> ExitCode:
    """Write and show the result, keep it, and say what ended the run early. Gives the exit code."""
    output = config.output
    code = publish(result, output, say)
    if output.history and (trouble := keep_run(result, output.history_limit)):
        complain(trouble)
    if problem:
        complain(problem)
    return code
