"""When what was shared does not arrive: how long is looked for it, and what the violation says of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
import trio

from actors.events import Ending, Execution, ViolationKind
from sim.standin.toolbox import ToolAnswer
from tests.support.in_process import Facts, StoreConnector, users_on_stage
from tests.support.stories import SEARCH, play_once, told
from workflows.base import Workflow
from workflows.catalogue import BUILT_IN
from workflows.director import Budget, Director
from workflows.role import Role
from workflows.scene import Scene
from workflows.settings import Settings

GET, SHARES = "nc_notes_get_note", "nc_share_list"
KNOWN = {workflow.name: workflow for workflow in BUILT_IN}
READING = ["note_share", "collaborative_edit", "permission_escalation", "fan_out", "review_cycle"]
SHARING = [*READING, "hand_over_chain", "file_share"]
UIDS = ("alice", "bob", "carl", "dora")
NOT_FOUND = ToolAnswer.failure("Note 7 not found", 404)


async def play(name: str, connector: StoreConnector, **settings: Any) -> tuple[Execution, Facts]:
    facts, workflow = Facts(), KNOWN[name]
    with trio.fail_after(3600):
        async with users_on_stage(connector, facts, *UIDS) as (roster, users):
            async with trio.open_nursery() as nursery:
                director = Director(nursery, roster, facts, Settings(**settings), Budget())
                execution = await director.play(workflow, tuple(users[: workflow.cast_size(4, 3)]))
    return execution, facts


async def test_the_look_that_decides_begins_at_the_time_out_or_later(autojump_clock: object) -> None:
    """The first look is answered when the time-out has passed; the thing came while it was under way."""

    async def story(scene: Scene, user: Role) -> None:
        await user.until("look", lambda seen: bool(seen["results"]), query="x")

    begun = trio.current_time()
    connector, facts = StoreConnector("alice", seconds=0), Facts()
    looks: list[float] = []

    async def slow(uid: str, tool: str, arguments: Mapping[str, Any]) -> ToolAnswer:
        looks.append(trio.current_time() - begun)
        found = trio.current_time() >= begun + 1
        if len(looks) == 1:
            await trio.sleep(30)
        return ToolAnswer({"results": ["it"] if found else []}, "")

    connector.standin.tools.call = slow  # type: ignore[method-assign]
    execution = await play_once(told(story), connector, facts, propagation_timeout_s=5)
    assert (execution.ending, execution.violations) == (Ending.SUCCEEDED, ())
    assert looks == pytest.approx([0, 30])


async def test_a_last_look_that_began_before_the_time_out_is_followed_by_one_more(
    autojump_clock: object,
) -> None:
    async def story(scene: Scene, user: Role) -> None:
        await user.until("look", lambda seen: False, query="x")

    facts = Facts()
    execution = await play_once(
        told(story), StoreConnector("alice", seconds=2), facts, propagation_timeout_s=5
    )
    looks = [call.started - execution.started for call in facts.calls if call.tool == SEARCH]
    assert looks[-2] < 5 <= looks[-1]
    assert [violation.expected for violation in execution.violations] == ["seen within 5 s"]


@pytest.mark.parametrize("seconds", [0.1, 4, 25])
@pytest.mark.parametrize("workflow", BUILT_IN, ids=lambda workflow: workflow.name)
async def test_a_server_that_is_correct_and_slow_violates_nothing(
    autojump_clock: object, workflow: Workflow, seconds: float
) -> None:
    execution, _ = await play(workflow.name, StoreConnector(*UIDS, seconds=seconds), propagation_timeout_s=3)
    assert (execution.ending, execution.violations) == (Ending.SUCCEEDED, ())


class LateShares(StoreConnector):
    """Shows a recipient nothing of what was shared with them for `lag_s` seconds: neither list nor thing."""

    def __init__(self, lag_s: float, tools: frozenset[str]) -> None:
        super().__init__(*UIDS, tamper=self._hide)
        self._lag_s = lag_s
        self._tools = tools

    def _hide(self, uid: str, tool: str, arguments: Mapping[str, Any], answer: ToolAnswer) -> ToolAnswer:
        store = self.standin.store
        now = trio.current_time()
        fresh = {s.id for s in store.shares.values() if s.recipient == uid and now < s.created + self._lag_s}
        if not fresh or tool not in self._tools or answer.is_error:
            return answer
        if tool == SHARES:
            rows = [row for row in json.loads(answer.text) if int(row["id"]) not in fresh]
            return ToolAnswer({"result": json.dumps(rows)}, json.dumps(rows))
        return NOT_FOUND


EVERYWHERE = frozenset({GET, SHARES, "nc_webdav_read_file"})


@pytest.mark.parametrize("tools", [EVERYWHERE, EVERYWHERE - {SHARES}], ids=["everywhere", "not in the list"])
@pytest.mark.parametrize("lag_s", [0.4, 3.0, 9.0])
@pytest.mark.parametrize("name", SHARING)
async def test_a_share_that_arrives_within_the_time_out_violates_nothing(
    autojump_clock: object, name: str, lag_s: float, tools: frozenset[str]
) -> None:
    execution, facts = await play(name, LateShares(lag_s, tools), propagation_timeout_s=10)
    assert (execution.ending, execution.violations) == (Ending.SUCCEEDED, ())
    # A look that comes too early has failed as it was expected to.
    missing = [call for call in facts.calls if call.status == 404]
    assert all(call.is_expected for call in missing)


@pytest.mark.parametrize(
    ("tools", "begins"),
    [
        (EVERYWHERE, "never arrived: not among the recipient's shares"),
        (EVERYWHERE - {SHARES}, "arrived elsewhere: among the recipient's shares (/"),
    ],
    ids=["never arrived", "arrived elsewhere"],
)
@pytest.mark.parametrize("name", SHARING)
async def test_what_does_not_arrive_in_time_is_a_stale_read_that_says_where_it_is_instead(
    autojump_clock: object, name: str, tools: frozenset[str], begins: str
) -> None:
    execution, _ = await play(name, LateShares(1000, tools), propagation_timeout_s=2)
    assert {violation.kind for violation in execution.violations} == {ViolationKind.STALE_READ}
    assert all(violation.seen.startswith(begins) for violation in execution.violations), execution.violations
    assert all(violation.expected == "seen within 2 s" for violation in execution.violations)


async def test_what_is_there_with_its_old_content_says_so(autojump_clock: object) -> None:
    async def story(scene: Scene, alice: Role, bob: Role) -> None:
        note = await alice.creates_note("create", title=scene.title("T"), content="old", removal="delete")
        path = await alice.path_of(note)
        share = await alice.does("share", path=path, share_with=bob.uid, permissions=1)
        await bob.until("read", lambda seen: seen.text("content") == "new", share=share, note_id=note["id"])

    story_ = told(story, share="nc_share_create")
    execution = await play_once(story_, StoreConnector("alice", "bob"), Facts(), propagation_timeout_s=1)
    [violation] = execution.violations
    assert violation.seen.startswith("old content: {")
    assert violation.kind is ViolationKind.STALE_READ


async def test_where_the_shares_cannot_be_read_nobody_claims_to_know(autojump_clock: object) -> None:
    def tamper(uid: str, tool: str, arguments: Mapping[str, Any], answer: ToolAnswer) -> ToolAnswer:
        if (uid, tool) == ("bob", GET):
            return NOT_FOUND
        return ToolAnswer.failure("server error (500)") if tool == SHARES else answer

    execution, _ = await play("review_cycle", StoreConnector(*UIDS, tamper=tamper), propagation_timeout_s=1)
    [violation] = execution.violations
    assert violation.seen.startswith("not where it should be, and the shares cannot be read: ")
