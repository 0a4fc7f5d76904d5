"""The load as a whole: what was due adds up, phases follow each other, and the end is in order."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from random import Random

import pytest
import trio
from trio.testing import MockClock

from actors.errors import CallError, Outcome
from actors.events import Ending, Missed, Phase, SetupStep
from sim.config.grammar.shapes import ClosedProfile, OpenProfile, Profile, Stage
from sim.load.heartbeat import MIN_STALL_S
from sim.runtime.collection import YOUNG
from tests.support.load import CountingConnector, begin_of, group_of, measured, play


def rough_profile(random: Random) -> OpenProfile:
    stages = [Stage(random.choice([0.0, 1.0, 7.5]), random.uniform(0, 12)) for _ in range(4)]
    return OpenProfile((*stages, Stage(5.0, random.uniform(0, 12))), poisson=random.random() < 0.5)


@pytest.mark.parametrize("seed", range(25))
async def test_what_was_due_was_played_or_dropped_or_interrupted(
    seed: int, autojump_clock: MockClock
) -> None:
    """For whatever profile, server, lag, grace, and moment of a signal."""
    random = Random(f"due/{seed}")
    profile = rough_profile(random)
    signals_s = random.choice([(), (), (random.uniform(1, profile.duration_s),), (4.0, 4.5)])
    played = await play(
        group_of(profile, random.randint(1, 6)),
        seconds=random.choice([0.001, 0.3, 3.0, 20.0]),
        signals_s=signals_s,
        max_lag_s=random.choice([0.5, 5.0]),
        grace_s=random.choice([0.0, 2.0, 60.0]),
        warmup_s=random.choice([0.0, 3.0]),
        seed=seed,
    )
    span = played.recorder.phase_span(Phase.MEASURED)
    instants = list(profile.arrivals(Random(f"{seed}/arrivals/all")))
    due = sum(at <= span + 1e-9 for at in instants)
    figures = played.summary.arrivals
    assert (figures.due if figures else 0) == due
    if figures is not None:
        endings = [e.ending for e in played.facts.executions if measured(played, e)]
        dropped = [m for m in played.facts.missed if measured(played, m) and m.why is Missed.DROPPED]
        assert figures.dropped == len(dropped)
        assert figures.interrupted == endings.count(Ending.INTERRUPTED)
        assert figures.played == len(endings) - figures.interrupted


@pytest.mark.parametrize("seed", range(10))
async def test_every_call_is_in_one_phase_and_they_add_up_to_what_the_server_saw(
    seed: int, autojump_clock: MockClock
) -> None:
    random = Random(f"phases/{seed}")
    profiles: list[Profile] = [
        rough_profile(random),
        ClosedProfile((Stage(2.0, 4), Stage(3.0, random.randint(0, 4)), Stage(2.0, 1))),
    ]
    played = await play(
        group_of(random.choice(profiles), 4),
        seconds=random.choice([0.01, 0.4, 3.0]),
        grace_s=random.choice([0.0, 5.0]),
        warmup_s=random.choice([0.0, 2.0]),
        seed=seed,
    )
    summary = played.summary
    cut_off = sum(call.outcome is Outcome.INTERRUPTED for call in played.facts.calls)
    assert sum(summary.phases.values()) == summary.tool_calls == len(played.facts.calls)
    # What was cut off may or may not have come so far.
    assert 0 <= summary.tool_calls - played.connector.called <= cut_off
    by_phase = {phase: sum(endings.values()) for phase, endings in summary.executions.items()}
    assert sum(by_phase.values()) == len(played.facts.executions)


async def test_iterations_are_played_to_their_end_however_long_their_calls_take(
    autojump_clock: MockClock,
) -> None:
    profile = ClosedProfile.constant(1, 3000.0)
    played = await play(group_of(profile, 1), seconds=20.0, iterations=3, grace_s=10.0)
    assert [e.ending for e in played.facts.executions] == [Ending.SUCCEEDED] * 3
    assert played.driver.stopped == "3 iterations"
    assert played.summary.phases["grace"] == 0


async def test_iterations_do_not_outlast_a_signal_and_its_grace(autojump_clock: MockClock) -> None:
    profile = ClosedProfile.constant(1, 3000.0)
    played = await play(group_of(profile, 1), seconds=20.0, iterations=1, grace_s=10.0, signals_s=(25.0,))
    assert [e.ending for e in played.facts.executions] == [Ending.INTERRUPTED]
    assert played.driver.stopped == "stopped by a signal"


async def test_as_many_iterations_are_played_under_arrivals_as_were_asked_for(
    autojump_clock: MockClock,
) -> None:
    """Most arrivals are dropped, and spend nothing of the budget."""
    profile = OpenProfile((Stage(0.0, 5.0), Stage(1000.0, 5.0)))
    played = await play(group_of(profile, 2), seconds=3.0, iterations=7, max_lag_s=0.5)
    assert [e.ending for e in played.facts.executions] == [Ending.SUCCEEDED] * 7
    assert len(played.facts.missed) > 7
    assert played.driver.stopped == "7 iterations"


@pytest.mark.parametrize(
    ("stages", "expected"),
    [((Stage(0.0, 2.0), Stage(5.0, 2.0)), 20), ((Stage(10.0, 6.0),), 30)],
    ids=["constant", "a ramp from nothing"],
)
async def test_arrivals_are_warmed_up_at_the_rate_at_which_they_open(
    autojump_clock: MockClock, stages: tuple[Stage, ...], expected: int
) -> None:
    played = await play(group_of(OpenProfile(stages, poisson=False), 4), warmup_s=10.0)
    assert played.summary.executions["warmup"]["succeeded"] == expected
    assert played.summary.phases["warmup"] == 2 * expected
    profile = OpenProfile(stages, poisson=False)
    assert played.summary.arrivals is not None
    assert played.summary.arrivals.due == profile.count
    assert played.recorder.lateness.count == profile.count


async def test_the_sessions_of_all_groups_are_open_before_anybody_begins(autojump_clock: MockClock) -> None:
    groups = [group_of(ClosedProfile.constant(n, 2.0), n, name) for n, name in ((2, "a"), (3, "b"))]
    played = await play(*groups)
    opened = [timing.finished for timing in played.facts.setups if timing.step is SetupStep.SESSION]
    assert len(opened) == 5
    assert max(opened) <= min(call.started for call in played.facts.calls)
    assert set(played.summary.groups) <= {"a", "b", ""}


async def test_protocols_of_those_who_have_gone_are_known(autojump_clock: MockClock) -> None:
    played = await play(group_of(ClosedProfile((Stage(2.0, 3), Stage(2.0, 0), Stage(3.0, 0))), 3))
    assert dict(played.driver.protocols) == {"in-process": 3}


async def test_after_the_end_of_the_profile_no_story_begins_and_after_the_grace_no_call(
    autojump_clock: MockClock,
) -> None:
    profile = ClosedProfile.constant(3, 10.0)
    played = await play(group_of(profile, 3, think="0s"), seconds=4.0, grace_s=1.0)
    over = begin_of(played, Phase.GRACE)
    assert over == begin_of(played, Phase.MEASURED) + 10.0
    assert max(e.started for e in played.facts.executions) < over
    assert max(c.started for c in played.facts.calls) < over + 1.0
    assert played.summary.executions["measured"]["interrupted"] > 0


@pytest.mark.parametrize(
    ("signals_s", "grace_s"), [((), 1.0), ((6.0, 7.0), 60.0)], ids=["end of the grace", "two signals"]
)
async def test_stories_are_interrupted_and_what_was_sent_comes_to_its_answer(
    autojump_clock: MockClock, signals_s: Sequence[float], grace_s: float
) -> None:
    profile = ClosedProfile.constant(3, 10.0)
    played = await play(group_of(profile, 3, think="0s"), seconds=4.0, grace_s=grace_s, signals_s=signals_s)
    assert Ending.INTERRUPTED in [e.ending for e in played.facts.executions]
    assert {call.outcome for call in played.facts.calls} == {Outcome.OK}
    assert played.connector.called == len(played.facts.calls) == sum(played.summary.phases.values())
    assert sorted(played.connector.closed) == sorted(played.connector.opened)
    assert not played.driver.unanswered


async def test_the_third_signal_waits_for_no_answer(autojump_clock: MockClock) -> None:
    profile = ClosedProfile.constant(2, 100.0)
    played = await play(group_of(profile, 2), seconds=20.0, signals_s=(25.0, 26.0, 27.0))
    assert played.ended < 28.0
    assert {call.outcome for call in played.facts.calls} == {Outcome.INTERRUPTED}


async def test_what_fails_in_the_grace_is_in_the_report_with_its_reason(autojump_clock: MockClock) -> None:
    full = CallError(Outcome.TOOL_ERROR, "no space left", status=507)

    def prepare(connector: CountingConnector) -> None:
        async def fill_the_disk() -> None:
            await trio.sleep(6.5)
            connector.planned["nc_notes_search_notes"] = [full] * 9

        trio.lowlevel.spawn_system_task(fill_the_disk)

    # A session in three seconds, then three for each call: the second one begins in the grace.
    profile = ClosedProfile.constant(1, 2.0)
    played = await play(group_of(profile, 1), seconds=3.0, grace_s=20.0, prepare=prepare)
    found = played.summary.failures["grace"]["tool_error/507"]
    assert [(each.step, each.text) for each in found.examples] == [("look_again", "no space left")]
    assert list(played.summary.stories["two_looks"].failures) == ["look_again: tool_error/507"]


async def test_a_search_in_which_workflows_are_dropped_names_no_rate_that_was_not_carried_out(
    autojump_clock: MockClock,
) -> None:
    """Two users, each busy for two seconds, carry one workflow a second."""
    profile = OpenProfile((Stage(0.0, 0.2), Stage(600.0, 20.0)), breakpoint=True)
    played = await play(
        group_of(profile, 2), seconds=1.0, thresholds=("calls: p(95)<1h abort",), max_lag_s=5.0
    )
    found = played.driver.watchdog.breakpoint
    assert found is not None and found.held is not None and found.broke is not None
    assert found.succeeded is not None
    assert 0.8 < found.succeeded < 1.2
    # Beyond one a second they queue, until the first one has waited for too long.
    assert found.held < found.broke < 2.0
    assert str(found).startswith(f"{found.succeeded:.4g}/s held")
    assert "workflows that were due were dropped" in str(found)
    assert "2 users, each busy for 2s with a workflow, carry 1/s at most" in str(found)
    assert played.driver.watchdog.stopped_it


async def test_while_the_simulator_itself_stands_still_nothing_is_booked_to_the_server() -> None:
    """On the real clock, and in the closed model too: one call blocks the loop, the others wait for it."""

    def prepare(connector: CountingConnector) -> None:
        connector.block_s = 0.3

    group = group_of(ClosedProfile.constant(3, 1.0), 3, think="0.05s")
    played = await play(group, is_virtual=False, prepare=prepare, grace_s=5.0)
    stalls = played.summary.stalls
    assert stalls.count >= 1
    assert stalls.longest_s >= MIN_STALL_S
    assert len(stalls.first) == stalls.count
    calls = played.summary.calls
    assert calls.kept_out >= 1
    assert calls.service.count + calls.kept_out == calls.ok


async def test_on_the_virtual_clock_nothing_stands_still(autojump_clock: MockClock) -> None:
    played = await play(group_of(ClosedProfile.constant(2, 100.0), 2))
    assert played.summary.stalls.count == 0
    assert played.summary.kept_out == 0


async def test_collection_is_rare_until_everybody_has_gone(autojump_clock: MockClock) -> None:
    class Closed(list[str]):
        """Notes how often was collected when each session was closed."""

        def append(self, uid: str) -> None:
            super().append(uid)
            seen.append(gc.get_threshold()[0])

    def watch(connector: CountingConnector) -> None:
        connector.closed = Closed()

    seen: list[int] = []
    usual = gc.get_threshold()[0]
    await play(group_of(ClosedProfile((Stage(0, 5), Stage(10, 5))), 5), prepare=watch)
    assert seen == [YOUNG] * 5
    assert gc.get_threshold()[0] == usual
