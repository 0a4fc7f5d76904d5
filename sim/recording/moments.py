"""What happened one after the other in a recording, looks that were repeated taken together."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from heapq import heappop, heappush

import attrs

from sim.recording.document import Recording
from sim.recording.recorded_lines import Gap, Json, RecordedCall, RecordedQuestion, first_text

LONG_PAUSE_S = 5.0
"""A longer time in which nothing is under way is worth a line."""


@attrs.frozen
class CallRow:
    """Calls of one person, one after the other, that ask for the same; mostly it is one.

    Attributes:
        is_concurrent: another call was under way at the same time.
    """

    calls: tuple[RecordedCall, ...]
    is_concurrent: bool = False

    @property
    def first(self) -> RecordedCall:
        return self.calls[0]

    @property
    def last(self) -> RecordedCall:
        return self.calls[-1]

    @property
    def course(self) -> str:
        """What came of repeating it; "" where it was not."""
        if len(self.calls) == 1:
            return ""
        seen = [(call.outcome, call.result, call.error) for call in self.calls]
        times = f"\N{MULTIPLICATION SIGN}{len(self.calls)}"
        if all(each == seen[0] for each in seen):
            return f"{times}, the same each time"
        return f"{times} until it changed" if all(each == seen[0] for each in seen[:-1]) else times


@attrs.frozen
class Pause:
    """Nothing was under way for so long."""

    at: float
    seconds: float


Moment = CallRow | Pause | RecordedQuestion | Gap


def moments_of(recording: Recording) -> list[Moment]:
    """All of it, in the order of beginning."""
    looks = looks_of(recording.calls)
    every: list[Moment] = sorted(
        [*looks, *recording.asked, *recording.gaps, *pauses_between(recording.calls)], key=began
    )
    return every


def began(moment: Moment) -> float:
    """Seconds since the recording began."""
    return moment.first.at if isinstance(moment, CallRow) else moment.at


def looks_of(calls: Sequence[RecordedCall]) -> list[CallRow]:
    """Repeated ones together, where nobody did anything else between them."""
    groups: list[list[RecordedCall]] = []
    for call in in_time(calls):
        if groups and is_the_same(groups[-1][-1], call):
            groups[-1].append(call)
        else:
            groups.append([call])
    concurrent = concurrent_ones(calls)
    return [CallRow(tuple(group), any(call.n in concurrent for call in group)) for group in groups]


def in_time(calls: Iterable[RecordedCall]) -> list[RecordedCall]:
    """As they were sent."""
    return sorted(calls, key=lambda call: (call.at, call.n))


def busy_people(moments: Iterable[Moment], calls: Sequence[RecordedCall]) -> Iterator[frozenset[str]]:
    """For each moment, in time, who had a call under way when it began that had begun before."""
    coming = deque(in_time(calls))
    under_way: list[tuple[float, str]] = []
    for moment in moments:
        at = began(moment)
        while coming and coming[0].at < at:
            call = coming.popleft()
            heappush(under_way, (call.at + call.took, call.who))
        while under_way and under_way[0][0] <= at:
            heappop(under_way)
        yield frozenset(who for _, who in under_way)


def is_the_same(one: RecordedCall, other: RecordedCall) -> bool:
    """Whether `other` asks again for what `one` asked for, which was answered before."""
    asks = (one.who, one.method, one.name, one.arguments) == (
        other.who,
        other.method,
        other.name,
        other.arguments,
    )
    return asks and one.at + one.took <= other.at


def concurrent_ones(calls: Iterable[RecordedCall]) -> set[int]:
    """Numbers of calls that began while another one was under way, and of those."""
    found: set[int] = set()
    under_way: list[RecordedCall] = []
    for call in in_time(calls):
        under_way = [each for each in under_way if each.at + each.took > call.at]
        if under_way:
            found.update((call.n, *(each.n for each in under_way)))
        under_way.append(call)
    return found


def pauses_between(calls: Iterable[RecordedCall]) -> list[Pause]:
    """Long ones."""
    pauses: list[Pause] = []
    over: float | None = None
    for call in in_time(calls):
        if over is not None and call.at - over >= LONG_PAUSE_S:
            pauses.append(Pause(over, call.at - over))
        over = max(over or 0.0, call.at + call.took)
    return pauses


def why_failed(call: RecordedCall) -> str:
    """What was said where a call did not go well; "" where it did."""
    if call.outcome == "ok":
        return ""
    message: Json = (call.error or {}).get("message")
    text = message if isinstance(message, str) else first_text((call.result or {}).get("content"))
    status = f"HTTP {call.status}" if call.outcome == "refused" and call.status else ""
    words = {"cut": "its answer was cut off", "unanswered": "no answer", "refused": "refused"}
    parts = [part for part in (status, text or words.get(call.outcome, "")) if part]
    return ": ".join(parts) or "failed"
