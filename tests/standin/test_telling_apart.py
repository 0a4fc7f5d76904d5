"""Numbers of a tape: what is equal by chance is no longer, and what is the same thing still is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import actors.offered_tool as offered
from sim.standin.tape import deeds
from sim.standin.tape.tape_file import TapedCall, read_tape
from sim.standin.tape.tape_player import TapePlayer
from sim.standin.tape.telling_apart import told_apart
from tests.support.tapes import Taping


@pytest.fixture
def sevens() -> Taping:
    """A board, a stack and a card, all of number 7, in the seventh place, and a text with a seven in it."""
    tape = Taping()
    tape.call("p1", "deck_create_board", {"id": 7, "title": "Sprint 7"}, title="Sprint 7", limit=7)
    tape.call(
        "p1", "deck_create_stack", {"id": 7, "boardId": 7, "order": 7}, board_id=7, title="Now", order=7
    )
    card = {"id": "7", "stackId": 7, "title": "7 eggs", "url": "/boards/7/stacks/7/cards/7?page=7"}
    tape.call("p1", "deck_create_card", card, board_id=7, stack_id=7, title="7 eggs", order=7)
    tape.call("p1", "deck_get_cards", {"cards": [card], "total": 7}, stack_id=7, limit=7)
    tape.call("p1", "deck_get_card", "Card 7 not found in stack 7", failed=True, stack_id=7, card_id="7")
    tape.call("p1", "deck_rename_card", {"id": 7, "title": "9 eggs"}, card_id=7, title="9 eggs")
    return tape


def told(tape: Taping, folder: Path) -> tuple[TapedCall, ...]:
    return told_apart(read_tape(str(tape.write(folder / "tape.jsonl")))).tape.calls


def test_three_things_of_one_number_are_three_and_what_counts_is_none(sevens: Taping, tmp_path: Path) -> None:
    made_board, made_stack, made_card, listed, failed, renamed = told(sevens, tmp_path)
    board, stack, card = made_board.value["id"], made_stack.value["id"], made_card.value["id"]
    assert len({board, stack, int(card), 7}) == 4
    assert isinstance(card, str)
    assert made_board.arguments == {"title": "Sprint 7", "limit": 7}
    assert made_board.value["title"] == "Sprint 7"
    assert made_stack.arguments == {"board_id": board, "title": "Now", "order": 7}
    assert made_stack.value == {"id": stack, "boardId": board, "order": 7}
    assert made_card.value == {
        "id": card,
        "stackId": stack,
        "title": "7 eggs",
        "url": f"/boards/{board}/stacks/{stack}/cards/{card}?page=7",
    }
    assert listed.value == {"cards": [made_card.value], "total": 7}
    assert listed.arguments == {"stack_id": stack, "limit": 7}
    assert failed.value == f"Card {card} not found in stack {stack}"
    assert renamed.value["id"] == int(card)


def test_the_numbers_of_the_tape_itself_are_told_to_nobody(sevens: Taping, tmp_path: Path) -> None:
    player = TapePlayer(read_tape(str(sevens.write(tmp_path / "tape.jsonl"))))
    board = player.call("u1", "deck_create_board", {"title": "Mine 7", "limit": 7}).value
    stack = player.call(
        "u1", "deck_create_stack", {"board_id": board["id"], "title": "Now", "order": 7}
    ).value
    assert stack["boardId"] == board["id"] != stack["id"]
    assert stack["order"] == 7
    place = {"board_id": board["id"], "stack_id": stack["id"]}
    card = player.call("u1", "deck_create_card", {**place, "title": "2 eggs", "order": 7}).value
    assert card["url"] == f"/boards/{board['id']}/stacks/{stack['id']}/cards/{card['id']}?page=7"
    seen = player.call("u1", "deck_get_cards", {"stack_id": stack["id"], "limit": 7}).value
    assert seen["cards"] == [card]
    refused = player.call("u2", "deck_get_cards", {"stack_id": stack["id"], "limit": 7})
    assert refused.is_error
    assert "9000" not in str([board, stack, card, seen, refused])


@pytest.mark.parametrize(
    ("answer", "later"),
    [
        ({"id": 412}, {"conversation_id": 412}),
        ({"room": {"id": 5}}, {"room_id": "5"}),
        ({"result": '{"roomId": 5}'}, {"room_id": 5}),
        ({"id": 5}, {"last_read_room": 5}),
    ],
)
def test_a_thing_is_the_same_by_any_name_that_can_mean_it(answer: Any, later: Any, tmp_path: Path) -> None:
    tape = Taping()
    tape.call("p1", "create_room", answer, name="Lounge")
    tape.call("p1", "use_room", {"success": True}, **later)
    calls = told(tape, tmp_path)
    assert str(*calls[1].arguments.values()) in str(calls[0].value)
    assert str(*calls[1].arguments.values()) != str(*later.values())


@pytest.mark.parametrize("later", [{"pages": 5}, {"floor_id": 5}, {"messages": 5}, {"x": 5}, {"order": 5}])
def test_another_name_means_another_thing(later: Any, tmp_path: Path) -> None:
    tape = Taping()
    tape.call("p1", "create_room", {"id": 5}, name="Lounge")
    tape.call("p1", "use_room", {"success": True}, **later)
    assert told(tape, tmp_path)[1].arguments == later


def test_a_number_that_was_given_again_is_the_new_thing(tmp_path: Path) -> None:
    tape = Taping()
    for _ in range(2):
        tape.call("p1", "create_room", {"id": 5}, name="Lounge")
        tape.call("p1", "delete_room", {"success": True}, room_id=5)
    first, gone, second, gone_again = told(tape, tmp_path)
    assert first.value != second.value
    assert (gone.arguments["room_id"], gone_again.arguments["room_id"]) == (
        first.value["id"],
        second.value["id"],
    )


def test_the_stand_in_and_its_users_know_the_same_verbs() -> None:
    assert deeds.READING_VERBS == offered.READING_VERBS
    assert deeds.WRITING_VERBS == offered.WRITING_VERBS
    for name in (
        "get_or_create",
        "listBoards",
        "shopping_check_item",
        "mark_as_read",
        "nc_share_list",
        "sync",
    ):
        assert deeds.reads_by_name(name) is offered.reads_by_name(name)


def test_what_a_server_says_of_its_tool_goes_before_its_name() -> None:
    for name in ("get_board", "create_board"):
        for hint in (True, False):
            assert deeds.may_change(name, {"annotations": {"readOnlyHint": hint}}) is not hint
    assert deeds.may_change("check_board", {"annotations": {"title": "x"}})
    assert not deeds.may_change("get_board", {"annotations": None})
