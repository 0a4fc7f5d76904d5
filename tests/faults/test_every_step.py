"""A fault at every single call of every story: it ends in order, and nothing stays behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import combinations
from typing import Any

import pytest
import trio

from actors.errors import CallError, CredentialsRejected, Outcome, SessionLost
from actors.events import Ending, Execution
from sim.standin.faults import FaultKind, FaultSpec
from sim.standin.toolbox import ToolAnswer
from tests.support.faults import UIDS, VIOLATES, execution_of, play_all
from tests.support.in_process import Facts, StoreConnector, users_on_stage
from workflows.base import Workflow
from workflows.catalogue import BUILT_IN
from workflows.director import Budget, Director
from workflows.settings import Settings


def cut() -> CallError:
    return CallError(Outcome.TRANSPORT_ERROR, "the connection broke", reason="cut", answered=False)


RAISED: dict[str, Callable[[], CallError]] = {
    "is_error": lambda: CallError(Outcome.TOOL_ERROR, "server error (500)", status=500),
    "forbidden": lambda: CallError(Outcome.TOOL_ERROR, "access denied", status=403),
    "not_found": lambda: CallError(Outcome.TOOL_ERROR, "not found", status=404),
    "conflict": lambda: CallError(Outcome.TOOL_ERROR, "server error (412)", status=412),
    "rate_limit": lambda: CallError(Outcome.TRANSPORT_ERROR, "HTTP 429", status=429, retry_after_s=1),
    "cut": cut,
    "session_lost": lambda: SessionLost(Outcome.TRANSPORT_ERROR, "forgotten", status=404),
    "token_revoked": lambda: CredentialsRejected(Outcome.AUTHORIZATION, "HTTP 401", status=401),
}
ANSWERED: dict[str, Any] = {
    "nothing": {},
    "null": None,
    "a list": [1, 2],
    "a text": "hello",
    "success_false": {"success": False, "message": "no"},
}


class NthCallFails(StoreConnector):
    """Fails the call number `n`, counted from 1: before it is carried out, or after."""

    def __init__(
        self, n: int, error: Callable[[], CallError] | None, *, after: bool, answer: Any = None
    ) -> None:
        super().__init__(*UIDS, tamper=self._spoil)
        self._n = n
        self._error = error
        self._after = after
        self._answer = answer
        self.calls = 0

    def raise_planned(self, uid: str, tool: str) -> None:
        self.calls += 1
        if self.calls == self._n and self._error and not self._after:
            raise self._error()

    def _spoil(self, uid: str, tool: str, arguments: Mapping[str, Any], answer: ToolAnswer) -> ToolAnswer:
        if self.calls != self._n or not self._after:
            return answer
        if self._error:
            raise self._error()
        return ToolAnswer(self._answer, str(self._answer))


async def play(workflow: Workflow, connector: StoreConnector) -> tuple[Execution, Facts]:
    facts = Facts()
    with trio.fail_after(1000):
        async with users_on_stage(connector, facts, *UIDS) as (roster, users):
            # The first draw of this seed makes the baseline keep a note, its longest story.
            users[0].random.seed(1)
            async with trio.open_nursery() as nursery:
                director = Director(nursery, roster, facts, Settings(propagation_timeout_s=1), Budget())
                execution = await director.play(workflow, tuple(users[: workflow.cast_size(3, 3)]))
    return execution, facts


@pytest.mark.parametrize("after", [False, True], ids=["not carried out", "carried out"])
@pytest.mark.parametrize("workflow", BUILT_IN, ids=lambda workflow: workflow.name)
async def test_a_call_that_fails_anywhere_ends_its_story_in_order(
    autojump_clock: object, workflow: Workflow, after: bool
) -> None:
    clean = NthCallFails(0, None, after=False)
    await play(workflow, clean)
    assert clean.calls > 0
    faults = [*RAISED.items(), *((name, None) for name in ANSWERED if after)]
    for n in range(1, clean.calls + 1):
        for name, error in faults:
            connector = NthCallFails(n, error, after=after, answer=ANSWERED.get(name))
            execution, facts = await play(workflow, connector)
            assert execution.ending in (Ending.SUCCEEDED, Ending.FAILED), (n, name)
            assert len(facts.executions) == 1
            assert len(facts.calls) >= n
            assert connector.opened.count("alice") == connector.closed.count("alice")
            assert_gone_with_its_users(connector)


def assert_gone_with_its_users(connector: StoreConnector) -> None:
    """What a story could not remove goes with its users."""
    for uid in UIDS:
        connector.standin.store.remove_account(uid)
    assert connector.leftovers() == {}


OF_TOOLS = (*VIOLATES, FaultKind.IS_ERROR, FaultKind.SUCCESS_FALSE)
PAIRS = list(combinations(OF_TOOLS, 2))


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: "+".join(kind.value for kind in pair))
async def test_two_faults_of_the_store_at_once_are_reported_and_nothing_else(
    autojump_clock: object, pair: tuple[FaultKind, FaultKind]
) -> None:
    for seed in range(5):
        specs = [FaultSpec(kind, 0.25, 0.5) for kind in pair]
        trial = await play_all(*specs, seed=seed, propagation_timeout_s=2)
        assert len(trial.facts.executions) == 2 * len(BUILT_IN)
        numbers = {execution_of(fault) for fault in trial.injected}
        for execution in trial.facts.executions:
            # A leak's subject does not tell its execution.
            if execution.violations and FaultKind.PERMISSION_LEAK not in pair:
                assert execution.number in numbers, execution
        if FaultKind.IS_ERROR not in pair and FaultKind.SUCCESS_FALSE not in pair:
            assert trial.left == {}
