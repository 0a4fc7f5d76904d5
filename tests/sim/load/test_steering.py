"""Somebody changes the load while it goes on: it follows, all still adds up, and it is told."""

from __future__ import annotations

from random import Random

import pytest
import trio
from trio.testing import MockClock

from actors.events import Ending, Missed, Phase, Steered
from sim.config.grammar.shapes import ClosedProfile, OpenProfile, Stage
from sim.load.steering import Steering
from sim.runtime.commands import ChangeLoad, Command, MarkInstant, NotDone, PauseLoad, StopRun
from tests.support.load import Played, begin_of, group_of, measured, play

USERS = group_of(ClosedProfile.constant(3, 60.0), 10)
ARRIVALS = group_of(OpenProfile((Stage(0, 5), Stage(60, 5)), poisson=False), 10)


def users_at(played: Played, at: float) -> float:
    """How many played a workflow about `at`: with a second of thinking each starts one about every second."""
    begun = begin_of(played, Phase.MEASURED)
    inside = [e for e in played.facts.executions if at <= e.started - begun < at + 5]
    return len({e.cast[0] for e in inside})


def per_second(played: Played, begin: float, end: float) -> float:
    begun = begin_of(played, Phase.MEASURED)
    due = [e.due for e in played.facts.executions if e.due is not None and begin <= e.due - begun < end]
    return len(due) / (end - begin)


async def test_users_come_and_go_as_they_are_wanted(autojump_clock: MockClock) -> None:
    played = await play(USERS, commands=[(10, ChangeLoad(8)), (30, ChangeLoad(2, over_s=10))])
    assert [users_at(played, at) for at in (2, 15, 45)] == [3, 8, 2]
    assert played.driver.stopped == "the load profile ended"
    assert begin_of(played, Phase.GRACE) - begin_of(played, Phase.MEASURED) == pytest.approx(60.0)


async def test_arrivals_follow_the_rate_that_is_wanted(autojump_clock: MockClock) -> None:
    played = await play(ARRIVALS, commands=[(20, ChangeLoad(9)), (40, ChangeLoad(1, over_s=5))])
    assert per_second(played, 0, 20) == pytest.approx(5, abs=0.1)
    assert per_second(played, 20, 40) == pytest.approx(9, abs=0.1)
    assert per_second(played, 45, 60) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("seed", range(12))
async def test_what_was_due_was_played_dropped_or_interrupted_however_it_is_steered(
    seed: int, autojump_clock: MockClock
) -> None:
    random = Random(seed)
    instants = sorted(random.uniform(5, 55) for _ in range(4))  # All sessions are open by then.
    commands: list[tuple[float, Command]] = [
        (at, ChangeLoad(random.randint(0, 9), random.choice([0, 3, 100]))) for at in instants
    ]
    commands += [(56.0, PauseLoad(on=True)), (58.0, PauseLoad(on=False))]
    group = random.choice([USERS, ARRIVALS])
    played = await play(group, seconds=random.choice([0.01, 2.0]), max_lag_s=1.0, commands=commands)
    summary, ended = played.summary, [e for e in played.facts.executions if measured(played, e)]
    assert summary.phases["measured"] == summary.calls.total
    if summary.arrivals is not None:
        dropped = [m for m in played.facts.missed if measured(played, m) and m.why is Missed.DROPPED]
        assert summary.arrivals.dropped == len(dropped)
        assert summary.arrivals.due == len(ended) + len(dropped)
        assert all(e.ending is not Ending.FAILED for e in ended)
    assert [each.kind.value for each in summary.steered] == ["load"] * 4 + ["pause", "resume"]


@pytest.mark.parametrize("group", [USERS, ARRIVALS])
async def test_nothing_begins_while_it_is_paused(group: object, autojump_clock: MockClock) -> None:
    paused = [(10.0, PauseLoad(on=True)), (30.0, PauseLoad(on=False))]
    played = await play(group, commands=paused)  # type: ignore[arg-type]
    begun = begin_of(played, Phase.MEASURED)
    starts = [e.started - begun for e in played.facts.executions]
    assert not [at for at in starts if 10.1 < at < 29.9]
    assert [at for at in starts if at < 10.0] and [at for at in starts if at > 30.0]
    assert not played.facts.missed


@pytest.mark.parametrize("now", [False, True])
async def test_it_stops_as_at_a_signal_and_says_who_stopped_it(now: bool, autojump_clock: MockClock) -> None:
    played = await play(USERS, seconds=2.0, grace_s=30.0, commands=[(10, StopRun(now))])
    assert played.driver.stopped == "stopped by hand"
    cut = [e for e in played.facts.executions if e.ending is Ending.INTERRUPTED]
    assert bool(cut) is now


async def test_a_pause_does_not_outlast_the_run(autojump_clock: MockClock) -> None:
    played = await play(USERS, commands=[(10, PauseLoad(on=True))])
    assert played.driver.stopped == "the load profile ended"


async def test_what_is_asked_is_told_with_its_instant(autojump_clock: MockClock) -> None:
    played = await play(USERS, commands=[(5, MarkInstant("deploy \x1b[2J")), (7, ChangeLoad(5, 3))])
    told = [(round(each.at - begin_of(played, Phase.MEASURED)), each.text) for each in played.summary.steered]
    assert told == [(5, "deploy \ufffd[2J"), (7, "5 users wanted within 3s")]


REFUSED: list[Command] = [
    ChangeLoad(11),
    ChangeLoad(-1),
    ChangeLoad(2.5),
    ChangeLoad(float("nan")),
    ChangeLoad(3, over_s=-1),
    ChangeLoad(3, over_s=1e9),
    ChangeLoad(3, group="nobody"),
    PauseLoad(on=False),
    MarkInstant("  "),
]


@pytest.mark.parametrize("command", REFUSED)
async def test_what_cannot_be_is_refused_with_a_reason_and_changes_nothing(
    command: Command, autojump_clock: MockClock
) -> None:
    with pytest.RaisesGroup(NotDone, flatten_subgroups=True, allow_unwrapped=True):
        await play(USERS, commands=[(5, command)])


async def test_before_a_load_and_after_it_only_marks_are_possible() -> None:
    told: list[object] = []
    steering = Steering((USERS,), told.append)
    for command in (StopRun(), ChangeLoad(3), PauseLoad(on=True)):
        with pytest.raises(NotDone):
            steering.carry_out(command)
    assert not told
    await trio.lowlevel.checkpoint()
    steering.carry_out(MarkInstant("now"))
    assert [type(each) for each in told] == [Steered]
