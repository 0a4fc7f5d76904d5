"""Sessions with Deck boards, and what makes them hard."""

from __future__ import annotations

from tests.recording.corpus_tools import DECK
from tests.recording.tape import Tape


def board_and_stack_of_one_number() -> Tape:
    """Board 7 has stack 7, and its card is number 7 as well."""
    t = Tape(*DECK)
    a = t.person("anna")
    board, stack, card = t.of_server(7), t.of_server(7), t.of_server(7)
    names = [t.made("Sprint"), t.made("To do"), t.made("Write the minutes")]
    t.call(a, "deck_create_board", {"title": names[0], "color": "0082c9"}, {"id": board, "title": names[0]})
    t.call(
        a,
        "deck_create_stack",
        {"board_id": board, "title": names[1], "order": 7},
        {"id": stack, "title": names[1], "order": 7},
    )
    place = {"board_id": board, "stack_id": stack}
    t.call(
        a,
        "deck_create_card",
        {**place, "title": names[2], "order": 7},
        {"id": card, "title": names[2], "stackId": stack},
    )
    t.call(
        a,
        "deck_update_card",
        {**place, "card_id": card, "description": "until Friday"},
        {"success": True, "card_id": card, "stack_id": stack, "board_id": board},
    )
    t.call(a, "deck_delete_card", {**place, "card_id": card}, {"success": True, "card_id": card})
    return t


def card_moved_between_boards() -> Tape:
    """Two boards, of which each argument wants its own; orders are numbers like the ids."""
    t = Tape(*DECK)
    a = t.person("boris")
    boards, stacks = [t.of_server(1), t.of_server(2)], [t.of_server(2), t.of_server(1)]
    card = t.of_server(2)
    rows = [
        {"id": boards[0], "title": "Home", "archived": False},
        {"id": boards[1], "title": "Work", "archived": False},
    ]
    t.call(a, "deck_get_boards", {}, {"boards": rows, "total": 2})
    for board, stack in zip(boards, stacks, strict=True):
        t.call(
            a,
            "deck_get_stacks",
            {"board_id": board},
            {"stacks": [{"id": stack, "title": "Open", "boardId": board, "order": 1}], "total": 1},
        )
    title = t.made("Ask the landlord")
    t.call(
        a,
        "deck_create_card",
        {"board_id": boards[0], "stack_id": stacks[0], "title": title, "order": 2},
        {"id": card, "title": title, "stackId": stacks[0]},
    )
    move = {"source_board_id": boards[0], "source_stack_id": stacks[0], "card_id": card}
    t.call(
        a,
        "deck_move_card_to_board",
        {**move, "target_board_id": boards[1], "target_stack_id": stacks[1], "order": 1},
        {"success": True, "card_id": card},
    )
    return t


def comments_and_answers() -> Tape:
    """An answer to a comment names the comment; limits and offsets are numbers like it."""
    t = Tape(*DECK)
    a, b = t.person("carl"), t.person("dina")
    board, stack, card = t.of_server(10), t.of_server(20), t.of_server(20)
    first, second = t.of_server(20), t.of_server(10)
    title, words, more = t.made("Discuss"), t.made("What do you think?"), t.made("Fine with me")
    t.call(a, "deck_get_boards", {}, {"boards": [{"id": board, "title": "Team"}], "total": 1})
    t.call(
        a,
        "deck_get_stacks",
        {"board_id": board},
        {"stacks": [{"id": stack, "title": "Now", "boardId": board}], "total": 1},
    )
    t.call(
        a,
        "deck_create_card",
        {"board_id": board, "stack_id": stack, "title": title},
        {"id": card, "title": title, "stackId": stack},
    )
    t.call(
        a,
        "deck_create_card_comment",
        {"card_id": card, "message": words},
        {"comment": {"id": first, "message": words, "actorId": t.uid(a)}},
    )
    shown = {"id": first, "message": words, "actorId": t.uid(a)}
    t.call(
        b,
        "deck_get_card_comments",
        {"card_id": card, "limit": 20, "offset": 0},
        {"results": [shown], "count": 1},
    )
    t.call(
        b,
        "deck_create_card_comment",
        {"card_id": card, "message": more, "parent_id": first},
        {"comment": {"id": second, "message": more, "actorId": t.uid(b)}},
    )
    t.call(
        a,
        "deck_get_card_comments",
        {"card_id": card, "limit": 10, "offset": 0},
        {"results": [shown], "count": 10},
    )
    t.call(
        a,
        "deck_delete_card_comment",
        {"card_id": card, "comment_id": first},
        {"success": True, "comment_id": first},
    )
    return t


def labels_and_people() -> Tape:
    """Three people, one of whom only ever is named; a label, a stack and a board of one number."""
    t = Tape(*DECK)
    a, b = t.person("eva"), t.person("finn")
    board, stack, card, label = t.of_server(4), t.of_server(4), t.of_server(41), t.of_server(4)
    title, tag = t.made("Plan"), t.made("urgent")
    t.call(
        a, "deck_get_boards", {}, {"boards": [{"id": board, "title": "Flat", "permissions": 4}], "total": 1}
    )
    t.call(
        a,
        "deck_create_label",
        {"board_id": board, "title": tag, "color": "ff0000"},
        {"id": label, "title": tag},
    )
    t.call(
        a,
        "deck_get_stacks",
        {"board_id": board},
        {"stacks": [{"id": stack, "title": "Doing", "boardId": board}], "total": 1},
    )
    place = {"board_id": board, "stack_id": stack}
    t.call(a, "deck_create_card", {**place, "title": title}, {"id": card, "title": title, "stackId": stack})
    done = {"success": True, "card_id": card}
    t.call(a, "deck_assign_label_to_card", {**place, "card_id": card, "label_id": label}, done)
    t.call(a, "deck_assign_user_to_card", {**place, "card_id": card, "user_id": t.uid(b)}, done)
    t.call(
        b,
        "deck_get_card",
        {**place, "card_id": card},
        {"id": card, "title": title, "assignedUsers": [t.uid(b)]},
    )
    return t


BOARDS = (board_and_stack_of_one_number, card_moved_between_boards, comments_and_answers, labels_and_people)
