"""A text that several users add to: what one reader makes of what they see, look after look."""

from __future__ import annotations

import pytest

from actors.answer import Answer
from actors.events import ViolationKind
from workflows.lines import Lines, Reading, lines_missing

STALE, WRONG = ViolationKind.STALE_READ, ViolationKind.WRONG_CONTENT
LOST, TWICE = ViolationKind.LOST_UPDATE, ViolationKind.DUPLICATE
LINES = Lines("# t\n", iter(["a", "b"]), ["maybe"])


def read(*texts: str) -> list[ViolationKind]:
    reading = Reading(LINES)
    for text in texts:
        if reading.take(Answer({"content": text})):
            break
    return sorted(finding.kind for finding in reading.conclude())


@pytest.mark.parametrize(
    ("texts", "kinds"),
    [
        (["# t\na\nb"], []),
        (["# t\n\n---\nb\n---\na\n"], []),
        (["# t\na\nmaybe\nb"], []),
        (["# t\na"], [LOST]),
        (["# t\n"], [LOST, LOST]),
        (["# t\na", "# t\na", "# t\na\nb"], [STALE]),
        (["# t\n", "# t\na"], [LOST, STALE]),
        (["# t\na\nb\na"], [TWICE]),
        (["# t\na\nb\nmaybe\nmaybe"], [TWICE]),
        (["# t\na\na"], [LOST, TWICE]),
        (["# t\na\na", "# t\na\na\nb"], [STALE, TWICE]),
        (["# t\na b"], [WRONG]),
        (["# t\na\nb\nc"], [WRONG]),
        (["a\nb"], [WRONG]),
        ([""], [WRONG]),
        (["# t\na", "something else"], [WRONG]),
    ],
)
def test_every_line_is_found_once_or_it_is_known_why_not(
    texts: list[str], kinds: list[ViolationKind]
) -> None:
    assert read(*texts) == sorted(kinds)


def test_a_reader_stops_looking_when_he_has_seen_all_or_something_that_nobody_wrote() -> None:
    for text, enough in (("# t\na", False), ("# t\na\nb", True), ("garbage", True)):
        assert Reading(LINES).take(Answer({"content": text})) is enough


def test_an_unspoiled_text_may_lack_lines_and_may_not_have_others() -> None:
    def unspoiled(text: str) -> list[ViolationKind]:
        return [finding.kind for finding in LINES.unspoiled(Answer({"content": text}))]

    assert unspoiled("# t\n") == unspoiled("# t\nmaybe\nb") == []
    assert unspoiled("# t\nb\nb") == []
    assert unspoiled("# t\nB") == [WRONG]


def test_lines_are_whole_lines() -> None:
    assert lines_missing("line 10\n", ["line 1", "line 10"]) == ("line 1",)
