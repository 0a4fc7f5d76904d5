"""What can be compared of runs, by name: `calls.p95`, `throughput`, `note_share.mean`."""

from __future__ import annotations

import enum
import math
import re
from collections.abc import Callable, Iterable, Sequence

import attrs

from sim.measure.points import Points
from sim.measure.sketch import Sketch
from sim.report.result import Result
from sim.report.result_figures import SketchPoints

GATES = ("calls.p50", "calls.p95", "throughput", "errors", "propagation.p95")
"""What decides, where nothing else is said."""
MAX_GATES = 5
INFORMING = ("calls.mean", "calls.p99", "response.p95")
"""What is told besides, with the p95 of each workflow."""
SMALLEST_TIME_S = 0.001
SMALLEST_SHARE = 0.001
TINY = 1e-6
"""Times and rates below this are taken for it: a logarithm has no zero."""
_OF_TIMES = re.compile(r"(?P<subject>.+)\.(?P<of>mean|p(?P<percent>[0-9]{1,2}(?:\.[0-9]{1,3})?))")


class GaugeKind(enum.StrEnum):
    """How values are made additive, and which way is worse."""

    TIME = "s"
    """Seconds; by their logarithm; more is worse."""
    RATE = "/s"
    """A second; by its logarithm; less is worse."""
    SHARE = "share"
    """0..1; by its logit; more is worse."""


@attrs.frozen
class GaugeReading:
    """What one run says.

    Attributes:
        value: in the unit of its kind.
        count: how many samples it stands on; of a share, of how many.
    """

    value: float
    count: int


@attrs.frozen
class Gauge:
    """Something that is compared.

    Attributes:
        smallest: the relative change that is worth telling.
        read: None where a run has not measured it.
        min_count: samples that it takes to say anything.
    """

    name: str
    kind: GaugeKind
    smallest: float
    read: Callable[[Result], GaugeReading | None]
    min_count: int = 1

    def additive(self, reading: GaugeReading) -> float:
        """Its value on the scale on which shifts are added."""
        if self.kind is GaugeKind.SHARE:
            return logit((reading.value * reading.count + 0.5) / (reading.count + 1))
        return math.log(max(TINY, reading.value))


def logit(share: float) -> float:
    """Of 0 < share < 1."""
    return math.log(share / (1 - share))


def share_of(value: float) -> float:
    """The inverse of `logit`."""
    return 1 / (1 + math.exp(-value)) if value > -700 else 0.0


def gauge(name: str) -> Gauge:
    """The gauge of this name. Raises ValueError, whose text says what there is."""
    if name == "throughput":
        return Gauge(name, GaugeKind.RATE, 0.05, _throughput)
    if name == "errors":
        return Gauge(name, GaugeKind.SHARE, 0.2, _errors, min_count=20)
    match = _OF_TIMES.fullmatch(name)
    if match is None:
        raise ValueError(
            f"no metric {name!r} (there are throughput, errors, and calls, response, propagation, a "
            "workflow, WORKFLOW.STEP or a tool with .p50, .p95, .mean)"
        )
    subject, percent = match["subject"], match["percent"]
    if percent is None:
        return Gauge(name, GaugeKind.TIME, 0.05, lambda result: _mean(sketch_of(result, subject)))
    q = float(percent) / 100
    if not 0 < q < 1:
        raise ValueError(f"no metric {name!r}: a percentile is above 0 and below 100")
    return Gauge(
        name,
        GaugeKind.TIME,
        0.05 if q <= 0.5 else 0.1 if q <= 0.95 else 0.2,
        lambda result: _quantile(sketch_of(result, subject), q),
        min_count=math.ceil(10 / (1 - q) - 1e-6),
    )


def gates(names: Sequence[str]) -> list[Gauge]:
    """Those that decide. Raises ValueError."""
    if len(set(names)) > MAX_GATES:
        raise ValueError(f"more than {MAX_GATES} deciding metrics: each one more makes all of them blinder")
    return [gauge(name) for name in dict.fromkeys(names)]


def informing(results: Iterable[Result], deciding: Sequence[Gauge]) -> list[Gauge]:
    """All others that are told."""
    stories = {name for result in results for name in result.sketches.executions}
    names = [*INFORMING, *(f"{name}.p95" for name in sorted(stories))]
    taken = {each.name for each in deciding}
    return [gauge(name) for name in (*GATES, *names) if name not in taken]


def sketch_of(result: Result, subject: str) -> Sketch:
    """The distribution that a name stands for; an empty one where there is none."""
    kept = result.sketches
    if subject == "propagation":
        spans = (points for name, points in kept.propagation.items() if name.endswith(".propagation"))
        return Sketch.merged(sketch(points) for points in spans)
    if subject in ("calls", "response"):
        return sketch(kept.calls.service if subject == "calls" else kept.calls.response)
    for table in (kept.executions, kept.steps, kept.tools):
        if subject in table:
            due = table[subject].response
            return sketch(due if due.count and table is kept.executions else table[subject].service)
    return Sketch()


def sketch(points: SketchPoints) -> Sketch:
    """As it was when the run ended."""
    kept = Points(points.means, points.weights)
    return Sketch.of_points(kept, points.min or 0.0, points.max or 0.0, points.sum)


def _quantile(times: Sketch, q: float) -> GaugeReading | None:
    value = times.quantile(q)
    return None if value is None else GaugeReading(value, times.count)


def _mean(times: Sketch) -> GaugeReading | None:
    return None if times.mean is None else GaugeReading(times.mean, times.count)


def _throughput(result: Result) -> GaugeReading | None:
    answered = result.answered_per_s
    return None if answered is None else GaugeReading(answered, result.calls.answered)


def _errors(result: Result) -> GaugeReading | None:
    """As limits have it: failed ones of all that were brought to an end."""
    ended = result.calls.total - result.calls.interrupted
    return GaugeReading(result.calls.failed / ended, ended) if ended else None
