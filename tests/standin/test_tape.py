"""A recording served again: for each user under ids of their own, as far as they were handed anything."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from sim.standin.behaviour import StandinOptions
from sim.standin.inside import StandinInside
from sim.standin.tape.tape_file import read_tape
from sim.standin.tape.tape_player import TapePlayer
from tests.support.tapes import CARD, HEAD, Taping, boards


@pytest.fixture
def player(tmp_path: Path) -> TapePlayer:
    return TapePlayer(read_tape(str(boards().write(tmp_path / "boards.jsonl"))))


def said(player: TapePlayer, uid: str, tool: str, **arguments: Any) -> Any:
    played = player.call(uid, tool, arguments)
    assert not played.is_error, played.value
    return played.value


def refused(player: TapePlayer, uid: str, tool: str, **arguments: Any) -> str:
    played = player.call(uid, tool, arguments)
    assert played.is_error, played.value
    return str(played.value)


def board_of(player: TapePlayer, uid: str, title: str = "Mine") -> Any:
    return said(player, uid, "deck_create_board", title=title, color="ff0000")


def test_what_is_made_has_an_id_and_a_title_of_its_own_and_is_its_makers(player: TapePlayer) -> None:
    one, other = board_of(player, "u1", "First"), board_of(player, "u2", "Second")
    assert (one["title"], other["title"]) == ("First", "Second")
    assert len({7, one["id"], other["id"]}) == 3
    assert one["etag"] != other["etag"]
    assert (one["owner"]["uid"], other["owner"]["uid"]) == ("u1", "u2")
    assert re.fullmatch("[0-9a-f]{8}", one["etag"])


def test_a_list_shows_what_was_there_before_and_what_a_user_made_and_nothing_of_others(
    player: TapePlayer,
) -> None:
    assert said(player, "u1", "deck_get_boards") == {"boards": [{"id": 1, "title": "Welcome"}], "total": 1}
    made = [board_of(player, "u1", title) for title in ("First", "Second")]
    board_of(player, "u2", "Another")
    listed = said(player, "u1", "deck_get_boards")
    assert [row["id"] for row in listed["boards"]] == [1, *(board["id"] for board in made)]
    assert [row["title"] for row in listed["boards"]] == ["Welcome", "First", "Second"]
    assert listed["total"] == 3
    said(player, "u1", "deck_delete_board", board_id=made[0]["id"])
    assert [row["title"] for row in said(player, "u1", "deck_get_boards")["boards"]] == ["Welcome", "Second"]


def test_an_id_of_the_recording_is_nobodys_and_so_is_another_users(player: TapePlayer) -> None:
    board = board_of(player, "u1")
    for uid, number in (("u1", 7), ("u2", board["id"]), ("u1", 4711)):
        text = refused(player, uid, "deck_create_card", board_id=number, title="Milk")
        assert text == f"deck_create_card failed: {number} not found (HTTP 404)"
    card = said(player, "u1", "deck_create_card", board_id=board["id"], title="Milk")
    assert card["boardId"] == board["id"]
    assert card["id"] != CARD
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", card["id"])
    assert refused(player, "u2", "deck_get_card", card_id=card["id"]) == f"Card {card['id']} not found"


def test_what_is_handed_over_is_seen_until_it_is_taken_back(player: TapePlayer) -> None:
    board = board_of(player, "u1")
    card = said(player, "u1", "deck_create_card", board_id=board["id"], title="Tea")
    share = said(player, "u1", "deck_share_board", board_id=board["id"], participant="u2")
    assert share["participant"] == "u2"
    seen = said(player, "u2", "deck_get_card", card_id=card["id"])
    assert seen == {**card, "url": f"/boards/{board['id']}/cards/{card['id']}"}
    assert said(player, "u2", "deck_get_boards") == {
        "boards": [{"id": 2, "title": "Hello"}, board],
        "total": 2,
    }
    refused(player, "u3", "deck_get_card", card_id=card["id"])
    said(player, "u1", "deck_unshare_board", board_id=board["id"], share_id=share["id"])
    refused(player, "u2", "deck_get_card", card_id=card["id"])
    said(player, "u1", "deck_get_card", card_id=card["id"])


def test_a_change_is_seen_afterwards_and_one_of_an_old_version_is_a_conflict(player: TapePlayer) -> None:
    board = board_of(player, "u1")
    ids = [said(player, "u1", "deck_create_card", board_id=board["id"], title=t) for t in ("Tea", "Jam")]
    first, second = ids
    changed = said(player, "u1", "deck_update_card", card_id=first["id"], title="Coffee", etag=first["etag"])
    assert (changed["id"], changed["title"]) == (first["id"], "Coffee")
    assert changed["etag"] not in (first["etag"], second["etag"])
    text = refused(player, "u1", "deck_update_card", card_id=first["id"], title="Cocoa", etag=first["etag"])
    assert "HTTP 412" in text
    again = said(player, "u1", "deck_update_card", card_id=first["id"], title="Cocoa", etag=changed["etag"])
    listed = json.loads(said(player, "u1", "deck_get_cards", board_id=board["id"])["result"])
    assert {row["id"]: row["title"] for row in listed} == {first["id"]: "Cocoa", second["id"]: "Jam"}
    assert {row["etag"] for row in listed} == {again["etag"], second["etag"]}


def test_what_is_removed_is_gone_with_all_that_is_in_it(player: TapePlayer) -> None:
    board, other = board_of(player, "u1"), board_of(player, "u1")
    card = said(player, "u1", "deck_create_card", board_id=board["id"], title="Tea")
    kept = said(player, "u1", "deck_create_card", board_id=other["id"], title="Tea")
    assert len(player.holdings(lambda uid: uid == "u1")) == 4
    assert player.holdings(lambda uid: False) == []
    said(player, "u1", "deck_delete_board", board_id=board["id"])
    refused(player, "u1", "deck_get_card", card_id=card["id"])
    said(player, "u1", "deck_get_card", card_id=kept["id"])
    assert len(player.holdings(lambda uid: True)) == 2


def test_arguments_that_nobody_gave_before_get_the_answer_that_is_most_alike(tmp_path: Path) -> None:
    tape = Taping()
    tape.call("p1", "find_slots", {"slots": ["9:00"]}, day="2026-11-26", length=30)
    tape.call("p1", "find_slots", {"slots": ["14:00"]}, day="2026-11-26", length=60)
    tape.call("p1", "get_status", {"status": "away"})
    tape.call("p1", "set_status", {"status": "busy"}, status="busy")
    tape.call("p1", "get_status", {"status": "busy"})
    player = TapePlayer(read_tape(str(tape.write(tmp_path / "slots.jsonl"))))
    assert said(player, "u1", "find_slots", day="2027-01-01", length=60) == {"slots": ["14:00"]}
    assert said(player, "u1", "find_slots", day="2026-11-26", length=45) == {"slots": ["9:00"]}
    assert said(player, "u1", "set_status", status="asleep") == {"status": "asleep"}
    assert said(player, "u1", "get_status") == {"status": "asleep"}
    assert said(player, "u2", "get_status") == {"status": "away"}


def notes() -> Taping:
    """Alice shares a note by its path with bob, who adds a line, and hands it on to carol."""
    tape = Taping()
    for who, name in (("p1", "alice"), ("p2", "bob"), ("p3", "carol")):
        tape.person(who, name)
    note = {"id": 109, "title": "Plan 1-1", "etag": "aa11bb22"}
    share = {"id": "110", "path": "/Notes/Plan 1-1.md", "file_target": "/Plan 1-1.md"}
    tape.call("p1", "create_note", note, title="Plan 1-1", content="First.")
    tape.call("p3", "get_note", "Note 109 not found", failed=True, note_id=109)
    tape.call("p1", "create_share", share, path="/Notes/Plan 1-1.md", share_with="bob")
    tape.call("p2", "get_note", {**note, "content": "First."}, note_id=109)
    tape.call("p2", "append_content", {"id": 109, "etag": "cc33dd44"}, note_id=109, content="Second.")
    longer = {**note, "content": "First.\n---\nSecond.", "etag": "cc33dd44"}
    tape.call("p1", "get_note", longer, note_id=109)
    tape.call("p2", "create_share", {**share, "id": "111"}, path="/Notes/Plan 1-1.md", share_with="carol")
    tape.call("p3", "get_note", longer, note_id=109)
    tape.call("p1", "delete_share", {"success": True}, share_id=110)
    tape.call("p1", "delete_note", {"success": True}, note_id=109)
    return tape


def test_what_is_shared_by_its_path_is_the_thing_of_that_title(tmp_path: Path) -> None:
    player = TapePlayer(read_tape(str(notes().write(tmp_path / "notes.jsonl"))))
    note, other = (
        said(player, "u1", "create_note", title=t, content="Mine.") for t in ("Plan 7-1", "Plan 8-1")
    )
    share = said(player, "u1", "create_share", path="/Notes/Plan 7-1.md", share_with="u2")
    assert share["file_target"] == "/Plan 7-1.md"
    assert said(player, "u2", "get_note", note_id=note["id"])["content"] == "Mine."
    refused(player, "u2", "get_note", note_id=other["id"])
    said(player, "u2", "append_content", note_id=note["id"], content="Yours.")
    assert said(player, "u1", "get_note", note_id=note["id"])["content"] == "Mine.\n---\nYours."
    text = refused(player, "u3", "create_share", path="/Notes/Plan 7-1.md", share_with="u4")
    assert text == "create_share failed: /Notes/Plan 7-1.md not found (HTTP 404)"


def test_who_was_handed_a_thing_hands_it_on_and_nobody_sees_it_before(tmp_path: Path) -> None:
    player = TapePlayer(read_tape(str(notes().write(tmp_path / "notes.jsonl"))))
    # One of them has the name of somebody else on the recording.
    note = said(player, "u1", "create_note", title="Plan 7-1", content="Mine.")
    assert refused(player, "u3", "get_note", note_id=note["id"]) == f"Note {note['id']} not found"
    share = said(player, "u1", "create_share", path="/Notes/Plan 7-1.md", share_with="carol")
    refused(player, "u3", "get_note", note_id=note["id"])
    assert said(player, "carol", "get_note", note_id=note["id"])["content"] == "Mine."
    said(player, "carol", "create_share", path="/Plan 7-1.md", share_with="u3")
    assert said(player, "u3", "get_note", note_id=note["id"])["title"] == "Plan 7-1"
    said(player, "u1", "delete_share", share_id=int(share["id"]))
    refused(player, "carol", "get_note", note_id=note["id"])
    said(player, "u1", "delete_note", note_id=note["id"])
    assert player.holdings(lambda uid: True) == []


def test_a_thing_that_nobody_handed_over_by_name_is_open_to_all(tmp_path: Path) -> None:
    tape = Taping()
    tape.call("p1", "create_room", {"token": "x7k2m9qa"}, name="Lounge")
    tape.call("p2", "get_room", {"token": "x7k2m9qa", "name": "Lounge"}, token="x7k2m9qa")
    player = TapePlayer(read_tape(str(tape.write(tmp_path / "rooms.jsonl"))))
    room = said(player, "u1", "create_room", name="Den")
    assert room["token"] != "x7k2m9qa"
    assert said(player, "u2", "get_room", token=room["token"]) == {"token": room["token"], "name": "Den"}


def test_two_stand_ins_of_one_seed_give_the_same_ids(tmp_path: Path) -> None:
    tape = read_tape(str(boards().write(tmp_path / "boards.jsonl")))
    assert board_of(TapePlayer(tape, 4), "u1") == board_of(TapePlayer(tape, 4), "u1")
    assert board_of(TapePlayer(tape, 4), "u1") != board_of(TapePlayer(tape, 5), "u1")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "no recording"),
        ("{}", "no recording"),
        ("not json", "no recording"),
        (json.dumps({**HEAD, "version": 2}), "newer than this stand-in"),
        (json.dumps(HEAD), "no call of a tool that was answered"),
        (f"{json.dumps(HEAD)}\nxx\n{{}}\n", "line 2: no JSON"),
    ],
)
def test_a_file_that_cannot_be_served_is_one_line(content: str, told: str, tmp_path: Path) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_text(content)
    with pytest.raises(ValueError, match=told) as caught:
        StandinOptions(from_=str(file))
    assert "bad.jsonl" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_last_line_that_was_cut_off_takes_nothing_with_it(tmp_path: Path) -> None:
    file = boards().write(tmp_path / "cut.jsonl")
    file.write_bytes(file.read_bytes()[:-20])
    assert len(read_tape(str(file)).calls) == 14


async def test_the_stand_in_has_its_own_tools_and_those_that_it_lacks(tmp_path: Path) -> None:
    tape = boards()
    tape.call("p1", "nc_notes_search_notes", {"results": "of the tape"}, query="x")
    options = StandinOptions(from_=str(tape.write(tmp_path / "boards.jsonl")))
    standin = StandinInside(options, now=lambda: 0.0)
    standin.store.add_account("u1", "")
    tools = standin.toolbox.tools
    assert tools["deck_get_boards"].is_read_only is True
    assert tools["deck_create_board"].is_read_only is False
    assert tools["deck_update_card"].is_read_only is None
    found = await standin.tools.call("u1", "nc_notes_search_notes", {"query": "x"})
    assert found.structured is not None
    assert found.structured["results"] == []
    answer = await standin.tools.call("u1", "deck_create_board", {"title": "Mine", "color": "x"})
    assert answer.structured is not None
    assert answer.structured["title"] == "Mine"
