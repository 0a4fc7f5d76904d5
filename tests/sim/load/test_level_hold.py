"""How a level that is held ends, by the windows that it shows."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from actors.events import Missed, NotStarted, Phase
from sim.config.grammar.threshold import parse_threshold
from sim.load.capacity_search import Asked, Purpose
from sim.load.level_hold import USUAL_HOLD, HoldOutcome, LevelEnd, LevelHold
from sim.load.level_rest import MAX_REST_S, REST_S, Hold, RestHold, hold_for, rule_of
from sim.measure.leaf_keys import StepKey
from sim.measure.leaves import Leaves
from sim.measure.snapshot import GeneratorUsage, Snapshot

LIMITS = tuple(
    parse_threshold(text) for text in ("calls: p(95)<1s", "errors: rate<1%", "violations: count==0")
)
Mean = Callable[[float], float]


def window(number: int, mean_s: float, random: Random, calls: int = 30, **fields: object) -> Snapshot:
    leaves = Leaves(seconds=1.0)
    for step, share in (("read_note", 0.7), ("share_note", 1.6)):
        key = StepKey(Phase.MEASURED, "note_share", step, f"nc_{step}", "", "")
        leaf = leaves.step(key)
        for _ in range(calls // 2):
            leaf.service.add(random.gammavariate(4, share * mean_s / 4))
        leaf.outcomes["ok"] += calls // 2
    return Snapshot(number, number - 1.0, 1.0, Phase.MEASURED, leaves, **fields)


def held_with(hold: Hold, mean: Mean, calls: int = 30, seed: str = "hold", **fields: object) -> LevelEnd:
    random = Random(seed)
    for number in range(1, 1000):
        if end := hold.take(window(number, mean(number - 1.0), random, calls, **fields)):
            return end
    raise AssertionError("it never ended")


def test_a_level_far_below_its_limits_is_held_shortly_and_one_far_above_breaks_as_soon() -> None:
    good = held_with(LevelHold(8, LIMITS), lambda at: 0.1)
    bad = held_with(LevelHold(8, LIMITS), lambda at: 2.0)
    assert (good.outcome, bad.outcome) == (HoldOutcome.HELD, HoldOutcome.BROKE)
    assert USUAL_HOLD.min_s <= good.seconds <= 20
    assert bad.seconds <= 20
    assert bad.limits == LIMITS[:1]
    assert bad.by[0].startswith("calls: p(95)<1s: ")


def test_the_transient_after_the_step_is_left_out() -> None:
    end = held_with(LevelHold(8, LIMITS), lambda at: 3.0 if at < 6 else 0.1)
    assert end.is_held
    assert end.measured is not None
    assert end.measured.p95 is not None
    assert end.measured.p95.value < 0.5


def test_near_its_limit_a_level_is_held_longer() -> None:
    near = held_with(LevelHold(8, LIMITS), lambda at: 0.43, calls=8)
    far = held_with(LevelHold(8, LIMITS), lambda at: 0.1, calls=8)
    assert near.seconds > 2 * far.seconds


def test_a_level_at_which_the_response_time_grows_and_grows_is_never_steady() -> None:
    end = held_with(LevelHold(8, LIMITS, rule_of(Purpose.CONFIRM)), lambda at: 0.05 + 0.001 * at)
    assert end.outcome is HoldOutcome.DRIFTED
    assert end.by == ("the response time grew and grew",)


def test_a_level_that_gives_way_after_a_while_collapses_and_it_is_known_when() -> None:
    rule = rule_of(Purpose.CONFIRM)
    end = held_with(LevelHold(8, LIMITS, rule), lambda at: 0.1 if at < 40 else 3.0)
    assert end.outcome is HoldOutcome.BROKE
    assert end.collapsed_s is not None
    assert 38 <= end.collapsed_s <= 44
    never = held_with(LevelHold(8, LIMITS, rule), lambda at: 3.0)
    assert never.collapsed_s is None


def test_the_step_that_breaks_the_limit_is_named() -> None:
    end = held_with(LevelHold(8, LIMITS), lambda at: 0.8)
    assert end.where is not None
    assert str(end.where) == "note_share.share_note, tool nc_share_note"


def test_the_figures_of_a_level_have_intervals_around_them() -> None:
    end = held_with(LevelHold(8, LIMITS), lambda at: 0.2)
    found = end.measured
    assert found is not None
    assert found.throughput.low <= 30 <= found.throughput.high
    for each in (found.p50, found.p95, found.errors):
        assert each is not None
        assert each.low <= each.value <= each.high


def test_what_broke_while_the_simulator_itself_was_at_its_limit_is_not_the_servers_doing() -> None:
    busy = held_with(LevelHold(8, LIMITS), lambda at: 2.0, generator=GeneratorUsage(0.97, 10**8))
    assert busy.outcome is HoldOutcome.OWN_LIMIT
    assert busy.by[0] == "the simulator itself used 97% of its core"
    still = held_with(LevelHold(8, LIMITS), lambda at: 2.0, stalled_s=0.2)
    assert still.outcome is HoldOutcome.OWN_LIMIT
    fine = held_with(LevelHold(8, LIMITS), lambda at: 0.1, generator=GeneratorUsage(0.97, 10**8))
    assert fine.is_held


def test_what_broke_while_the_simulator_itself_was_late_is_not_the_servers_doing_either() -> None:
    def late(each: Snapshot, seconds: float) -> Snapshot:
        for _ in range(20):
            each.leaves.lateness.add(seconds)
        return each

    for mean_s, late_s, max_lag_s, outcome in (
        (2.0, 0.15, None, HoldOutcome.OWN_LIMIT),
        (2.0, 0.02, None, HoldOutcome.BROKE),
        (0.1, 0.15, None, HoldOutcome.HELD),
        (0.1, 6.0, 5.0, HoldOutcome.OWN_LIMIT),
    ):
        hold, random = LevelHold(8, LIMITS, max_lag_s=max_lag_s), Random("late")
        ends = (hold.take(late(window(number, mean_s, random), late_s)) for number in range(1, 100))
        end = next(filter(None, ends))
        assert end.outcome is outcome, (mean_s, late_s)
        assert end.by[:1] != () or end.is_held
        assert ("itself was late" in " ".join(end.by)) is (outcome is HoldOutcome.OWN_LIMIT)


def test_quick_answers_of_a_server_that_has_hardly_answered_anybody_are_not_believed() -> None:
    """Of 600 users nobody but the first few has had an answer by then."""
    end = held_with(LevelHold(600, LIMITS, needed=600), lambda at: 0.1, calls=20)
    assert end.seconds >= 30


def test_a_server_that_answers_nobody_does_not_hold() -> None:
    assert held_with(LevelHold(8, LIMITS), lambda at: 1.0, calls=0).outcome is HoldOutcome.BROKE


def test_what_was_not_carried_out_breaks_a_level_whatever_the_limits_say() -> None:
    hold, random = LevelHold(8, LIMITS, max_lag_s=5.0), Random("undone")
    for number in range(1, 100):
        each = window(number, 0.1, random)
        each.leaves.note_missed(NotStarted("note_share", Missed.DROPPED, number))
        if end := hold.take(each):
            break
    assert end is not None
    assert not end.is_held
    assert end.by[0].endswith("workflows that were due were dropped")


def test_rest_lasts_until_the_last_seconds_are_within_the_limits_and_not_for_ever() -> None:
    soon = held_with(RestHold(4, LIMITS), lambda at: 3.0 if at < 10 else 0.1)
    assert soon.is_held
    assert 10 < soon.seconds <= 10 + REST_S + 1
    never = held_with(RestHold(4, LIMITS), lambda at: 3.0)
    assert (never.is_held, never.seconds) == (False, MAX_REST_S)


def test_the_answer_is_held_longer_than_what_only_leads_to_it() -> None:
    for purpose in Purpose:
        if purpose is not Purpose.REST:
            least = 60.0 if purpose.is_thorough else 10.0
            assert held_with(hold_for(Asked(8, purpose), LIMITS), lambda at: 0.1).seconds >= least
