"""Faults of the transport: each failed call is reported for what it was, and the users go on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest
import trio

from actors.events import Call
from sim.standin.faults import FaultKind, FaultSpec, Injected
from tests.support.faults import FAILS, MARK, Trial, explain
from tests.support.in_process import Facts
from tests.support.over_the_wire import Stage, users_over_the_wire
from tests.support.processes import StandinServer, running_standin
from workflows.catalogue import BUILT_IN
from workflows.settings import Settings

OF_THE_WIRE = {
    FaultKind.HTTP_500: {"probability": 0.1},
    FaultKind.HTTP_503: {"probability": 0.1},
    FaultKind.RATE_LIMIT: {"probability": 0.1, "seconds": 1},
    FaultKind.HANG: {"probability": 0.03, "seconds": 60},
    FaultKind.CUT: {"probability": 0.1},
    FaultKind.FORGET_SESSION: {"probability": 0.1},
    FaultKind.REVOKE_TOKEN: {"probability": 0.1},
}
CALL_TIMEOUT_S = 0.6
QUICK_SEEDS, ALL_SEEDS = 2, 20


@pytest.fixture(scope="module")
def standin() -> Iterator[StandinServer]:
    with running_standin() as server:
        yield server


async def play_under(stage: Stage, standin: StandinServer, spec: FaultSpec, seed: int) -> Trial:
    """Every story once, under one kind of fault."""
    stage.facts.clear()
    standin.inject({"kind": spec.kind, "probability": spec.probability, "seconds": spec.seconds}, seed=seed)
    draws = Random(seed)
    try:
        for workflow in draws.sample(BUILT_IN, len(BUILT_IN)):
            await stage.director.play(workflow, tuple(stage.users[: workflow.cast_size(3, 3)]))
        told = standin.get("/standin/injected")["injected"]
    finally:
        standin.inject()
    injected = [Injected(**{**one, "kind": FaultKind(one["kind"])}) for one in told]
    return Trial(injected, stage.facts, {})


async def try_seeds(standin: StandinServer, uids: tuple[str, ...], seeds: range) -> dict[str, Counter[str]]:
    """What became of the faults, by kind, over all seeds."""
    became: dict[str, Counter[str]] = {kind.value: Counter() for kind in OF_THE_WIRE}
    settings = Settings(mark=MARK, propagation_timeout_s=30)
    with trio.fail_after(1200):
        async with users_over_the_wire(
            standin, *uids, call_timeout_s=CALL_TIMEOUT_S, settings=settings
        ) as stage:
            for kind, options in OF_THE_WIRE.items():
                for seed in seeds:
                    trial = await play_under(stage, standin, FaultSpec(kind, **options), seed)
                    became[kind.value] += explain(trial)
                    assert [e.violations for e in trial.facts.executions if e.violations] == []
    return became


async def test_every_fault_of_the_wire_is_a_failed_call_of_its_kind(standin: StandinServer) -> None:
    became = await try_seeds(standin, ("ann", "ben", "cyd"), range(QUICK_SEEDS))
    print(f"\n{became}")
    assert all(list(count) == ["reported as a failed call"] for count in became.values())


@pytest.mark.soak
async def test_every_fault_of_the_wire_is_a_failed_call_of_its_kind_for_many_seeds(
    standin: StandinServer,
) -> None:
    became = await try_seeds(standin, ("dan", "eve", "fay"), range(ALL_SEEDS))
    print(f"\n{became}")
    assert all(count["reported as a failed call"] >= ALL_SEEDS for count in became.values())


async def test_latency_is_in_the_service_time_of_the_call_that_it_hit(standin: StandinServer) -> None:
    settings = Settings(mark=MARK)
    async with users_over_the_wire(standin, "gus", "hal", "ida", settings=settings) as stage:
        trial = await play_under(stage, standin, FaultSpec(FaultKind.LATENCY, 0.2, 0.3), seed=3)
    calls = list(trial.facts.calls)
    assert len(trial.injected) > 3
    for fault in trial.injected:
        calls.remove(delayed_by(fault, calls))


def delayed_by(fault: Injected, calls: list[Call]) -> Call:
    """The first call of its user and tool that took at least so long."""
    return next(
        call
        for call in calls
        if (call.user, call.tool) == (fault.uid, fault.tool) and call.finished - call.started >= fault.seconds
    )


def test_every_kind_of_the_wire_is_tried() -> None:
    assert {*OF_THE_WIRE, FaultKind.IS_ERROR, FaultKind.SUCCESS_FALSE} == set(FAILS)
    assert Facts().calls == []
