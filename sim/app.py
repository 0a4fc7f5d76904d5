"""The composition root: stop → subscribers → world → load → report.

The nesting is the order of stopping, read from the inside: executors, directors, actors, the world's
adapters and ledger, whoever looks on, stop. The report comes last.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import attrs
import trio

from actors.events import StepBegan
from sim.config.grammar.duration import format_duration
from sim.config.model import Config
from sim.exit import ExitCode
from sim.live.console import LiveConsole
from sim.live.logs import logged
from sim.live.looking_on import address_of, may_steer, outlook, planned_seconds
from sim.live.otlp.exporting import OtlpExporter, exporting
from sim.live.otlp.otlp_settings import otlp_settings
from sim.live.page.live_page import LivePage
from sim.load.engine import Engine
from sim.load.steering import ranges_of
from sim.measure.hub import Hub, Looker, looked_on_by
from sim.measure.leaves import Leaves
from sim.measure.summary import summarize
from sim.measure.tally import Tally
from sim.report.building import build_result
from sim.report.facts import RunFacts, facts_of, facts_so_far
from sim.report.history.keeping import keep_run
from sim.report.html.growing import GrowingReport, at_the_end
from sim.report.publish import complain, publish, publish_nothing
from sim.report.result import Result
from sim.runtime.clock import Clock
from sim.runtime.signal_source import signals_of_process
from sim.runtime.signals import keep_for_a_run
from sim.runtime.stop import Stop, StopSource
from sim.world.opening import kind_of
from sim.world.visit import VisitEnd, visit
from sim.world.worlds import World, play, recruit

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
    """One run and what is known of it.

    Raises UsageError where its page cannot be served at that address, and for `OTEL_` variables that cannot
    be meant.
    """

    def __init__(self, config: Config, look_on: Looker | None = None) -> None:
        self._config = config
        self._console = LiveConsole(config.output.quiet, verbose=config.output.verbose and look_on is None)
        self._lookers = [self._console.follow, *([look_on] if look_on else [])]
        self._taken = address_of(config.output)
        self._page: LivePage | None = None
        # On the virtual clock there are no sockets.
        self._otlp = otlp_settings(os.environ) if kind_of(config).clock.goes_by_itself else None
        self._exporter: OtlpExporter | None = None
        self._engine: Engine | None = None
        self._world: World | None = None
        self._tally: Tally
        self._hub: Hub

    async def main(self, source: StopSource) -> ExitCode:
        """Set up, drive, clean up, report."""
        clock, self._tally = kind_of(self._config).clock, Tally()
        self._hub = Hub(self._tally, clock.usage_meter())
        if self._taken is None:
            found, code, _ = await self._visit_and_report(clock, source)
        else:
            found, code = await self._on_a_page(LivePage(self._taken, **self._shown()), clock, source)
        for failure in self._hub.failures:
            complain(f"somebody who looked on failed, and missed the rest: {failure!r}")
        if found.bug is not None:
            raise found.bug
        return code

    def _shown(self) -> dict[str, Any]:
        """What its page shows, and what may be asked of it there."""
        load, output = self._config.load, self._config.output
        return {
            "drawing": GrowingReport(self._config, self._tally, self._facts_so_far),
            "groups": ranges_of(load.groups) if may_steer(output) else None,
            "seconds": planned_seconds(self._config),
        }

    async def _on_a_page(self, page: LivePage, clock: Clock, source: StopSource) -> tuple[VisitEnd, ExitCode]:
        """The same with a page that shows it, and is its report in the end."""
        self._page, serve_for_s = page, self._config.output.serve_for_s
        self._lookers.append(page.follow)
        self._console.say(f"Live page: {page.address}")
        async with page.open():
            found, code, result = await self._visit_and_report(clock, source)
            await page.finish(*at_the_end(result))
            if serve_for_s:
                self._console.say(f"Serving the report for {format_duration(serve_for_s)} (Ctrl-C ends that)")
                await page.serve_on(serve_for_s, source)
        return found, code

    async def _visit_and_report(
        self, clock: Clock, source: StopSource
    ) -> tuple[VisitEnd, ExitCode, Result | None]:
        async with (
            exporting(self._hub, self._otlp, complain) as self._exporter,
            trio.open_nursery() as background,
            looked_on_by(self._hub, self._lookers),
        ):
            background.start_soon(self._hub.tick)
            background.start_soon(clock.meanwhile, self._console.keep_up)
            if self._page is not None:
                background.start_soon(self._page.keep_drawn)
            found = await visit(self._config, self._hub.emit, source, self._drive)
            background.cancel_scope.cancel()
        self._console.leave()
        return found, *self._report(found)

    async def _drive(self, world: World, stop: Stop) -> None:
        emit = self._hub.emit
        played = await play(world.steps, emit, more=1)
        world.expect_writing()
        crowd, at = world.crowd, trio.current_time()
        emit(StepBegan(played + 1, played + 1, "sessions open", "Opening MCP sessions", at))
        is_watched, call_up = world.clock.goes_by_itself, partial(recruit, world)
        engine = Engine(self._config, crowd, self._hub, is_watched=is_watched, recruit=call_up)
        self._engine, self._world = engine, world
        address = self._page.address if self._page else ""
        self._console.outlook = outlook(
            self._config, world.target, address, engine.watchdog.verdicts, lambda: stop.level or 0
        )
        if self._page is not None:
            self._page.steerable = engine.steering
            self._page.figures.verdicts = engine.watchdog.verdicts
        if self._exporter is not None:
            self._exporter.figures.verdicts = engine.watchdog.verdicts
        try:
            await engine.run(stop)
        finally:
            crowd.unanswered.update(engine.unanswered)

    def _facts_so_far(self, leaves: Leaves) -> RunFacts:
        return facts_so_far(self._config, self._world, self._engine, self._tally.generator_cpu, leaves)

    def _report(self, found: VisitEnd) -> tuple[ExitCode, Result | None]:
        """The results first, then what a person reads; neither takes the other down."""
        if found.world is None or self._engine is None:
            code = publish_nothing(found.problem, found.cleanup, found.trouble, self._console.say)
            return code, None
        facts = facts_of(self._config, found.world, self._engine, self._tally.generator_cpu)
        facts = attrs.evolve(
            facts,
            stopped=found.problem or facts.stopped,
            cleanup=found.cleanup,
            problem=found.problem,
            has_bug=found.bug is not None,
            signal=found.signal,
        )
        output, result = self._config.output, build_result(self._config, summarize(self._tally), facts)
        code = publish(result, output, self._console.say)
        if output.history and (problem := keep_run(result, output.history_limit)):
            complain(problem)
        if found.problem:
            complain(found.problem)
        return code, result
