"""Whether the figures of a run say something of the server, or of the simulator itself."""

from __future__ import annotations

from collections.abc import Iterator

from sim.report.page import duration, several
from sim.report.result import Result
from sim.report.shards_table import skewed_start
from sim.runtime.exit import ExitCode

SATURATED = 0.8
"""Share of a core from which on the simulator itself may be what is slow."""
MAX_LATE_S = 0.05
"""More, at the 99th percentile, and what was to arrive evenly came in clumps."""
MAX_STALLED = 0.05
"""Share of the time that the simulator may stand still."""
FEW_CALLS = 200
"""Of fewer the 99th percentile is one call or two."""


def grave_doubts(result: Result) -> Iterator[str]:
    """What makes the simulator the one that was measured."""
    cpu, late = result.generator.cpu, result.generator.lateness.p99
    if cpu is not None and cpu > SATURATED:
        yield f"the simulator itself used {cpu:.0%} of a core, and may be what was slow"
    if late is not None and late > MAX_LATE_S:
        yield f"it came late to what was due, by {duration(late)} (p99)"
    if result.generator.stalls.seconds > MAX_STALLED * max(result.summary.duration, 1.0):
        yield f"the simulator itself stood still for {duration(result.generator.stalls.seconds)} in all"


def slight_doubts(result: Result) -> Iterator[str]:
    """What a reader is to know before the figures are taken for what they seem."""
    stalls = result.generator.stalls
    if result.arrivals and result.arrivals.dropped:
        share = result.arrivals.dropped / max(result.arrivals.due, 1)
        yield f"{share:.1%} of the arrivals were dropped, so there was less load than planned"
    if stalls.count and stalls.seconds <= MAX_STALLED * max(result.summary.duration, 1.0):
        yield f"the simulator stood still for {duration(stalls.seconds)}; what was under way was left out"
    if result.exit_code in (ExitCode.INTERRUPTED, ExitCode.TERMINATED, ExitCode.HUNG_UP):
        yield "the run was cut short"
    if any(each.lost for each in result.shards):
        yield "a part of the users was lost on the way"
    yield from skewed_start(result)
    if result.steered:
        yield "the load was changed by hand while it ran"
    if result.calls.successful < FEW_CALLS:
        yield f"only {several(result.calls.successful, 'operation')} succeeded: high percentiles mean little"
