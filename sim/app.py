"""The composition root: stop → subscribers → world → load → report.

The nesting is the order of stopping, read from the inside: executors, directors, actors, the world's
adapters and ledger, whoever looks on, stop. The report comes last.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import trio

from actors.events import Phase, StepBegan
from sim.config.grammar.shapes import OpenProfile
from sim.config.model import Config
from sim.exit import ExitCode
from sim.live.console import LiveConsole
from sim.live.logs import logged
from sim.live.nearness import limit_of
from sim.live.run_course import Outlook
from sim.load.engine import Engine
from sim.measure.hub import Hub, Looker, looked_on_by
from sim.measure.summary import summarize
from sim.measure.tally import Tally
from sim.report.building import RunFacts, build_result
from sim.report.publish import complain, publish, publish_nothing
from sim.runtime.signal_source import signals_of_process
from sim.runtime.signals import keep_for_a_run
from sim.runtime.stop import Stop, StopSource
from sim.world.opening import kind_of
from sim.world.visit import VisitEnd, visit
from sim.world.worlds import World, play

Main = Callable[[StopSource], Awaitable[ExitCode]]


def run(config: Config, look_on: Looker | None = None) -> ExitCode:
    """One run, from its checks to its report. Bugs raise; everything expected is an exit code.

    Args:
        look_on: told every event beside the console.
    """
    return carry_out(Run(config, look_on).main, config)


def carry_out(main: Main, config: Config) -> ExitCode:
    """`main` on the clock that it is for; it takes over the signals of the process."""
    with keep_for_a_run() as outside, logged(config.output.verbose):
        source = signals_of_process(outside.take)
        return kind_of(config).clock.run(partial(main, source), config.load.seed)


class Run:
    """One run and what is known of it."""

    def __init__(self, config: Config, look_on: Looker | None = None) -> None:
        self._config = config
        self._console = LiveConsole(config.output.quiet, verbose=config.output.verbose and look_on is None)
        self._look_on = look_on
        self._engine: Engine | None = None
        self._tally: Tally
        self._hub: Hub

    async def main(self, source: StopSource) -> ExitCode:
        """Set up, drive, clean up, report."""
        clock, self._tally = kind_of(self._config).clock, Tally()
        self._hub = Hub(self._tally, clock.usage_meter())
        lookers = [self._console.follow, *([self._look_on] if self._look_on else [])]
        async with trio.open_nursery() as background, looked_on_by(self._hub, lookers):
            background.start_soon(self._hub.tick)
            background.start_soon(clock.meanwhile, self._console.keep_up)
            found = await visit(self._config, self._hub.emit, source, self._drive)
            background.cancel_scope.cancel()
        self._console.leave()
        code = self._report(found)
        for failure in self._hub.failures:
            complain(f"somebody who looked on failed, and missed the rest: {failure!r}")
        if found.bug is not None:
            raise found.bug
        return code

    async def _drive(self, world: World, stop: Stop) -> None:
        emit = self._hub.emit
        played = await play(world.steps, emit, more=1)
        world.expect_writing()
        crowd, at = world.crowd, trio.current_time()
        emit(StepBegan(played + 1, played + 1, "sessions open", "Opening MCP sessions", at))
        self._engine = Engine(self._config, crowd, self._hub, is_watched=world.clock.goes_by_itself)
        self._console.outlook = outlook(self._config, world, self._engine, stop)
        try:
            await self._engine.run(stop)
        finally:
            crowd.unanswered.update(self._engine.unanswered)

    def _report(self, found: VisitEnd) -> ExitCode:
        """The results first, then what a person reads; neither takes the other down."""
        if found.world is None or self._engine is None:
            return publish_nothing(found.problem, found.cleanup, found.trouble, self._console.say)
        facts = facts_of(found, found.world, self._engine, self._tally, self._config)
        result = build_result(self._config, summarize(self._tally), facts)
        code = publish(result, self._config.output, self._console.say)
        if found.problem:
            complain(found.problem)
        return code


def outlook(config: Config, world: World, engine: Engine, stop: Stop) -> Outlook:
    """What is asked of the run, for who looks on."""
    groups = config.load.groups
    seconds = {
        Phase.WARMUP: config.load.warmup_s,
        Phase.MEASURED: max(group.profile.duration_s for group in groups),
        Phase.GRACE: config.load.grace_s,
    }
    return Outlook(
        target=world.target,
        seed=config.load.seed,
        seconds=seconds,
        is_open=all(isinstance(group.profile, OpenProfile) for group in groups),
        limits=lambda: [limit_of(verdict) for verdict in engine.watchdog.verdicts()],
        signals=lambda: stop.level or 0,
    )


def facts_of(found: VisitEnd, world: World, engine: Engine, tally: Tally, config: Config) -> RunFacts:
    """What is known of a run beside its figures."""
    crowd = world.crowd
    return RunFacts(
        target=world.target,
        clock=world.clock.name,
        login=crowd.login,
        users=crowd.size,
        stopped=found.problem or engine.stopped,
        cleanup=found.cleanup,
        protocols=dict(engine.protocols),
        steps={name: tuple(workflow.steps) for name, workflow in crowd.workflows.items()},
        began=world.began,
        run_id=crowd.mark,
        command=config.output.command,
        generator_cpu=tally.generator_cpu,
        verdicts=engine.watchdog.verdicts(),
        breakpoint=engine.watchdog.breakpoint,
        was_broken=engine.watchdog.stopped_it,
        problem=found.problem,
        has_bug=found.bug is not None,
        signal=found.signal,
    )
