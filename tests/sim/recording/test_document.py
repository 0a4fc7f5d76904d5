"""What a recording holds comes back from its file, and what is no recording is refused in one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from sim.recording.document import (
    BadRecording,
    Gap,
    Head,
    RecordedCall,
    RecordedEnd,
    RecordedLine,
    RecordedPerson,
    RecordedQuestion,
    ToolList,
    parse_recording,
    read_recording,
    recording_schema,
    to_line,
)

HEAD = Head(1, "simulate 0.1.0", "https://cloud.example/mcp", "2026-11-26T08:00:00Z")
CALL = RecordedCall(1.5, 0.03, "p1", 1, "tools/call", "nc_notes_get_note", {"note_id": 7}, {"content": []})
EVERY: tuple[RecordedLine, ...] = (
    HEAD,
    RecordedPerson(0.1, "p1", "alice", "claude 1", "2025-11-25", "nextcloud 2"),
    ToolList(0.2, "p1", ({"name": "nc_notes_get_note", "inputSchema": {"type": "object"}},)),
    CALL,
    RecordedQuestion(1.6, "p1", 1, "elicitation/create", {"message": "?"}, {"action": "accept"}),
    Gap(1.7, "too large", "p1"),
    RecordedEnd(2.0, 1),
)


def written(*lines: RecordedLine) -> bytes:
    return b"".join(map(to_line, lines))


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(written(*EVERY))
    read = read_recording(path)
    assert (read.head, *read.people, *read.tools, *read.calls, *read.asked, *read.gaps) == EVERY[:-1]
    assert read.is_whole
    assert read.unknown_lines == 0


def test_each_line_fits_the_schema_and_others_do_not() -> None:
    schema = recording_schema()
    for line in EVERY:
        jsonschema.validate(json.loads(to_line(line)), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"what": "call", "at": "soon"}, schema)


def test_calls_are_in_the_order_of_sending() -> None:
    later = RecordedCall(0.5, 0.1, "p2", 0, "tools/call", "slow")
    assert [call.n for call in parse_recording(written(HEAD, CALL, later), "r").calls] == [0, 1]


def test_the_last_that_is_known_of_a_person_counts_from_their_coming_on() -> None:
    first, then = RecordedPerson(0.1, "p1"), RecordedPerson(9.0, "p1", "alice")
    assert parse_recording(written(HEAD, first, then), "r").people == (RecordedPerson(0.1, "p1", "alice"),)


def test_wherever_it_is_cut_off_what_stands_before_is_whole() -> None:
    content = written(*EVERY)
    head = len(to_line(HEAD))
    for end in range(head, len(content)):
        read = parse_recording(content[:end], "r")
        whole = content[:end].count(b"\n")
        seen = 1 + sum(map(len, (read.people, read.tools, read.calls, read.asked, read.gaps))) + read.is_whole
        assert seen in (whole, whole + (content[end : end + 1] == b"\n"))


def test_unknown_keys_are_left_out_and_unknown_lines_counted() -> None:
    newer = b'{"what":"weather","at":1}\n' + to_line(CALL).replace(b'{"what"', b'{"mood":1,"what"')
    read = parse_recording(to_line(HEAD) + newer, "r")
    assert (read.calls, read.unknown_lines, read.is_whole) == ((CALL,), 1, False)


def test_texts_and_numbers_that_few_can_write_come_back() -> None:
    odd = {"half": "\ud800", "long": 10**40, "nul": "\0"}
    call = RecordedCall(0, 0, "p1", 1, "tools/call", "t", odd)
    assert parse_recording(written(HEAD, call), "r").calls[0].arguments == odd


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no recording"),
        (b"\n\n", "no recording"),
        (b"PK\x03\x04\xff", "no recording"),
        (b"[1]\n", "no recording"),
        (b'{"log":{"entries":[]}}', "no recording"),
        (to_line(CALL), "no recording"),
        (to_line(HEAD).replace(b'"version":1', b'"version":2'), "take a newer one"),
        (to_line(HEAD) + to_line(HEAD), "line 2: a second recording"),
        (to_line(HEAD) + b"half\n" + to_line(CALL), "line 2: "),
        (to_line(HEAD) + b'{"what":"call","at":"soon"}\n', "line 2: "),
        (to_line(HEAD) + b'{"what":"gap","at":1,"reason":7}\n', "line 2: "),
        (to_line(HEAD) + b'{"what":7}\n', "line 2: "),
        (to_line(HEAD) + b'{"a":' * 500 + b"1" + b"}" * 500 + b"\n", "line 2: "),
    ],
)
def test_what_is_no_recording_is_refused_in_one_harmless_line(content: bytes, said: str) -> None:
    with pytest.raises(BadRecording) as refused:
        parse_recording(content, "a\x1b[2J\nfile")
    text = str(refused.value)
    assert said in text
    assert text.isprintable()


def test_a_file_that_is_not_there_or_a_folder_is_refused_in_one_line(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none", tmp_path / "a" / "b"):
        with pytest.raises(BadRecording, match="directory"):
            read_recording(path)


@pytest.mark.parametrize(
    ("result", "answer"),
    [
        ({"structuredContent": {"id": 1}, "content": [{"type": "text", "text": "no"}]}, {"id": 1}),
        ({"content": [{"type": "image"}, {"type": "text", "text": '{"id": 2}'}]}, {"id": 2}),
        ({"content": [{"type": "text", "text": "Note 3"}]}, "Note 3"),
        ({"contents": [{"uri": "nc://x", "text": "[4]"}]}, [4]),
        ({"content": "?"}, None),
        ({}, None),
        (None, None),
    ],
)
def test_the_answer_is_what_a_reader_takes_from_the_result(result: Any, answer: Any) -> None:
    assert RecordedCall(0, 0, "p1", 1, "tools/call", "t", result=result).answer == answer
