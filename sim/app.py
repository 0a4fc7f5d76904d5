"""The composition root: stop → subscribers → world → load → report.

The nesting is the order of stopping, read from the inside: executors, directors, actors, the world's
adapters and ledger, whoever looks on, stop. The report comes last.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from ipaddress import ip_address
from socket import socket

import trio

from actors.events import Phase, StepBegan
from sim.config.grammar.duration import format_duration
from sim.config.grammar.shapes import OpenProfile
from sim.config.model import Config, Output
from sim.config.usage import UsageError
from sim.exit import ExitCode
from sim.live.console import LiveConsole
from sim.live.logs import logged
from sim.live.nearness import limit_of
from sim.live.page.live_page import LivePage
from sim.live.page.serving import CannotListen, listen
from sim.live.run_course import Outlook
from sim.load.engine import Engine
from sim.load.steering import ranges_of
from sim.measure.hub import Hub, Looker, looked_on_by
from sim.measure.leaves import Leaves
from sim.measure.summary import summarize
from sim.measure.tally import Tally
from sim.report.building import RunFacts, build_result
from sim.report.history.keeping import keep_run
from sim.report.html.growing import GrowingReport, picture
from sim.report.html.html_report import html_report
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
    """One run and what is known of it. Raises UsageError where its page cannot be served at that address."""

    def __init__(self, config: Config, look_on: Looker | None = None) -> None:
        self._config = config
        self._console = LiveConsole(config.output.quiet, verbose=config.output.verbose and look_on is None)
        self._look_on = look_on
        self._taken = address_of(config.output) if config.output.has_page else None
        self._page: LivePage | None = None
        self._engine: Engine | None = None
        self._world: World | None = None
        self._result: Result | None = None
        self._tally: Tally
        self._hub: Hub

    async def main(self, source: StopSource) -> ExitCode:
        """Set up, drive, clean up, report."""
        clock, self._tally = kind_of(self._config).clock, Tally()
        self._hub = Hub(self._tally, clock.usage_meter())
        async with self._open_page():
            found = await self._look_on_and_visit(clock, source)
            self._console.leave()
            code = self._report(found)
            await self._finish_page(source)
        for failure in self._hub.failures:
            complain(f"somebody who looked on failed, and missed the rest: {failure!r}")
        if found.bug is not None:
            raise found.bug
        return code

    async def _look_on_and_visit(self, clock: Clock, source: StopSource) -> VisitEnd:
        lookers = [self._console.follow, *([self._look_on] if self._look_on else [])]
        lookers += [self._page.follow] if self._page else []
        async with trio.open_nursery() as background, looked_on_by(self._hub, lookers):
            background.start_soon(self._hub.tick)
            background.start_soon(clock.meanwhile, self._console.keep_up)
            if self._page is not None:
                background.start_soon(self._page.keep_drawn)
            found = await visit(self._config, self._hub.emit, source, self._drive)
            background.cancel_scope.cancel()
        return found

    @asynccontextmanager
    async def _open_page(self) -> AsyncIterator[None]:
        if self._taken is None:
            yield
            return
        output, drawing = self._config.output, GrowingReport(self._so_far, self._tally.started)
        groups = ranges_of(self._config.load.groups) if ip_address(output.live_host).is_loopback else None
        self._page = LivePage(self._taken, drawing, groups=groups, seconds=planned_seconds(self._config))
        self._console.say(f"Live page: {self._page.address}")
        async with self._page.open():
            yield

    async def _finish_page(self, source: StopSource) -> None:
        if self._page is None:
            return
        if self._result is None:
            await self._page.finish("it could not begin")
        else:
            html, whole = html_report(self._result), picture(self._result)
            await self._page.finish(f"exit code {self._result.exit_code}", html, whole)
        if serve_for_s := self._config.output.serve_for_s:
            self._console.say(f"Serving the report for {format_duration(serve_for_s)} (Ctrl-C ends that)")
            async with source(stop := Stop(lambda event: None)):
                with trio.move_on_after(serve_for_s):
                    await stop.stopping.wait()

    def _so_far(self) -> Result | None:
        """The document as far as the run has come, for another thread; None: it has changed meanwhile."""
        engine, world, changes = self._engine, self._world, self._tally.changes
        try:
            leaves = self._tally.as_of_window()
            facts = facts_so_far(world, engine, self._tally, leaves, self._config)
            result = build_result(self._config, summarize(self._tally, leaves), facts)
        except RuntimeError:
            # A table of figures grew while it was read: they belong to the run's own thread.
            if self._tally.changes == changes:
                raise
            return None
        return result if self._tally.changes == changes else None

    async def _drive(self, world: World, stop: Stop) -> None:
        emit = self._hub.emit
        played = await play(world.steps, emit, more=1)
        world.expect_writing()
        crowd, at = world.crowd, trio.current_time()
        emit(StepBegan(played + 1, played + 1, "sessions open", "Opening MCP sessions", at))
        self._engine = Engine(
            self._config,
            crowd,
            self._hub,
            is_watched=world.clock.goes_by_itself,
            recruit=partial(recruit, world),
        )
        self._world = world
        address = self._page.address if self._page else ""
        self._console.outlook = outlook(self._config, world, self._engine, stop, address)
        if self._page is not None:
            self._page.steerable = self._engine.steering
        try:
            await self._engine.run(stop)
        finally:
            crowd.unanswered.update(self._engine.unanswered)

    def _report(self, found: VisitEnd) -> ExitCode:
        """The results first, then what a person reads; neither takes the other down."""
        if found.world is None or self._engine is None:
            return publish_nothing(found.problem, found.cleanup, found.trouble, self._console.say)
        facts = facts_of(found, found.world, self._engine, self._tally, self._config)
        self._result = build_result(self._config, summarize(self._tally), facts)
        output = self._config.output
        code = publish(self._result, output, self._console.say)
        if output.history and (problem := keep_run(self._result, output.history_limit)):
            complain(problem)
        if found.problem:
            complain(found.problem)
        return code


def address_of(output: Output) -> socket:
    """Takes the address of a page. Raises UsageError."""
    try:
        return listen(output.live_host, output.live_port or 0)
    except CannotListen as error:
        raise UsageError(f"--live-port: {output.live_host}:{output.live_port or 0}: {error}") from None


def planned_seconds(config: Config) -> dict[Phase, float]:
    """How long each phase is to last at most."""
    return {
        Phase.WARMUP: config.load.warmup_s,
        Phase.MEASURED: max(group.profile.duration_s for group in config.load.groups),
        Phase.GRACE: config.load.grace_s,
    }


def outlook(config: Config, world: World, engine: Engine, stop: Stop, address: str) -> Outlook:
    """What is asked of the run, for who looks on."""
    return Outlook(
        target=world.target,
        seed=config.load.seed,
        seconds=planned_seconds(config),
        is_open=all(isinstance(group.profile, OpenProfile) for group in config.load.groups),
        address=address,
        limits=lambda: [limit_of(verdict) for verdict in engine.watchdog.verdicts()],
        signals=lambda: stop.level or 0,
    )


def facts_so_far(
    world: World | None, engine: Engine | None, tally: Tally, leaves: Leaves, config: Config
) -> RunFacts:
    """The same of a run that goes on."""
    crowd = world.crowd if world is not None else None
    return RunFacts(
        target=world.target if world is not None else "being set up",
        clock="wall",
        login=crowd.login if crowd else "",
        users=crowd.size if crowd else config.users.count,
        stopped="it still goes on",
        cleanup=VisitEnd().cleanup,
        steps={name: tuple(each.steps) for name, each in crowd.workflows.items()} if crowd else {},
        began=world.began if world is not None else "",
        run_id=crowd.mark if crowd else "",
        command=config.output.command,
        generator_cpu=tally.generator_cpu,
        verdicts=engine.watchdog.verdicts(leaves) if engine is not None else (),
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
        capacity=engine.capacity,
        was_broken=engine.watchdog.stopped_it,
        problem=found.problem,
        has_bug=found.bug is not None,
        signal=found.signal,
    )
