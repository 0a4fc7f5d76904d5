"""What a story can have its users do: steps, refusals, and looking until something is seen."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import pytest
import trio

from actors.answer import Finding
from actors.errors import CallError, Outcome
from actors.events import Ending, Execution, ViolationKind
from actors.messages import Step
from sim.standin.toolbox import ToolAnswer
from tests.support.cast import tool_error
from tests.support.in_process import Facts, StoreConnector
from tests.support.stories import SEARCH, play_once, told
from workflows.failures import ExpectationFailed, StepFailed
from workflows.looking import INITIAL_PAUSE_S, MAX_PAUSE_S
from workflows.role import Role
from workflows.scene import Scene
from workflows.sharing import READ_ONLY


def bounds(execution: Execution) -> list[tuple[float, float]]:
    return [(interval.lower_s, interval.upper_s) for interval in execution.intervals]


def appears_at(instant: float) -> Any:
    """A tamper: what is searched for is found from `instant` on, at the moment the call ends."""

    def tamper(uid: str, tool: str, arguments: Mapping[str, Any], answer: ToolAnswer) -> ToolAnswer:
        found = tool == SEARCH and trio.current_time() >= instant
        return ToolAnswer({"results": ["it"] if found else []}, "")

    return tamper


async def test_the_bounds_of_a_look_are_the_last_miss_and_the_first_hit(autojump_clock: object) -> None:
    """Calls take 0.2 s, the pauses between looks are 0.05, 0.075, 0.1125… s."""

    async def story(scene: Scene, user: Role) -> None:
        await user.does("create", title="t", content="", category="")
        await user.until("look", lambda seen: bool(seen["results"]), query="x")

    connector, facts = StoreConnector("alice", seconds=0.2), Facts()
    connector.tamper = appears_at(trio.current_time() + 0.2 + 0.2 + 0.7)
    execution = await play_once(told(story), connector, facts)
    # Looks start at 0, 0.25, 0.525 and 0.8375 s after the creation was answered.
    assert bounds(execution) == [pytest.approx((0.25, 0.725))]
    assert not execution.intervals[0].first_hit
    assert [call.step for call in facts.calls] == ["create"] + ["look"] * 3


async def test_a_first_look_that_hits_is_bounded_by_nothing_below(autojump_clock: object) -> None:
    async def story(scene: Scene, user: Role) -> None:
        await user.until("look", lambda seen: True, query="x")

    connector = StoreConnector("alice", seconds=0.2)
    execution = await play_once(told(story), connector, Facts())
    assert bounds(execution) == [pytest.approx((0.0, 0.2))]
    assert [(i.name, i.first_hit) for i in execution.intervals] == [("propagation", True)]


async def test_what_the_looks_lay_in_the_inbox_is_taken_out_of_the_bounds(autojump_clock: object) -> None:
    """Before the first look the user has 3 s of other work to do, and as much before the second."""
    connector, facts = StoreConnector("alice", seconds=1.0), Facts()

    async def story(scene: Scene, user: Role) -> None:
        async def other_work() -> None:
            for _ in range(6):
                await user.user.ask(Step("other", "work", SEARCH, {"query": "x"}, 2))

        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(user.user.ask, Step("other", "work", SEARCH, {"query": "x"}, 2))
            await trio.testing.wait_all_tasks_blocked()
            nursery.start_soon(other_work)
            await user.until("look", lambda seen: bool(seen["results"]), query="x")

    connector.tamper = appears_at(trio.current_time() + 7.5)
    execution = await play_once(told(story), connector, facts)
    looks = [call for call in facts.calls if call.step == "look"]
    assert sum(call.inbox_wait_s for call in looks) > 3.5
    [interval] = execution.intervals
    begun = execution.started
    raw_upper = looks[-1].finished - begun
    assert interval.upper_s == pytest.approx(raw_upper - sum(call.inbox_wait_s for call in looks))
    last_miss = looks[-2]
    waited = sum(call.inbox_wait_s for call in looks[:-1])
    assert interval.lower_s == pytest.approx(last_miss.started - begun - waited)
    assert not interval.first_hit


async def test_looks_have_growing_pauses_and_the_last_one_falls_on_the_time_out(
    autojump_clock: object,
) -> None:
    async def story(scene: Scene, user: Role) -> None:
        await user.until("look", lambda seen: False, query="x")

    facts = Facts()
    connector = StoreConnector("alice", seconds=0)
    execution = await play_once(told(story), connector, facts, propagation_timeout_s=8.0)
    at = [call.started - execution.started for call in facts.calls]
    pauses = [after - before for before, after in itertools.pairwise(at)]
    full = [min(MAX_PAUSE_S, INITIAL_PAUSE_S * 1.5**number) for number in range(len(pauses))]
    assert pauses[:-1] == pytest.approx(full[:-1])
    assert 0 < pauses[-1] <= MAX_PAUSE_S
    assert at[-1] == pytest.approx(8.0)
    assert execution.ending is Ending.FAILED
    assert execution.failure == "look: stale_reads"
    assert [v.expected for v in execution.violations] == ["seen within 8 s"]
    assert execution.intervals == ()


@pytest.mark.parametrize("kind", [ViolationKind.LOST_UPDATE, ViolationKind.STALE_READ])
async def test_never_seeing_it_is_the_kind_of_violation_that_the_story_says(
    autojump_clock: object, kind: ViolationKind
) -> None:
    async def story(scene: Scene, user: Role) -> None:
        await user.until("look", lambda seen: False, query="x", never=kind)

    execution = await play_once(told(story), StoreConnector("alice"), Facts(), propagation_timeout_s=1)
    assert [violation.kind for violation in execution.violations] == [kind]


async def test_an_interval_without_a_name_is_not_noted(autojump_clock: object) -> None:
    async def story(scene: Scene, user: Role) -> None:
        await user.until("look", lambda seen: True, query="x", interval="")

    execution = await play_once(told(story), StoreConnector("alice"), Facts())
    assert (execution.ending, execution.intervals) == (Ending.SUCCEEDED, ())


@pytest.mark.parametrize(
    ("absence_is_a_miss", "error", "failure"),
    [
        (True, tool_error(404), ""),
        (False, tool_error(404), "look: tool_error/404"),
        (True, tool_error(403), "look: tool_error/403"),
        (True, CallError(Outcome.TRANSPORT_ERROR, "cut", reason="cut"), "look: transport_error/cut"),
    ],
)
async def test_an_absence_is_not_yet_only_where_the_story_says_so(
    autojump_clock: object, absence_is_a_miss: bool, error: CallError, failure: str
) -> None:
    async def story(scene: Scene, user: Role) -> None:
        await user.until("look", lambda seen: True, absence_is_a_miss=absence_is_a_miss, query="x")

    connector = StoreConnector("alice")
    connector.planned[SEARCH] = [error] * 3
    execution = await play_once(told(story), connector, Facts())
    assert execution.failure == failure
    assert len(execution.intervals) == (not failure)
    assert execution.violations == ()


async def test_a_refusal_that_was_expected_is_good_and_getting_through_is_a_leak(
    autojump_clock: object,
) -> None:
    async def story(scene: Scene, user: Role) -> None:
        await user.is_refused("read", note_id=12345)
        await user.is_refused("look", query="x")

    facts = Facts()
    execution = await play_once(told(story), StoreConnector("alice"), facts)
    assert [call.outcome for call in facts.calls] == [Outcome.OK, Outcome.WRONG_CONTENT]
    assert [(v.kind, v.step, v.user) for v in execution.violations] == [
        (ViolationKind.PERMISSION_LEAK, "look", "alice")
    ]
    assert execution.failure == "look: permission_leaks"


async def test_a_refusal_with_another_status_is_a_failed_step(autojump_clock: object) -> None:
    async def story(scene: Scene, user: Role) -> None:
        await user.is_refused("read", statuses=[403], note_id=12345)

    execution = await play_once(told(story), StoreConnector("alice"), Facts())
    assert (execution.failure, execution.violations) == ("read: tool_error/404", ())


@pytest.mark.parametrize("absence", [None, *ViolationKind])
async def test_an_absence_is_a_violation_where_the_story_says_so(
    autojump_clock: object, absence: ViolationKind | None
) -> None:
    async def story(scene: Scene, user: Role) -> None:
        await user.does("read", note_id=12345, absence=absence)

    execution = await play_once(told(story), StoreConnector("alice"), Facts())
    assert execution.ending is Ending.FAILED
    assert [violation.kind for violation in execution.violations] == ([absence] if absence else [])


async def test_a_story_may_go_on_after_a_failed_step(autojump_clock: object) -> None:
    met: list[StepFailed] = []

    async def story(scene: Scene, user: Role) -> None:
        try:
            await user.does("read", note_id=12345)
        except StepFailed as failure:
            met.append(failure)
        await user.does("look", query="x")

    execution = await play_once(told(story), StoreConnector("alice"), Facts())
    assert execution.ending is Ending.SUCCEEDED
    assert [(f.step, f.is_absence, f.is_conflict, f.error.answered) for f in met] == [
        ("read", True, False, True)
    ]


async def test_nothing_happens_before_a_move_is_awaited(autojump_clock: object) -> None:
    async def story(scene: Scene, user: Role) -> None:
        move = user.does("look_{i}", number=7, query="x")
        await user.does("look", query="y")
        assert move.done is None
        answer = await move
        assert move.done is not None
        assert answer.value is move.done.value

    facts = Facts()
    execution = await play_once(told(story), StoreConnector("alice"), facts)
    assert execution.ending is Ending.SUCCEEDED, execution
    assert [call.step for call in facts.calls] == ["look", "look_7"]


@pytest.mark.parametrize(
    ("category", "path"),
    [("", "/Notes/T.md"), ("Work/Sub", "/Notes/Work/Sub/T.md")],
)
async def test_where_a_note_lies_is_asked_of_the_server_once_and_can_be_shared(
    autojump_clock: object, category: str, path: str
) -> None:
    paths: list[str] = []

    async def story(scene: Scene, alice: Role, bob: Role) -> None:
        note = await alice.does("create", title="T", content="", category=category)
        scene.afterwards(alice.does("delete", note_id=note["id"]))
        paths.append(await alice.path_of(note))
        paths.append(await alice.path_of(note))
        share = Step("w", "share", "nc_share_create", {"path": path, "share_with": bob.uid}, 1)
        await alice.ask(share)

    facts = Facts()
    execution = await play_once(told(story), StoreConnector("alice", "bob"), facts)
    assert execution.ending is Ending.SUCCEEDED, execution
    assert paths == [path, path]
    assert [call.tool for call in facts.calls].count("notes://settings") == 1
    assert READ_ONLY == 1


@pytest.mark.parametrize("strange", [{"category": 5}, {"category": ["a"]}, {"title": None}, {"title": {}}])
async def test_a_note_of_strange_types_is_a_wrong_content_and_no_crash(
    autojump_clock: object, strange: dict[str, Any]
) -> None:
    def tamper(uid: str, tool: str, arguments: Mapping[str, Any], answer: ToolAnswer) -> ToolAnswer:
        if tool != "nc_notes_create_note":
            return answer
        return ToolAnswer({**(answer.structured or {}), **strange}, "")

    async def story(scene: Scene, user: Role) -> None:
        note = await user.does("create", title="T", content="", category="")
        scene.afterwards(user.does("delete", note_id=note["id"]))
        await user.path_of(note)

    connector = StoreConnector("alice", tamper=tamper)
    execution = await play_once(told(story), connector, Facts())
    assert [violation.kind for violation in execution.violations] == [ViolationKind.WRONG_CONTENT]
    assert connector.leftovers() == {}


async def test_an_expectation_of_the_storys_own_is_noted_with_its_user(autojump_clock: object) -> None:
    async def story(scene: Scene, user: Role) -> None:
        scene.expect(user.uid, "look", [])
        with pytest.raises(ExpectationFailed):
            scene.expect(user.uid, "look", [Finding(ViolationKind.DUPLICATE, "one", "two")])

    execution = await play_once(told(story), StoreConnector("alice"), Facts())
    [violation] = execution.violations
    assert (violation.kind, violation.step, violation.user) == (ViolationKind.DUPLICATE, "look", "alice")
