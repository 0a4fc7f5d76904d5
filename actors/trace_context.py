"""W3C trace context: under which ids the calls of a run can be found in a server's logs and traces.

https://www.w3.org/TR/trace-context/, carried in the header `traceparent` and, for servers that speak MCP over
anything, in `params._meta.traceparent` (SEP-414). An execution is one trace, each of its calls a span of it.
"""

from __future__ import annotations

from random import Random

TRACEPARENT = "traceparent"
HALF = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
SAMPLED = "-01"


def spread(number: int) -> int:
    """64 bits that look drawn, another for each number: splitmix64 (Steele, Lea, Flood 2014)."""
    mixed = (number * GOLDEN) & HALF
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & HALF
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & HALF
    return mixed ^ (mixed >> 31)


class TraceContext:
    """The trace of one execution. Its calls are numbered, so that it costs them no draw.

    Attributes:
        trace_id: 32 hexadecimal digits.
        root: the `traceparent` of the execution itself, whose span the calls are within.
    """

    __slots__ = ("_ending", "_head", "_span", "root", "trace_id")

    def __init__(self, trace_id: str, span: int, *, is_sampled: bool) -> None:
        self.trace_id = trace_id
        self._head, self._ending = f"00-{trace_id}-", SAMPLED if is_sampled else "-00"
        self._span = span
        self.root = f"{self._head}{span:x}{self._ending}"

    def next(self) -> str:
        """The `traceparent` of the next call."""
        self._span += 1
        return f"{self._head}{self._span:x}{self._ending}"


class Traces:
    """Gives each execution its trace: the same in every run with the same draws, whatever the order of tasks.

    The first half of an id is the run's. The second decides whether it is sampled, as OpenTelemetry's
    TraceIdRatioBased does: https://opentelemetry.io/docs/specs/otel/trace/sdk/#traceidratiobased.

    Args:
        random: draws what is the run's.
        share: how many of the executions bear the sampled flag, 0..1.
    """

    def __init__(self, random: Random, share: float = 0.0) -> None:
        self._run = f"{random.getrandbits(64) | 1:016x}"
        self._seed = random.getrandbits(64)
        self._bound = round(share * (1 << 64))

    def begin(self, number: int) -> TraceContext:
        """The trace of the execution of this number."""
        own = spread(self._seed + number)
        # Sixteen digits, and as many for all that count on from it.
        span = (spread(self._seed ^ own) >> 1) | (1 << 62)
        return TraceContext(f"{self._run}{own:016x}", span, is_sampled=own < self._bound)


def trace_id_of(traceparent: str) -> str:
    """The trace's id in it; "" where there is none."""
    return traceparent[3:35]


def span_id_of(traceparent: str) -> str:
    return traceparent[36:52]


def is_sampled(traceparent: str) -> bool:
    return traceparent.endswith(SAMPLED)
