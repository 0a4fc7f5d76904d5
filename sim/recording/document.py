"""A recording: who called what when, and what came of it. JSON lines, each with `what` it is.

Unknown keys are left out and lines of an unknown kind are counted, so that a recording of a newer
release of the same version can be read. A last line that was cut off is left out: what stands before it
is whole.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import attrs
import msgspec

from actors.json_text import read_json
from actors.text import harmless
from sim.recording.reading import BadRecording, read_file
from sim.recording.recorded_lines import (
    HIDDEN,
    KINDS,
    VERSION,
    Gap,
    Head,
    Outcome,
    RecordedCall,
    RecordedEnd,
    RecordedLine,
    RecordedPerson,
    RecordedQuestion,
    ToolList,
    first_text,
    holds_hidden,
    is_hidden_name,
    recording_schema,
    to_line,
    without_hidden,
)

__all__ = [
    "HIDDEN",
    "VERSION",
    "BadRecording",
    "Gap",
    "Head",
    "Outcome",
    "RecordedCall",
    "RecordedEnd",
    "RecordedLine",
    "RecordedPerson",
    "RecordedQuestion",
    "Recording",
    "ToolList",
    "first_text",
    "gathered",
    "holds_hidden",
    "is_hidden_name",
    "parse_recording",
    "read_recording",
    "recording_schema",
    "to_line",
    "without_hidden",
]


NO_RECORDING = "no recording of `simulate record` (other programs' files: `simulate recording from`)"


@attrs.frozen
class Recording:
    """All of a recording.

    Attributes:
        people: one each, in the order of their coming.
        calls: sorted by `n`.
        is_whole: its end was written.
        unknown_lines: of a kind that this release does not know.
    """

    head: Head
    people: tuple[RecordedPerson, ...] = ()
    tools: tuple[ToolList, ...] = ()
    calls: tuple[RecordedCall, ...] = ()
    asked: tuple[RecordedQuestion, ...] = ()
    gaps: tuple[Gap, ...] = ()
    is_whole: bool = True
    unknown_lines: int = 0


L = TypeVar("L", bound=RecordedLine)


def read_recording(path: Path) -> Recording:
    """The recording in a file. Raises BadRecording."""
    return parse_recording(read_file(path), str(path))


def parse_recording(content: bytes, name: str) -> Recording:
    """The recording with this content. `name` is what errors call it. Raises BadRecording."""
    lines: list[RecordedLine] = []
    unknown = 0
    for place, line in _lines(content, harmless(name)):
        if line is None:
            unknown += 1
            continue
        if not lines and not isinstance(line, Head):
            break
        if lines and isinstance(line, Head):
            raise BadRecording(f"{place}: a second recording begins here; read each by itself")
        lines.append(line)
    if not lines:
        raise BadRecording(f"{harmless(name)}: {NO_RECORDING}")
    return gathered(lines, unknown)


def gathered(lines: Iterable[RecordedLine], unknown_lines: int = 0) -> Recording:
    """The recording that has these lines, the head among them."""
    every = list(lines)

    def of(kind: type[L]) -> tuple[L, ...]:
        return tuple(line for line in every if isinstance(line, kind))

    return Recording(
        of(Head)[0],
        _as_last_known(of(RecordedPerson)),
        of(ToolList),
        tuple(sorted(of(RecordedCall), key=lambda call: call.n)),
        of(RecordedQuestion),
        of(Gap),
        bool(of(RecordedEnd)),
        unknown_lines,
    )


def _as_last_known(people: Iterable[RecordedPerson]) -> tuple[RecordedPerson, ...]:
    known: dict[str, RecordedPerson] = {}
    for person in people:
        first = known.get(person.who, person)
        known[person.who] = msgspec.structs.replace(person, at=first.at)
    return tuple(known.values())


def _lines(content: bytes, name: str) -> Iterator[tuple[str, RecordedLine | None]]:
    """Each line with its place; None where its kind is not known. Raises BadRecording."""
    for number, raw in enumerate(io.BytesIO(content), 1):
        if not raw.strip():
            continue
        place = f"{name}, line {number}"
        try:
            yield place, _line(raw)
        except BadRecording as error:
            raise BadRecording(f"{name}: {error}") from None
        except (ValueError, msgspec.ValidationError) as error:
            if not raw.endswith(b"\n") and number > 1:
                # Whoever wrote it was cut off here.
                return
            if number == 1:
                raise BadRecording(f"{name}: {NO_RECORDING}") from None
            raise BadRecording(f"{place}: {harmless(str(error))}") from None


def _line(raw: bytes) -> RecordedLine | None:
    value = read_json(raw)
    what = value.get("what") if isinstance(value, dict) else None
    if not isinstance(what, str):
        raise ValueError("not an object with `what`")
    if what == "recording" and isinstance(version := value.get("version"), int) and version > VERSION:
        raise BadRecording(
            f"recording of version {version}; this release reads up to {VERSION}: take a newer one"
        )
    kind = KINDS.get(what)
    return None if kind is None else msgspec.convert(value, kind)
