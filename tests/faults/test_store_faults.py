"""Faults of the store and of the tools: each one that a check could see is reported, under its right kind."""

from __future__ import annotations

from collections import Counter

import pytest

from actors.events import ViolationKind
from sim.standin.faults import FaultKind, FaultSpec
from tests.support.faults import explain, play_all

SEEDS = 20
OF_TOOLS = [
    FaultSpec(FaultKind.LOST_UPDATE, 0.3),
    FaultSpec(FaultKind.DUPLICATE, 0.3),
    FaultSpec(FaultKind.PERMISSION_LEAK, 0.5),
    FaultSpec(FaultKind.WRONG_BODY, 0.15),
    FaultSpec(FaultKind.STALE_READ, 0.3, 0.5),
    FaultSpec(FaultKind.IS_ERROR, 0.1),
    FaultSpec(FaultKind.SUCCESS_FALSE, 0.1),
]


@pytest.mark.parametrize("spec", OF_TOOLS, ids=lambda spec: spec.kind.value)
async def test_every_fault_that_a_check_could_see_is_reported_under_its_kind(
    autojump_clock: object, spec: FaultSpec
) -> None:
    became: Counter[str] = Counter()
    for seed in range(SEEDS):
        trial = await play_all(spec, seed=seed)
        became += explain(trial)
    print(f"\n{spec.kind.value}: {dict(became)}")
    assert became.total() >= SEEDS
    reported = sum(count for what, count in became.items() if what.startswith("reported"))
    assert reported >= SEEDS


async def test_a_share_that_is_hidden_for_longer_than_anybody_looks_is_a_stale_read(
    autojump_clock: object,
) -> None:
    became: Counter[str] = Counter()
    for seed in range(SEEDS):
        spec = FaultSpec(FaultKind.STALE_READ, 0.3, 60)
        trial = await play_all(spec, seed=seed, propagation_timeout_s=2)
        kinds = {v.kind for execution in trial.facts.executions for v in execution.violations}
        # An addition that stays hidden until the reader gives up is a lost one, for all they can tell.
        assert kinds <= {ViolationKind.STALE_READ, ViolationKind.LOST_UPDATE}
        became.update(
            violation.kind
            for execution in trial.facts.executions
            for violation in execution.violations
            if "seen within" in violation.expected
        )
    assert set(became) == {ViolationKind.STALE_READ}
    assert became.total() >= SEEDS


async def test_a_tool_that_fails_is_a_failed_call_and_no_violation(autojump_clock: object) -> None:
    for seed in range(5):
        trial = await play_all(
            FaultSpec(FaultKind.IS_ERROR, 0.2), FaultSpec(FaultKind.SUCCESS_FALSE, 0.2), seed=seed
        )
        assert len(trial.injected) > 10
        assert [e.violations for e in trial.facts.executions if e.violations] == []
