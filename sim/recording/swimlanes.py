"""A recording as lanes of text: a column a person, and time runs down."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import assert_never

import attrs
from rich.cells import cell_len, set_cell_size

from actors.answer import written_out
from actors.text import harmless
from sim.recording.document import Recording
from sim.recording.moments import CallRow, Moment, Pause, began, busy_people, moments_of, why_failed
from sim.recording.recorded_lines import Gap, Json, RecordedPerson, RecordedQuestion
from sim.recording.strangers import doubts_about

MAX_ROWS = 200
"""Of a long recording its beginning and its end are shown."""
MIN_LANE = 26
MAX_LANE = 70
"""A pipe has any width; lanes stand near each other all the same."""
MAX_VALUE_LENGTH = 30
MAX_TEXT_LENGTH = 300
TIME_WIDTH = 9
LANE, UNDER_WAY, FAILED = "│", "┃", "✗"


@attrs.frozen
class Layout:
    """Where lanes stand. Without lanes (`lane` 0), as there are too many, each row names its person."""

    width: int
    people: tuple[str, ...]
    lane: int

    @classmethod
    def of(cls, width: int, people: Sequence[str]) -> Layout:
        lane = min(MAX_LANE, (width - TIME_WIDTH) // max(1, len(people)))
        return cls(width, tuple(people), lane if lane >= MIN_LANE else 0)

    def row(self, time: str, who: str, text: str, busy: frozenset[str]) -> str:
        """One line."""
        start = time.rjust(TIME_WIDTH - 1) + " "
        if not self.lane or who not in self.people:
            return fitted(f"{start}{harmless(who, 20)} {text}", self.width)
        cells = [
            set_cell_size(
                f"{LANE} {text}" if each == who else UNDER_WAY if each in busy else LANE, self.lane - 1
            )
            for each in self.people
        ]
        place = self.people.index(who)
        room = self.lane * (len(self.people) - place) - 1
        if all(each not in busy for each in self.people[place + 1 :]):
            # Nobody else's lane is needed: a long text may lie over them.
            cells = [*cells[:place], fitted(f"{LANE} {text}", room)]
        return (start + " ".join(cells)).rstrip()


def lanes_of(recording: Recording, width: int, *, most: int = MAX_ROWS) -> Iterator[str]:
    """Lines of at most `width` cells; of more than `most` rows the first and the last."""
    moments = moments_of(recording)
    yield from heading(recording, width)
    people = seen_people(recording)
    layout = Layout.of(width, [person.who for person in people])
    if layout.lane:
        yield fitted(" " * TIME_WIDTH + " ".join(title(p, layout.lane - 1) for p in people), width)
    busy = list(busy_people(moments, recording.calls))
    half, left = most // 2, len(moments) - 2 * (most // 2)
    for number, moment in enumerate(moments):
        if len(moments) <= most or number < half or number >= half + left:
            yield row_of(moment, layout, busy[number])
        elif number == half:
            yield fitted(f"{'⋮'.rjust(TIME_WIDTH - 1)} {left} more; --all shows them", width)


def seen_people(recording: Recording) -> list[RecordedPerson]:
    """Those who did something: programs say hello without anybody behind them."""
    seen = {call.who for call in recording.calls} | {asked.who for asked in recording.asked}
    return [person for person in recording.people if person.who in seen]


def heading(recording: Recording, width: int) -> Iterator[str]:
    """Where, when, how much."""
    head, calls = recording.head, recording.calls
    span = max((call.at + call.took for call in calls), default=0.0)
    failed = sum(call.outcome != "ok" for call in calls)
    yield fitted(harmless(f"{head.url}, {head.began}", MAX_TEXT_LENGTH), width)
    parts = [
        counted(len(calls), "call"),
        counted(len(seen_people(recording)), "person", "people"),
        duration(span),
    ]
    parts += [f"{failed} failed"] if failed else []
    parts += [] if recording.is_whole else ["cut off: what stands here is whole"]
    parts += (
        [f"{counted(recording.unknown_lines, 'line')} of a newer release"] if recording.unknown_lines else []
    )
    yield fitted(", ".join(parts), width)
    for doubt in doubts_about(seen_people(recording)):
        yield fitted(harmless(doubt, MAX_TEXT_LENGTH), width)
    yield ""


def row_of(moment: Moment, layout: Layout, busy: frozenset[str]) -> str:
    """One of them as a line."""
    time = clock(began(moment))
    match moment:
        case CallRow():
            return layout.row(time, moment.first.who, look_text(moment), busy)
        case RecordedQuestion():
            what = harmless(str(moment.params.get("message", "")), MAX_TEXT_LENGTH)
            action = (moment.answer or {}).get("action", "no answer")
            text = f"? {harmless(moment.method, 40)}: {what} → {harmless(str(action), 40)}"
            return layout.row(time, moment.who, text, busy)
        case Gap():
            who = f"{harmless(moment.who, 20)}: " if moment.who else ""
            return fitted(
                f"{time.rjust(TIME_WIDTH - 1)} ! {who}{harmless(moment.reason, MAX_TEXT_LENGTH)}",
                layout.width,
            )
        case Pause():
            return fitted(f"{'·'.rjust(TIME_WIDTH - 1)} {duration(moment.seconds)} later", layout.width)
        case _:
            assert_never(moment)


def look_text(look: CallRow) -> str:
    """A call in one line: what, with what, how it went, how long it took."""
    call = look.last
    parts = [harmless(call.name, 80), arguments_text(call.arguments)]
    took = sum(each.took for each in look.calls)
    parts.append(look.course or duration(took))
    text = " ".join(part for part in parts if part)
    if look.is_concurrent:
        text = f"∥ {text}"
    why = why_failed(call)
    return f"{FAILED} {text}: {harmless(why, MAX_TEXT_LENGTH)}" if why else text


def arguments_text(arguments: dict[str, Json]) -> str:
    """The plain ones, short."""
    plain = {key: value for key, value in arguments.items() if isinstance(value, str | int | float | bool)}
    shown = [f"{harmless(key, 40)}={value_text(value)}" for key, value in list(plain.items())[:4]]
    more = len(arguments) - len(shown)
    return " ".join([*shown, *([f"+{more}"] if more else [])])


def value_text(value: str | float | bool) -> str:
    if not isinstance(value, str):
        plain = str(value).lower() if isinstance(value, bool) else written_out(value)
        return harmless(plain, MAX_VALUE_LENGTH)
    text = harmless(value, MAX_VALUE_LENGTH)
    return f"'{text}'" if " " in text or not text else text


def title(person: RecordedPerson, width: int) -> str:
    """Who it is, at the head of their lane."""
    name = f"{harmless(person.who, 20)} {harmless(person.name or '', 60)}".strip()
    with_client = f"{name}, {harmless(person.client, 60)}" if person.client else name
    return set_cell_size(with_client if cell_len(with_client) <= width else name, width)


def fitted(text: str, width: int) -> str:
    """At most so many cells; what is cut ends in an ellipsis."""
    text = text.rstrip()
    return text if cell_len(text) <= width else set_cell_size(text, max(0, width - 1)).rstrip() + "…"


def clock(seconds: float) -> str:
    """As on a stop-watch."""
    minutes, rest = divmod(max(0.0, seconds), 60)
    return f"{int(minutes)}:{rest:05.2f}"


def duration(seconds: float) -> str:
    """Short, with its unit."""
    if seconds < 1:
        return f"{1000 * seconds:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds / 60:.1f} min"


def counted(number: int, one: str, several: str = "") -> str:
    return f"{number} {one if number == 1 else several or one + 's'}"
