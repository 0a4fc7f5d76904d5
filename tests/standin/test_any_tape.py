"""Whatever is recorded, and whatever is asked: an answer, and nothing of what is somebody else's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sim.standin.tape.made_things import TapedThing
from sim.standin.tape.tape_file import Tape, TapedCall
from sim.standin.tape.tape_player import TapePlayer
from sim.standin.tape.walks import leaves
from tests.support.tapes import CARD, boards

TOOLS = (
    "create_board",
    "update_board",
    "share_board",
    "delete_board",
    "get_board",
    "list_boards",
    "append_x",
)
TEXTS = st.sampled_from(
    ["alice", "bob", "Plan 1-1", "/Notes/Plan 1-1.md", "7", "e1f0a2b3", "", "[1]", '{"id": 7}']
)
SCALARS = TEXTS | st.integers(1, 9) | st.none() | st.booleans()
KEYS = st.sampled_from(["id", "board_id", "title", "path", "etag", "share_with", "rows", "total", "content"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=4)
CALLS = st.tuples(
    st.sampled_from(["p1", "p2"]), st.sampled_from(TOOLS), OBJECTS, OBJECTS | VALUES, st.booleans()
)
ASKED = st.tuples(st.sampled_from(["u1", "u2", "bob"]), st.sampled_from(TOOLS), OBJECTS)


def as_taped(line: dict[str, Any]) -> TapedCall:
    content = line["result"]
    value = content.get("structuredContent", content["content"][0]["text"])
    is_structured, failed = "structuredContent" in content, content["isError"]
    return TapedCall(line["n"], line["who"], line["name"], line["arguments"], value, is_structured, failed)


LINES = [line for line in boards().lines if line["what"] == "call"]
BOARDS = Tape(
    {"p1": "alice", "p2": "bob"},
    {line["name"]: {"name": line["name"]} for line in LINES},
    tuple(map(as_taped, LINES)),
)


def taped(calls: list[Any]) -> Tape:
    several = tuple(
        TapedCall(n, who, tool, arguments, "not found" if failed else value, isinstance(value, dict), failed)
        for n, (who, tool, arguments, value, failed) in enumerate(calls, 1)
    )
    return Tape({"p1": "alice", "p2": "bob"}, {tool: {"name": tool} for tool in TOOLS}, several)


@settings(max_examples=100, deadline=None)
@given(st.lists(CALLS, min_size=1, max_size=8), st.lists(ASKED, max_size=10))
def test_whatever_was_recorded_every_call_is_answered(calls: list[Any], asked: list[Any]) -> None:
    player = TapePlayer(taped(calls))
    for uid, tool, arguments in asked:
        json.dumps(player.call(uid, tool, arguments).value)


USERS = ("u1", "u2", "bob")
DONE = st.tuples(
    st.sampled_from(USERS),
    st.sampled_from(
        [
            *("get_boards", "get_cards", "get_card", "create_board", "create_card", "share_board"),
            *("delete_board", "update_card", "delete_card", "unshare_board"),
        ]
    ),
    st.integers(0, 20),
    st.sampled_from(USERS),
)


def arguments_of(tool: str, own: list[str], place: int, other: str) -> dict[str, Any]:
    """What may be asked of anything that anybody has made."""
    named = own[place % len(own)] if own else "7"
    number = int(named) if named.isdecimal() else named
    match tool:
        case "get_boards":
            return {}
        case "create_board":
            return {"title": f"Plan {place}", "color": "ff0000"}
        case "get_card" | "delete_card":
            return {"card_id": named}
        case "update_card":
            return {"card_id": named, "title": f"Card {place}", "etag": own[-1] if own else "c0ffee11"}
        case "create_card":
            return {"board_id": number, "title": f"Card {place}"}
        case "share_board":
            return {"board_id": number, "participant": other}
        case "unshare_board":
            return {"board_id": number, "share_id": int(own[-1]) if own and own[-1].isdecimal() else 31}
        case _:
            return {"board_id": number}


def above(thing: TapedThing) -> Iterator[TapedThing]:
    """What it was made in, and so on."""
    for parent in thing.parents:
        yield parent
        yield from above(parent)


@settings(max_examples=150, deadline=None)
@given(st.lists(DONE, min_size=3, max_size=25))
def test_whoever_does_what_sees_nothing_that_others_made_and_nobody_handed_to_them(done: list[Any]) -> None:
    player = TapePlayer(BOARDS)
    for uid, tool, place, other in done:
        own = [each for thing in player.things for each in thing.ids.values()]
        arguments = arguments_of(tool, own, place, other)
        answer = player.call(uid, f"deck_{tool}", arguments)
        seen = set(player.things.seen_by(uid))
        # A card tells the number of its board, whoever may see that.
        named = {each for thing in seen for around in above(thing) for each in around.ids.values()}
        foreign = {
            each for thing in player.things if thing not in seen for each in thing.ids.values()
        } - named
        told = set() if answer.is_error else {leaf.token for leaf in leaves(answer.value)}
        assert not foreign & told
        assert not {"7", CARD, "31"} & told
        if answer.is_error and tool not in ("update_card", "unshare_board"):
            assert set(map(str, arguments.values())) & ({"7"} | foreign | set(own)), (
                "refused without a reason"
            )


def test_what_is_nested_beyond_reading_is_left_out_and_refused() -> None:
    deep: Any = []
    for _ in range(500):
        deep = [deep]
    player = TapePlayer(taped([("p1", "get_board", {}, {"id": 1}, False)]))
    answer = player.call("u1", "get_board", {"x": deep})
    assert answer.is_error
    assert "nested too deep" in str(answer.value)
