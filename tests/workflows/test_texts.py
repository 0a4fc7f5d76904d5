"""Texts and files: line ends do not count, every letter does, and whatever comes is compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.answer import Answer, examine
from actors.events import ViolationKind
from sim.standin.toolbox import ToolAnswer
from tests.support.in_process import Facts, StoreConnector
from tests.support.stories import play_once
from workflows.catalogue import BUILT_IN
from workflows.expect import content_is
from workflows.file_share import bytes_are, content
from workflows.texts import Text, plain

STALE, WRONG = ViolationKind.STALE_READ, ViolationKind.WRONG_CONTENT
LOST, LEAK = ViolationKind.LOST_UPDATE, ViolationKind.PERMISSION_LEAK
READS = ("nc_notes_get_note", "nc_webdav_read_file")
HABITS: dict[str, Callable[[str], str]] = {
    "writes CRLF": lambda text: text.replace("\n", "\r\n"),
    "writes CR": lambda text: text.replace("\n", "\r"),
    "trims the end": lambda text: text.rstrip("\n"),
    "adds a line break": lambda text: f"{text}\n",
}


@pytest.mark.parametrize("habit", HABITS)
@pytest.mark.parametrize("story", BUILT_IN, ids=lambda story: story.name)
async def test_a_server_with_habits_of_its_own_about_line_ends_violates_nothing(
    autojump_clock: object, story: Any, habit: str
) -> None:
    def tamper(uid: str, tool: str, arguments: Mapping[str, Any], answer: ToolAnswer) -> ToolAnswer:
        value = answer.structured
        if tool not in READS or value is None or value.get("encoding"):
            return answer
        return ToolAnswer({**value, "content": HABITS[habit](value["content"])}, "")

    for seed in range(4):
        uids = ("alice", "bob", "carl")[: max(1, story.cast_size(3, 3))]
        connector = StoreConnector(*uids, tamper=tamper)
        execution = await play_once(story, connector, Facts(), draws_seed=seed)
        assert (execution.failure, execution.violations) == ("", ())


@settings(deadline=None)
@given(text=st.text(), at=st.integers(0), letter=st.characters())
def test_a_changed_letter_is_always_found(text: str, at: int, letter: str) -> None:
    place = at % (len(text) + 1)
    changed = text[:place] + letter + text[place + 1 :]
    found = examine(content_is(text), {"content": changed})
    assert bool(found) is (plain(changed) != plain(text))
    if letter not in "\r\n" and text[place : place + 1] not in ("\r", "\n", "", letter):
        assert [finding.kind for finding in found] == [WRONG]


@pytest.mark.parametrize("seed", range(8))
def test_a_file_that_differs_in_one_byte_is_wrong(seed: int) -> None:
    data, is_text = content(Random(seed), 400)
    check = bytes_are(data, is_text=is_text)
    if is_text:
        assert examine(check, {"content": data.decode()}) == ()
    for spoiled in (b"x" + data[1:], data + b"x", data[:-1]):
        answer = {"content": spoiled.decode("latin-1"), "encoding": None}
        assert [finding.kind for finding in examine(check, answer)] == [WRONG]


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "\ud83d", "\x00", "é" * 50_000])
@pytest.mark.parametrize("encoding", [None, "base64", 7, {}])
def test_a_text_that_no_file_can_hold_is_a_finding(text: str, encoding: Any) -> None:
    [finding] = examine(bytes_are(b"data"), {"content": text, "encoding": encoding})
    assert finding.kind is WRONG
    assert finding.seen.encode()


@pytest.mark.parametrize(
    ("texts", "kinds"),
    [
        (["new"], []),
        (["new\r\n"], []),
        (["old", "new"], [STALE]),
        (["older", "old", "new"], [STALE]),
        (["old", "older"], [LOST]),
        (["tried"], [LEAK]),
        (["old", "tried"], [LEAK]),
        (["old", "something else"], [WRONG]),
        (["NEW"], [WRONG]),
    ],
)
def test_an_old_text_that_gives_way_was_stale_and_one_that_stays_is_a_lost_update(
    texts: list[str], kinds: list[ViolationKind]
) -> None:
    reading = Text("new", older=iter(["old", "older"]), refused=["tried"]).reading()
    enough = [reading.take(Answer({"content": text})) for text in texts]
    assert not any(enough[:-1])
    assert [finding.kind for finding in reading.conclude()] == kinds


def test_one_look_at_what_was_refused_is_a_leak() -> None:
    check = content_is("new", older=["old"], refused=["tried\n"])
    assert [finding.kind for finding in examine(check, {"content": "tried"})] == [LEAK]
    assert [finding.kind for finding in examine(check, {"content": "old"})] == [STALE]
