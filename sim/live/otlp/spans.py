"""The sampled share of executions as spans: an execution, its steps, and looks where a step has several."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from actors.errors import Outcome
from actors.events import Call, Ending, Execution
from actors.trace_context import is_sampled, span_id_of, spread, trace_id_of
from sim.live.otlp.otlp_json import CLIENT, INTERNAL, TraceSpan

MAX_PLAYING = 1_000
"""Executions whose calls are held at once."""
MAX_CALLS = 500
"""Of one execution."""
MAX_WAITING = 20_000
"""Spans that wait to be sent; more are dropped, and counted."""


class SpanBuffer:
    """Takes calls and executions; gives spans when an execution is over.

    Args:
        epoch_ns: when the run's clock showed 0, nanoseconds since 1970.

    Attributes:
        dropped: how many spans found no room.
    """

    def __init__(self, epoch_ns: int) -> None:
        self._epoch_ns = epoch_ns
        self._playing: defaultdict[str, list[Call]] = defaultdict(list)
        self._waiting: list[TraceSpan] = []
        self.dropped = 0

    def take_call(self, call: Call) -> None:
        """One that has ended; of an execution that goes on."""
        calls = self._playing[trace_id_of(call.traceparent)]
        if len(calls) < MAX_CALLS:
            calls.append(call)
        else:
            self.dropped += 1
        if len(self._playing) > MAX_PLAYING:
            self.dropped += len(self._playing.pop(next(iter(self._playing))))

    def take_execution(self, execution: Execution) -> None:
        """It is over: all of its spans are known."""
        calls = self._playing.pop(trace_id_of(execution.traceparent), [])
        self.put_back([self._root(execution, calls), *self._steps(execution, calls)])

    def take(self, most: int) -> list[TraceSpan]:
        """Those that wait, at most so many."""
        taken, self._waiting = self._waiting[:most], self._waiting[most:]
        return taken

    def put_back(self, spans: Sequence[TraceSpan]) -> None:
        """Let them wait; what finds no room is dropped."""
        room = MAX_WAITING - len(self._waiting)
        self._waiting += spans[:room]
        self.dropped += max(0, len(spans) - room)

    def _root(self, execution: Execution, calls: Sequence[Call]) -> TraceSpan:
        ended = max([execution.finished, *(call.finished for call in calls)])
        return TraceSpan(
            trace_id_of(execution.traceparent),
            span_id_of(execution.traceparent),
            "",
            execution.workflow,
            INTERNAL,
            self._instant(execution.started),
            self._instant(ended),
            {
                "simulate.execution": execution.number,
                "simulate.ending": execution.ending.value,
                "simulate.violations": len(execution.violations),
            },
            execution.failure,
            execution.ending is Ending.FAILED,
        )

    def _steps(self, execution: Execution, calls: Sequence[Call]) -> Iterator[TraceSpan]:
        """A call is a step; where one user made a step several times, each is a look within it."""
        root, steps = span_id_of(execution.traceparent), defaultdict(list)
        for call in calls:
            steps[call.step, call.user].append(call)
        for looks in steps.values():
            if len(looks) == 1:
                yield self._call(looks[0], root)
                continue
            whole = self._whole(looks, root)
            yield whole
            for look in looks:
                yield self._call(look, whole.span_id)

    def _whole(self, looks: Sequence[Call], root: str) -> TraceSpan:
        first, last = looks[0], looks[-1]
        return TraceSpan(
            trace_id_of(first.traceparent),
            f"{spread(int(span_id_of(first.traceparent), 16)) | 1 << 63:016x}",
            root,
            first.step,
            INTERNAL,
            self._instant(min(look.started for look in looks)),
            self._instant(max(look.finished for look in looks)),
            {"simulate.user": first.user, "simulate.looks": len(looks)},
            last.text,
            _is_failed(last),
        )

    def _call(self, call: Call, parent: str) -> TraceSpan:
        is_tool = "://" not in call.tool
        return TraceSpan(
            trace_id_of(call.traceparent),
            span_id_of(call.traceparent),
            parent,
            call.step,
            CLIENT,
            self._instant(call.started),
            self._instant(call.finished),
            {
                "mcp.method.name": "tools/call" if is_tool else "resources/read",
                "gen_ai.tool.name" if is_tool else "mcp.resource.uri": call.tool,
                "simulate.user": call.user,
                "simulate.outcome": call.outcome.value,
                "simulate.region": call.region,
            },
            call.text,
            _is_failed(call),
        )

    def _instant(self, at: float) -> int:
        return self._epoch_ns + round(at * 1e9)


def wanted(call: Call | Execution) -> bool:
    """Whether it is of an execution that is sampled."""
    return is_sampled(call.traceparent)


def _is_failed(call: Call) -> bool:
    return call.outcome not in (Outcome.OK, Outcome.INTERRUPTED) and not call.is_expected
