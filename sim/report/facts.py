"""What a report wants to know of a run beside its figures, and of whom: the world, and the load."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import attrs

from sim.clean.end import CleanupEnd
from sim.config.model import Config
from sim.measure.curve import CapacityAnswer
from sim.measure.leaves import Leaves
from sim.measure.thresholds import Verdict
from sim.report.result_shards import ShardResult


class FoundBreakpoint(Protocol):
    """What a search for the rate that holds has found; its text says all of it."""

    held: float | None
    broke: float | None
    by: tuple[str, ...]
    silent: tuple[str, ...]
    succeeded: float | None
    note: str


@attrs.frozen
class RunFacts:
    """What is known of a run beside its figures.

    Attributes:
        target: what was driven, in words; names the built-in stand-in where it was that.
        clock: `wall` or `virtual`.
        login: how users logged in, and why so.
        protocols: negotiated MCP protocol versions, with the number of users.
        users: how many took part.
        stopped: why it ended, in words.
        cleanup: what became of what was created.
        steps: names of each workflow's steps, in the order of the story; `{i}` stands for a number.
        began: wall-clock time of the start (ISO 8601, UTC); "" on the virtual clock.
        run_id: the mark that everything created by it bears; "" where nothing was.
        command: the words that repeat it.
        generator_cpu: share of one core that this process used while measuring; None: not known.
        generator_rss: its memory at most, bytes; None: not known.
        verdicts: the thresholds, and what was measured against them.
        breakpoint: what a search for the rate that holds has found; None where the run was none.
        capacity: what a search for capacity has found; None where the run was none.
        was_broken: whether a threshold stopped the run.
        problem: why it could not begin, "" when it could.
        has_bug: whether something nobody expected ended it.
        signal: the one that ended it.
        shards: the processes that drove it together; () where there was one alone.
        lost_users: those of whom nothing is known, since their shard was lost, and why; by user id.
    """

    target: str
    clock: str
    login: str
    users: int
    stopped: str
    cleanup: CleanupEnd
    protocols: Mapping[str, int] = attrs.Factory(dict)
    steps: Mapping[str, Sequence[str]] = attrs.Factory(dict)
    began: str = ""
    run_id: str = ""
    command: tuple[str, ...] = ()
    generator_cpu: float | None = None
    generator_rss: int | None = None
    verdicts: tuple[Verdict, ...] = ()
    breakpoint: FoundBreakpoint | None = None
    capacity: CapacityAnswer | None = None
    was_broken: bool = False
    problem: str = ""
    has_bug: bool = False
    signal: signal.Signals | None = None
    shards: tuple[ShardResult, ...] = ()
    lost_users: Mapping[str, str] = attrs.Factory(dict)


class ToldClock(Protocol):
    """A clock, as far as it is told of."""

    @property
    def name(self) -> str: ...


class ToldStory(Protocol):
    """A workflow, as far as it is told of."""

    @property
    def steps(self) -> Iterable[str]: ...


class ToldCrowd(Protocol):
    """Who was driven."""

    @property
    def login(self) -> str: ...

    @property
    def size(self) -> int: ...

    @property
    def mark(self) -> str: ...

    @property
    def workflows(self) -> Mapping[str, ToldStory]: ...


class ToldWorld(Protocol):
    """Where they lived."""

    @property
    def target(self) -> str: ...

    @property
    def clock(self) -> ToldClock: ...

    @property
    def began(self) -> str: ...

    @property
    def crowd(self) -> ToldCrowd: ...


class Judging(Protocol):
    """Who watched over the thresholds."""

    @property
    def breakpoint(self) -> FoundBreakpoint | None: ...

    @property
    def stopped_it(self) -> bool: ...

    def verdicts(self, leaves: Leaves | None = None) -> tuple[Verdict, ...]: ...


class ToldLoad(Protocol):
    """What was asked of the server."""

    @property
    def stopped(self) -> str: ...

    @property
    def protocols(self) -> Mapping[str, int]: ...

    @property
    def watchdog(self) -> Judging: ...

    @property
    def capacity(self) -> CapacityAnswer | None: ...


def facts_of(config: Config, world: ToldWorld, load: ToldLoad, cpu: float | None) -> RunFacts:
    """Of a load that is over; how the run itself ended is for its composer to add. `cpu`: share of a core."""
    so_far = facts_so_far(config, world, load, cpu)
    watchdog = load.watchdog
    return attrs.evolve(
        so_far,
        clock=world.clock.name,
        stopped=load.stopped,
        protocols=dict(load.protocols),
        verdicts=watchdog.verdicts(),
        breakpoint=watchdog.breakpoint,
        capacity=load.capacity,
        was_broken=watchdog.stopped_it,
    )


def facts_so_far(
    config: Config,
    world: ToldWorld | None,
    load: ToldLoad | None,
    cpu: float | None,
    leaves: Leaves | None = None,
) -> RunFacts:
    """Of a run that goes on, or has not begun. `leaves`: those that thresholds are held against."""
    crowd = world.crowd if world is not None else None
    return RunFacts(
        target=world.target if world is not None else "being set up",
        clock="wall",
        login=crowd.login if crowd else "",
        users=crowd.size if crowd else config.users.count,
        stopped="it still goes on",
        cleanup=CleanupEnd(),
        steps={name: tuple(each.steps) for name, each in crowd.workflows.items()} if crowd else {},
        began=world.began if world is not None else "",
        run_id=crowd.mark if crowd else "",
        command=config.output.command,
        generator_cpu=cpu,
        verdicts=load.watchdog.verdicts(leaves) if load is not None and leaves is not None else (),
    )
