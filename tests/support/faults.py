"""Plays stories on a stand-in that fails on purpose, and compares its list with what was reported."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import attrs
import trio

from actors.events import Call, Execution, ViolationKind
from sim.standin.faults import FaultKind, FaultSpec, Injected
from tests.support.in_process import Facts, StoreConnector, users_on_stage
from workflows.base import Workflow
from workflows.catalogue import BUILT_IN
from workflows.director import Budget, Director
from workflows.settings import Settings

UIDS = ("alice", "bob", "carl")
MARK = "trial"
TITLE = re.compile(rf"{MARK} (\d+)-\d+")
LINE = re.compile(r"(?:addition|line|comment|approval) (\d+)(?:-\d+)? by ")
VIOLATES = {
    FaultKind.STALE_READ: ViolationKind.STALE_READ,
    FaultKind.LOST_UPDATE: ViolationKind.LOST_UPDATE,
    FaultKind.DUPLICATE: ViolationKind.DUPLICATE,
    FaultKind.PERMISSION_LEAK: ViolationKind.PERMISSION_LEAK,
    FaultKind.WRONG_BODY: ViolationKind.WRONG_CONTENT,
}
FAILS = {
    FaultKind.IS_ERROR: ("tool_error", 500, ""),
    FaultKind.SUCCESS_FALSE: ("tool_error", 409, "refused"),
    FaultKind.HTTP_500: ("transport_error", 500, ""),
    FaultKind.HTTP_503: ("transport_error", 503, ""),
    FaultKind.RATE_LIMIT: ("transport_error", 429, ""),
    FaultKind.HANG: ("transport_error", None, "timeout"),
    FaultKind.CUT: ("transport_error", None, "cut"),
    FaultKind.FORGET_SESSION: ("transport_error", 404, ""),
    FaultKind.REVOKE_TOKEN: ("authorization", 401, ""),
}
"""How a call fails by a fault: outcome, status, reason."""


@attrs.frozen
class Trial:
    """What was committed and what was reported.

    Attributes:
        left: notes, shares and files that are there afterwards.
    """

    injected: Sequence[Injected]
    facts: Facts
    left: dict[str, object]


async def play_all(
    *specs: FaultSpec,
    seed: int,
    rounds: int = 2,
    uids: tuple[str, ...] = UIDS,
    workflows: Sequence[Workflow] = BUILT_IN,
    **settings: float,
) -> Trial:
    """Play each of `workflows` `rounds` times, one after the other, on a store of its own."""
    connector, facts = StoreConnector(*uids), Facts()
    connector.standin.faults.configure(specs, seed)
    with trio.fail_after(10_000):
        async with users_on_stage(connector, facts, *uids) as (roster, users):
            for user in users:
                user.random.seed(f"{seed}/{user.uid}")
            async with trio.open_nursery() as nursery:
                told = Settings(mark=MARK, **settings)  # type: ignore[arg-type]
                director = Director(nursery, roster, facts, told, Budget())
                for _ in range(rounds):
                    for workflow in workflows:
                        await director.play(workflow, tuple(users[: workflow.cast_size(3, 3)]))
    return Trial(list(connector.standin.faults.injected), facts, connector.leftovers())


def explain(trial: Trial) -> Counter[str]:
    """What became of each fault. Fails where one was to be reported and was not, or the other way round."""
    became: Counter[str] = Counter()
    unclaimed = claims_of(trial.facts.executions)
    calls = list(trial.facts.calls)
    for fault in trial.injected:
        if fault.kind in FAILS:
            calls.remove(failed_by(fault, calls))
            became["reported as a failed call"] += 1
        elif reason := why_not_seen(fault, trial.facts):
            became[reason] += 1
        else:
            claim = claim_for(fault, unclaimed)
            assert claim is not None, f"not reported: {fault}"
            became[f"reported as {VIOLATES[fault.kind].value}"] += 1
    # An old text lacks every change since, so that one stale view accounts for several reports.
    stale = {execution_of(fault) for fault in trial.injected if fault.kind is FaultKind.STALE_READ}
    for (execution, kind, _), left in unclaimed.items():
        accounted = kind is ViolationKind.STALE_READ and execution in stale
        assert left == 0 or accounted, f"nobody committed {kind} in execution {execution}"
    return became


Claims = dict[tuple[int, ViolationKind, str], int]
"""How many reports there are of a kind, by execution and user, that no fault accounts for yet."""


def claims_of(executions: Iterable[Execution]) -> Claims:
    claims: Counter[tuple[int, ViolationKind, str]] = Counter()
    for execution in executions:
        for violation in execution.violations:
            claims[execution.number, violation.kind, violation.user] += 1
    return claims


def claim_for(fault: Injected, claims: Claims) -> tuple[int, ViolationKind, str] | None:
    """Take a report that `fault` accounts for off the list."""
    number, kind = execution_of(fault), VIOLATES[fault.kind]
    for claim, left in claims.items():
        of_reader = fault.kind in (FaultKind.LOST_UPDATE, FaultKind.DUPLICATE) or claim[2] in fault.spoiled
        if left and claim[1] is kind and of_reader and number in (None, claim[0]):
            claims[claim] -= 1
            return claim
    return None


def execution_of(fault: Injected) -> int | None:
    """The execution that its subject tells of, None where it tells of none."""
    found = TITLE.search(fault.subject) or LINE.search(fault.subject)
    return int(found.group(1)) if found else None


def failed_by(fault: Injected, calls: Iterable[Call]) -> Call:
    """The call that failed by `fault`: the first of its user and tool that failed in this way."""
    outcome, status, reason = FAILS[fault.kind]
    told = fault.kind in (FaultKind.IS_ERROR, FaultKind.SUCCESS_FALSE)
    for call in calls:
        is_his = (call.user, call.tool) == (fault.uid, fault.tool)
        is_so = (call.outcome.value, call.status, call.reason) == (outcome, status, reason)
        if is_his and is_so and (not told or re.search(rf"injected fault {fault.number}\b", call.text)):
            return call
    raise AssertionError(f"not reported: {fault}")


def why_not_seen(fault: Injected, facts: Facts) -> str:
    """Why no check could find `fault` wrong; "" where one had to."""
    if fault.kind is not FaultKind.STALE_READ:
        return ""
    if not fault.spoiled:
        return "unobservable: nobody looked while it was stale"
    execution = next(e for e in facts.executions if e.number == execution_of(fault))
    if fault.tool == "nc_share_create":
        timed_out = any("seen within" in violation.expected for violation in execution.violations)
        return "" if timed_out else "absorbed: they looked again until they saw it"
    steps = {
        call.step.partition("_")[0]
        for call in facts.calls
        if call.execution == execution.number
        and call.user in fault.spoiled
        and call.tool == "nc_notes_get_note"
        and fault.at <= call.finished < fault.at + fault.seconds
    }
    return (
        "absorbed: read again after a conflict, where an older text is as good" if steps <= {"reread"} else ""
    )
