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
from sim.exit import ExitCode, exit_code
from sim.live.console import LiveConsole
from sim.live.logs import logged
from sim.load.engine import Driven, Load
from sim.measure.hub import Hub, Looker, looked_on_by
from sim.measure.summary import summarize
from sim.measure.tally import Tally
from sim.measure.thresholds import Verdict
from sim.report.order import in_order
from sim.report.outcome import plain, without_success
from sim.report.publish import complain, publish
from sim.report.run_info import RunInfo
from sim.runtime.signal_source import signals_of_process
from sim.runtime.signals import keep_for_a_run
from sim.runtime.stop import Stop, StopSource
from sim.runtime.usage import usage_meter
from sim.world.base import World, kind_of, play
from sim.world.visit import Visit, visit
from workflows.catalogue import catalogue

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
        self._load: Load | None = None
        self._tally: Tally
        self._hub: Hub

    async def main(self, source: StopSource) -> ExitCode:
        """Set up, drive, clean up, report."""
        is_watched = kind_of(self._config).clock.name == "wall"
        self._tally = Tally()
        self._hub = Hub(self._tally, usage_meter() if is_watched else None)
        lookers = [self._console.follow, *([self._look_on] if self._look_on else [])]
        async with trio.open_nursery() as background, looked_on_by(self._hub, lookers):
            background.start_soon(self._hub.tick)
            if is_watched:
                background.start_soon(self._console.watch_silence)
            found = await visit(self._config, self._hub.emit, source, self._drive)
            background.cancel_scope.cancel()
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
        driven = Driven(
            crowd.people,
            crowd.credentials,
            crowd.connector,
            crowd.workflows,
            crowd.mark,
            crowd.at_once,
            is_watched=world.clock.name == "wall",
        )
        self._load = Load(self._config, driven, self._hub)
        try:
            await self._load.run(stop)
        finally:
            crowd.unanswered.update(self._load.unanswered)

    def _report(self, found: Visit) -> ExitCode:
        """The results first, then what a person reads; neither takes the other down."""
        load, config = self._load, self._config
        steps = {name: tuple(workflow.steps) for name, workflow in catalogue(config.stories.files).items()}
        summary = in_order(summarize(self._tally), steps)
        verdicts = load.watchdog.verdicts() if load is not None else ()
        broken = load is not None and load.watchdog.stopped_it
        trouble = attrs.evolve(
            found.trouble,
            failed=bool(found.problem) or not summary.calls.ok,
            violated=bool(summary.violations) and not config.stories.allow_violations,
            broken=broken or not all(verdict.held for verdict in verdicts),
            fruitless=bool(without_success(summary)),
        )
        code = exit_code(trouble)
        if load is not None and found.world is not None:
            code = publish(
                summary,
                self._info(found, found.world, load, verdicts, code),
                config.output,
                self._console.say,
            )
        elif found.cleanup.is_clean:
            self._console.say(found.cleanup.text)
        if found.problem:
            complain(found.problem)
        if load is None and not found.cleanup.is_clean:
            complain(found.cleanup.text)
        return code

    def _info(
        self, found: Visit, world: World, load: Load, verdicts: tuple[Verdict, ...], code: ExitCode
    ) -> RunInfo:
        return RunInfo(
            target=world.target,
            clock=world.clock.name,
            seed=self._config.load.seed,
            config={key: value for key, value in plain(self._config).items() if key != "output"},
            login=world.crowd.login,
            protocols=dict(load.protocols),
            users=world.crowd.size,
            stopped=found.problem or load.stopped,
            cleanup=found.cleanup.text,
            left_behind=found.cleanup.left,
            exit_code=int(code),
            began=world.began,
            generator_cpu=self._tally.generator_cpu,
            verdicts=verdicts,
            breakpoint=load.watchdog.breakpoint,
        )
