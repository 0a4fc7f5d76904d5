"""Whatever JSON a server answers at whatever step: it ends as an `Execution`, and nothing escapes."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import trio
import trio.testing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors.answer import Json
from actors.events import Ending, Execution
from actors.text import harmless
from actors.tool_results import read_tool_result
from sim.standin.toolbox import ToolAnswer, as_text
from tests.support.in_process import Facts, StoreConnector, StoreSession, users_on_stage
from workflows.base import Workflow
from workflows.catalogue import BUILT_IN
from workflows.director import Budget, Director
from workflows.settings import Settings

UIDS = ("alice", "bob", "carl", "dora")
WORDS = """id title content etag category results files shares data permissions file_target encoding success
    status_code result notesPath fileSuffix"""
KEYS = st.sampled_from(WORDS.split())
TEXTS = st.one_of(
    st.text(st.characters(), max_size=20),  # lone surrogates among them
    st.sampled_from(["", "\ud800", "base64", "7", "# Note\r\n", "\x1b[2J", "a" * 5000]),
)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.just(10**400), TEXTS)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.one_of(KEYS, TEXTS), inner, max_size=6)
    ),
    max_leaves=12,
)


class Spoiled(StoreConnector):
    """Answers what is planned instead of the truth: by call, in the order in which they come.

    An answer that is an object may be planned as changes to the true one, so that stories go on beyond it.
    """

    def __init__(self, plan: Mapping[int, Json], *, merged: bool) -> None:
        super().__init__(*UIDS)
        self._plan = plan
        self._merged = merged
        self._calls = 0

    def make_session(self, uid: str) -> StoreSession:
        return SpoiledSession(self, uid)

    def answer(self, name: str, true: ToolAnswer) -> Json:
        self._calls += 1
        if self._calls - 1 not in self._plan:
            return read_tool_result(name, true.structured, [as_text(true)], true.is_error)
        planned = self._plan[self._calls - 1]
        if self._merged and isinstance(planned, dict) and not true.is_error:
            value = read_tool_result(name, true.structured, [as_text(true)], is_error=False)
            planned = {**value, **planned} if isinstance(value, dict) else [planned]
        return read_tool_result(name, {"result": planned}, [], is_error=False)


class SpoiledSession(StoreSession):
    """A session in which any answer may be spoiled, resources too."""

    def __init__(self, connector: Spoiled, uid: str) -> None:
        super().__init__(connector, uid)
        self._spoiled, self._name = connector, uid

    async def call_tool(self, name: str, arguments: Mapping[str, Json]) -> Json:
        await trio.sleep(self._spoiled.seconds)
        true = await self._spoiled.standin.tools.call(self._name, name, arguments)
        return self._spoiled.answer(name, true)

    async def read_resource(self, uri: str) -> Json:
        true = self._spoiled.standin.toolbox.read(self._name, uri)
        return self._spoiled.answer(uri, ToolAnswer(true, ""))


async def play(
    workflow: Workflow, plan: Mapping[int, Json], merged: bool, seed: int
) -> tuple[Execution, Facts]:
    connector, facts = Spoiled(plan, merged=merged), Facts()
    with trio.fail_after(3600):
        async with users_on_stage(connector, facts, *UIDS) as (roster, users):
            users[0].random.seed(seed)
            async with trio.open_nursery() as nursery:
                told = Settings(propagation_timeout_s=0.3)
                director = Director(nursery, roster, facts, told, Budget())
                execution = await director.play(workflow, tuple(users[: workflow.cast_size(4, 3)]))
    return execution, facts


@pytest.mark.parametrize("merged", [False, True], ids=["any", "nearly right"])
@pytest.mark.parametrize("workflow", BUILT_IN, ids=lambda workflow: workflow.name)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plan=st.dictionaries(st.integers(0, 24), JSON, max_size=4), seed=st.integers(0, 3))
def test_any_json_at_any_step_ends_as_an_execution(
    workflow: Workflow, merged: bool, plan: dict[int, Json], seed: int
) -> None:
    clock = trio.testing.MockClock(autojump_threshold=0)
    execution, facts = trio.run(play, workflow, plan, merged, seed, clock=clock)
    assert execution.ending in (Ending.SUCCEEDED, Ending.FAILED)
    assert not execution.is_workflow_error, execution.failure
    assert facts.executions == [execution]
    told = [execution.failure, *(text for v in execution.violations for text in (v.expected, v.seen))]
    assert all(harmless(text, 400) == text for text in told), told
