"""The composition root: stop → subscribers → world → load → report.

The nesting is the order of stopping, read from the inside: executors, directors, actors, the world's
adapters and ledger, whoever looks on, stop. The report comes last.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import attrs
import trio

from actors.events import Event, Record, StepBegan
from sim.config.model import Config
from sim.exit import ExitCode, exit_code
from sim.live.console import Progress
from sim.live.logs import logged
from sim.load.engine import Load
from sim.measure.recorder import Recorder
from sim.measure.summary import summarize
from sim.report.build import RunFacts, build_result
from sim.report.publish import complain, publish
from sim.runtime.signal_source import signals_of_process
from sim.runtime.signals import keep_for_a_run
from sim.runtime.stop import Stop, StopSource
from sim.world.base import World, kind_of, play
from sim.world.visit import Visit, visit

Main = Callable[[StopSource], Awaitable[ExitCode]]


def run(config: Config, watch: Record | None = None) -> ExitCode:
    """One run, from its checks to its report. Bugs raise; everything expected is an exit code."""
    return carry_out(Run(config, watch).main, config)


def carry_out(main: Main, config: Config) -> ExitCode:
    """`main` on the clock that it is for; it takes over the signals of the process."""
    with keep_for_a_run() as outside, logged(config.output.verbose):
        source = signals_of_process(outside.take)
        return kind_of(config).clock.run(partial(main, source), config.load.seed)


class Run:
    """One run and what is known of it."""

    def __init__(self, config: Config, watch: Record | None = None) -> None:
        self._config = config
        self._console = Progress(config.output.quiet)
        self._watch = watch or (self._console.log if config.output.verbose else None)
        self._load: Load | None = None
        self._recorder: Recorder

    async def main(self, source: StopSource) -> ExitCode:
        """Set up, drive, clean up, report."""
        self._recorder = Recorder(self._watch)
        async with trio.open_nursery() as nursery:
            if kind_of(self._config).clock.name == "wall":
                nursery.start_soon(self._console.watch_silence)
            found = await visit(self._config, self._emit, source, self._drive)
            nursery.cancel_scope.cancel()
        code = self._report(found)
        if found.bug is not None:
            raise found.bug
        return code

    def _emit(self, event: Event) -> None:
        self._console.take(event)
        self._recorder.take(event)

    async def _drive(self, world: World, stop: Stop) -> None:
        played = await play(world.steps, self._emit, more=2)
        world.expect_writing()
        crowd = world.crowd
        at = trio.current_time()
        self._emit(StepBegan(played + 1, played + 2, "sessions open", "Opening MCP sessions", at))
        self._load = Load(
            self._config,
            crowd.connector,
            self._recorder,
            crowd.workflows,
            crowd.mark,
            is_virtual=self._config.target.virtual,
        )
        try:
            await self._load.run(crowd.at_once, crowd.people, crowd.credentials, stop, self._console)
        finally:
            crowd.unanswered.update(self._load.unanswered)

    def _report(self, found: Visit) -> ExitCode:
        """The results first, then what a person reads; neither takes the other down."""
        if found.world is None or self._load is None:
            return tell_without_result(found, self._console.say)
        facts = facts_of(found, found.world, self._load, self._config)
        result = build_result(self._config, summarize(self._recorder), facts)
        code = publish(result, self._config.output, self._console.say)
        if found.problem:
            complain(found.problem)
        return code


def tell_without_result(found: Visit, say: Callable[[str], None]) -> ExitCode:
    """A run without a load has no figures to show: say why, and what it left."""
    if found.cleanup.is_clean:
        say(found.cleanup.text)
    if found.problem:
        complain(found.problem)
    if not found.cleanup.is_clean:
        complain(found.cleanup.text)
    return exit_code(attrs.evolve(found.trouble, failed=True))


def facts_of(found: Visit, world: World, load: Load, config: Config) -> RunFacts:
    """What is known of a run beside its figures."""
    crowd = world.crowd
    return RunFacts(
        target=world.target,
        clock=world.clock.name,
        login=crowd.login,
        users=crowd.size,
        stopped=found.problem or load.stopped,
        cleanup=found.cleanup,
        protocols=dict(load.protocols),
        steps={name: tuple(workflow.steps) for name, workflow in crowd.workflows.items()},
        began=world.began,
        run_id=crowd.mark,
        command=config.output.command,
        generator_cpu=load.generator_cpu,
        verdicts=load.limits.verdicts(),
        breakpoint=load.limits.breakpoint,
        was_broken=load.limits.stopped_it,
        problem=found.problem,
        has_bug=found.bug is not None,
        signal=found.signal,
    )
