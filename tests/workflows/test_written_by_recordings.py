"""What workflows that were written from recordings need: deep answers, thinking, insisting, odd arguments."""

from __future__ import annotations

from random import Random
from statistics import median
from typing import Any

import pytest
import trio

from actors.answer import Answer, WrongAnswer
from actors.events import Ending, ViolationKind
from tests.support.cast import tool_error
from tests.support.in_process import Facts, StoreConnector
from tests.support.stories import play_once, told
from workflows.expect import shows
from workflows.insisting import MAX_TRIES
from workflows.pace import MAX_THINK_S, thinking_s
from workflows.role import Role
from workflows.scene import Scene

DEEP = Answer(
    {"data": {"rows": [{"id": 1, "n": "a"}, {"id": 2, "n": "b"}]}, "text": '{"inner": [{"uid": "x"}]}'}
)


def test_a_value_is_found_at_the_end_of_a_path_also_inside_json_in_a_text() -> None:
    assert DEEP.at("data", "rows", 1, "n") == "b"
    assert DEEP.at("text", "inner", 0, "uid") == "x"
    assert DEEP.one("data", "rows", id=2)["n"] == "b"


@pytest.mark.parametrize(
    "path",
    [("data", "none"), ("data", "rows", 2), ("data", 0), ("text", "inner", 0, "uid", "x"), ("text", 0)],
)
def test_a_path_that_leads_nowhere_is_a_wrong_answer(path: tuple[Any, ...]) -> None:
    with pytest.raises(WrongAnswer):
        DEEP.at(*path)


def test_a_row_that_is_not_there_is_a_wrong_answer() -> None:
    for answer in (DEEP, Answer(None), Answer({"data": {"rows": "no"}})):
        with pytest.raises(WrongAnswer):
            answer.one("data", "rows", id=3)


def test_what_was_written_is_shown_wherever_it_stands() -> None:
    assert shows("b", 2)(DEEP) == ()
    assert shows("inner")(DEEP) == ()  # within a longer text
    assert shows(True)(DEEP)  # which is no 1
    [finding] = shows("c", "a")(DEEP)
    assert (finding.kind, finding.expected) == (ViolationKind.WRONG_CONTENT, "c")


def test_people_think_about_the_median_and_never_for_long() -> None:
    random = Random("thinking")
    times = [thinking_s(random, 2.0, 0.5) for _ in range(2000)]
    assert median(times) == pytest.approx(2.0, rel=0.05)
    assert max(thinking_s(random, 1000.0, 3.0) for _ in range(100)) == MAX_THINK_S
    assert thinking_s(random, 0.0, 1.0) == 0.0


async def test_thinking_is_nobodys_propagation(autojump_clock: object) -> None:
    async def story(scene: Scene, user: Role) -> None:
        await user.does("create", title="t", content="", category="")
        await scene.think(20.0, 0.0)
        await user.until("look", query="t")

    execution = await play_once(told(story), StoreConnector("alice", seconds=0.25), Facts())
    [interval] = execution.intervals
    assert (interval.lower_s, interval.upper_s) == (0, pytest.approx(0.25))
    assert execution.finished - execution.started == pytest.approx(20.5)


async def test_who_insists_gets_past_conflicts_and_looks_again_in_between(autojump_clock: object) -> None:
    async def story(scene: Scene, user: Role) -> None:
        note = await user.does("create", title="t", content="0", category="")

        async def newest() -> dict[str, Any]:
            return {"etag": (await user.does("read", note_id=note["id"]))["etag"]}

        arguments = {"note_id": note["id"], "title": None, "category": None}
        await user.gets_through("update", newest, etag="stale", content="1", **arguments)
        seen = await user.does("read", note_id=note["id"])
        assert seen["content"] == "1"
        await user.does("delete", note_id=note["id"])

    connector, facts = StoreConnector("alice"), Facts()
    execution = await play_once(told(story, update="nc_notes_update_note"), connector, facts)
    assert (execution.ending, execution.conflicts) == (Ending.SUCCEEDED, 1)
    assert [call.step for call in facts.calls] == ["create", "update", "read", "update", "read", "delete"]
    assert [call.is_expected for call in facts.calls if call.outcome != "ok"] == [True]


async def test_who_never_gets_through_gives_up_and_the_last_conflict_is_an_error(
    autojump_clock: object,
) -> None:
    async def story(scene: Scene, user: Role) -> None:
        await user.gets_through("create", title="t", content="", category="")

    connector, facts = StoreConnector("alice"), Facts()
    connector.planned["nc_notes_create_note"] = [tool_error(412) for _ in range(20)]
    execution = await play_once(told(story), connector, facts)
    assert (execution.ending, execution.conflicts) == (Ending.FAILED, MAX_TRIES - 1)
    assert [call.is_expected for call in facts.calls] == [True] * (MAX_TRIES - 1) + [False]


async def test_a_removal_that_the_story_makes_itself_is_not_made_again(autojump_clock: object) -> None:
    async def story(scene: Scene, user: Role) -> None:
        note = await user.does("create", title="t", content="", category="")
        removal = user.does("delete", note_id=note["id"])
        scene.afterwards(removal)
        await removal
        await user.is_refused("read", note_id=note["id"])

    connector, facts = StoreConnector("alice"), Facts()
    execution = await play_once(told(story), connector, facts)
    assert (execution.ending, execution.leftovers) == (Ending.SUCCEEDED, 0)
    assert [call.step for call in facts.calls] == ["create", "delete", "read"]


async def test_a_removal_that_failed_in_the_story_is_made_again_afterwards(autojump_clock: object) -> None:
    async def story(scene: Scene, user: Role) -> None:
        note = await user.does("create", title="t", content="", category="")
        removal = user.does("delete", note_id=note["id"])
        scene.afterwards(removal)
        await removal

    connector = StoreConnector("alice")
    connector.planned["nc_notes_delete_note"] = [tool_error(500)]
    execution = await play_once(told(story), connector, Facts())
    assert (execution.ending, execution.leftovers) == (Ending.FAILED, 0)
    assert connector.leftovers() == {}


async def test_arguments_named_like_a_verbs_own_parameters_reach_the_tool(autojump_clock: object) -> None:
    given: list[dict[str, Any]] = []

    def tamper(uid: str, tool: str, arguments: Any, answer: Any) -> Any:
        given.append(dict(arguments))
        return answer

    async def story(scene: Scene, user: Role) -> None:
        more = {"number": 3, "step": "s", "@type": "x"}
        await user.is_refused("read", statuses=[404], more=more, note_id=1)

    connector = StoreConnector("alice", tamper=tamper)
    await play_once(told(story), connector, Facts())
    await trio.lowlevel.checkpoint()
    assert given == [{"note_id": 1, "number": 3, "step": "s", "@type": "x"}]


async def test_who_thinks_pauses_before_each_step_and_once_before_those_at_the_same_time(
    autojump_clock: object,
) -> None:
    async def story(scene: Scene, one: Role, other: Role) -> None:
        scene.thinks(median_s=10.0, sigma=0.0)
        await one.does("look", query="a")
        await scene.together(one.does("look", query="b"), other.does("look", query="c"))
        await one.does("look", query="d")
        scene.afterwards(one.does("look", query="tidy"))

    facts = Facts()
    await play_once(told(story), StoreConnector("alice", "bob", seconds=1.0), facts)
    starts = [call.started - facts.calls[0].started for call in facts.calls]
    assert starts == pytest.approx([0, 11, 11, 22, 23])
