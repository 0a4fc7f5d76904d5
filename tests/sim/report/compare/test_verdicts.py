"""Whether runs are better or worse: what is said, and what is not."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from sim.report.compare.compared_files import compared_json
from sim.report.compare.estimates import Design, Spread
from sim.report.compare.judging import Compared, Judgement
from sim.report.compare.run_comparison import NotComparable, Rules, RunComparison, compare_runs, noise_of_runs
from tests.support.made_runs import Made, made_run, named_runs, with_violations

USUAL = Made()


def compared(before: int, after: int, changed: Made = USUAL, world: str = "w", **rules: Any) -> RunComparison:
    first, second = named_runs(f"{world}/a", before), named_runs(f"{world}/b", after, changed)
    return compare_runs(first, second, ("a", "b"), Rules(**rules))


def metric(comparison: RunComparison, name: str) -> Compared:
    return next(each for each in comparison.metrics if each.metric == name)


def verdicts(comparison: RunComparison) -> set[Judgement]:
    return {each.verdict for each in comparison.metrics if each.gates}


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 5), (5, 1), (2, 2), (3, 3), (5, 5), (9, 9)])
def test_of_runs_that_are_alike_nothing_is_called_worse_or_better(n: int, m: int) -> None:
    comparison = compared(n, m)
    assert verdicts(comparison) <= {Judgement.SAME, Judgement.INCONCLUSIVE}
    assert comparison.verdict in (Judgement.SAME, Judgement.INCONCLUSIVE)


def test_a_tail_that_got_slower_is_found_and_the_middle_is_not_blamed() -> None:
    comparison = compared(5, 5, Made(tail=1.4))
    assert comparison.verdict is Judgement.WORSE
    assert metric(comparison, "calls.p95").verdict is Judgement.WORSE
    assert metric(comparison, "calls.p50").verdict is not Judgement.WORSE
    assert comparison.shape_text == "Only the slowest 20% of calls got slower."
    found = metric(comparison, "calls.p95")
    assert found.low < 0.4 < found.high


@pytest.mark.parametrize(
    ("changed", "name", "verdict"),
    [
        (Made(slower=1.5), "calls.p50", Judgement.WORSE),
        (Made(slower=0.6), "calls.p50", Judgement.BETTER),
        (Made(busier=0.6), "throughput", Judgement.WORSE),
        (Made(busier=1.6), "throughput", Judgement.BETTER),
        (Made(errors=0.2), "errors", Judgement.WORSE),
        (Made(errors=0.0), "errors", Judgement.BETTER),
    ],
)
def test_each_kind_of_metric_knows_which_way_is_worse(changed: Made, name: str, verdict: Judgement) -> None:
    assert metric(compared(6, 6, changed), name).verdict is verdict


def test_a_change_that_is_certain_and_too_small_to_matter_is_none() -> None:
    calm = Made(spread=0.001, wobble=0.001, per_s=60)
    first = named_runs("small/a", 6, calm)
    second = named_runs("small/b", 6, attrs.evolve(calm, slower=1.03))
    found = metric(compare_runs(first, second, ("a", "b"), Rules()), "calls.p50")
    assert found.low > 0
    assert found.verdict is Judgement.SAME


def test_a_millisecond_is_the_least_that_matters() -> None:
    quick = Made(spread=0.001, wobble=0.001, slower=0.01)
    first = named_runs("quick/a", 6, quick)
    second = named_runs("quick/b", 6, attrs.evolve(quick, slower=0.015))
    assert metric(compare_runs(first, second, ("a", "b"), Rules()), "calls.p95").verdict is Judgement.SAME


def test_one_violation_above_none_is_worse_whatever_the_runs() -> None:
    (first,), (name, result) = named_runs("v/a", 1), named_runs("v/b", 1)[0]
    second = (name, with_violations(result, permission_leak=1))
    comparison = compare_runs([first], [second], ("a", "b"), Rules())
    assert comparison.verdict is Judgement.WORSE
    assert metric(comparison, "violations.permission_leak").test == "seen, and so proven"


def test_violations_of_before_prove_nothing_of_now() -> None:
    first = [(n, with_violations(r, stale_read=2)) for n, r in named_runs("v/a", 5)]
    second = [(n, with_violations(r, stale_read=9)) for n, r in named_runs("v/b", 5)]
    comparison = compare_runs(first, second, ("a", "b"), Rules())
    assert metric(comparison, "violations.stale_read").gates is False
    new = [(n, with_violations(r, stale_read=9, lost_update=1)) for n, r in named_runs("v/b", 5)]
    assert compare_runs(first, new, ("a", "b"), Rules()).verdict is Judgement.WORSE


def test_one_run_against_one_never_fails_by_its_own_noise() -> None:
    comparison = compared(1, 1, Made(slower=3.0))
    assert verdicts(comparison) == {Judgement.INCONCLUSIVE}
    found = metric(comparison, "calls.p50")
    assert (found.test, found.p) == (Design.WITHIN.value, None)
    assert "noise inside the runs only" in found.note
    assert found.low < found.shift < found.high


def test_one_run_against_one_may_fail_where_the_spread_between_runs_is_known() -> None:
    known = noise_of_runs(0.05, ("calls.p50",))
    assert metric(compared(1, 1, Made(slower=3.0), known=known), "calls.p50").verdict is Judgement.WORSE
    unsure = {"calls.p50": Spread(0.05, 1.0)}
    assert (
        metric(compared(1, 1, Made(slower=1.3), known=unsure), "calls.p50").verdict is Judgement.INCONCLUSIVE
    )


def test_one_run_against_few_says_what_it_takes() -> None:
    comparison = compared(1, 3, Made(slower=3.0))
    assert verdicts(comparison) == {Judgement.INCONCLUSIVE}
    assert "it takes 5 against one" in metric(comparison, "calls.p50").note


@pytest.mark.parametrize(
    ("n", "design"),
    [(3, Design.WELCH), (4, Design.WELCH), (5, Design.WELCH), (6, Design.PERMUTATION), (9, Design.WELCH)],
)
def test_ranks_are_asked_where_they_can_say_anything(n: int, design: Design) -> None:
    assert metric(compared(n, n), "calls.p95").test == design.value


def test_with_one_metric_that_decides_five_runs_are_enough_for_ranks() -> None:
    comparison = compared(5, 5, Made(tail=1.6), deciding=("calls.p95",))
    found = metric(comparison, "calls.p95")
    assert found.test == Design.PERMUTATION.value
    assert found.p == pytest.approx(2 / 252)
    assert comparison.verdict is Judgement.WORSE


def test_pairs_are_held_against_each_other_and_what_drifts_hides_nothing() -> None:
    drift = [1.0, 1.3, 1.7, 2.2, 2.9, 3.6, 4.5, 5.2]
    first = [(f"a{i}", made_run(f"p/a{i}", Made(slower=f, spread=0.01))) for i, f in enumerate(drift)]
    second = [(f"b{i}", made_run(f"p/b{i}", Made(slower=1.3 * f, spread=0.01))) for i, f in enumerate(drift)]
    rules = Rules(deciding=("calls.p50",))
    assert compare_runs(first, second, ("a", "b"), rules).verdict is Judgement.INCONCLUSIVE
    paired = compare_runs(first, second, ("a", "b"), attrs.evolve(rules, paired=True))
    assert paired.verdict is Judgement.WORSE
    assert paired.metrics[0].test == Design.SIGN_FLIP.value


def test_what_is_inconclusive_says_how_many_more_runs_would_tell() -> None:
    few = metric(compared(2, 2, Made(spread=0.1)), "calls.p50")
    assert few.verdict is Judgement.INCONCLUSIVE
    assert few.needed >= 3


def test_each_run_counts_once() -> None:
    first, second = named_runs("t/a", 3), named_runs("t/b", 3)
    comparison = compare_runs([*first, first[0]], second, ("a", "b"), Rules())
    assert len(comparison.before.runs) == 3
    assert "is the same run as" in comparison.notes[0]
    with pytest.raises(ValueError, match="stands on both sides"):
        compare_runs(first, [*second, first[2]], ("a", "b"), Rules())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"comparable": "another"}, "another configuration"),
        ({"clock": "virtual"}, "clock"),
        ({"steered": True}, "was steered"),
        ({"exit_code": 130}, "was interrupted"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_the_reason(change: dict[str, Any], reason: str) -> None:
    first, second = named_runs("n/a", 2), named_runs("n/b", 2)
    odd = [second[0], (second[1][0], attrs.evolve(second[1][1], **change))]
    with pytest.raises(NotComparable, match=reason):
        compare_runs(first, odd, ("a", "b"), Rules())
    forced = compare_runs(first, odd, ("a", "b"), Rules(force=True))
    assert any(reason in line for line in forced.forced)
    assert "force" in compared_json(forced)


def test_a_simulator_that_was_the_limit_is_no_measure_of_a_server() -> None:
    first, ((name, busy),) = named_runs("c/a", 1), named_runs("c/b", 1)
    busy = attrs.evolve(busy, generator=attrs.evolve(busy.generator, cpu=0.81))
    with pytest.raises(NotComparable, match="81% of a core"):
        compare_runs(first, [(name, busy)], ("a", "b"), Rules())


def test_another_configuration_is_told_by_what_differs() -> None:
    first, ((name, other),) = named_runs("d/a", 1), named_runs("d/b", 1)
    config = {**other.config, "load": {**other.config["load"], "warmup_s": 77.0}}
    other = attrs.evolve(other, comparable="other", config=config)
    with pytest.raises(NotComparable, match=r"load\.warmup_s was 5\.0, and is 77\.0"):
        compare_runs(first, [(name, other)], ("a", "b"), Rules())


def test_too_few_calls_for_a_quantile_are_refused_and_too_few_propagations_left_out() -> None:
    with pytest.raises(NotComparable, match=r"too few samples for calls\.p95"):
        compared(2, 2, Made(seconds=6))
    comparison = compared(2, 2, Made(propagations=20))
    assert "propagation.p95 does not decide" in comparison.notes[0]
    with pytest.raises(NotComparable, match=r"propagation\.p95"):
        compared(2, 2, Made(propagations=20), deciding=("propagation.p95",))


@pytest.mark.parametrize(
    "names", [("calls",), ("calls.p0",), ("calls.p100",), ("p95",), ("errors.p95x",), ("a", "b")]
)
def test_a_metric_that_does_not_exist_is_named(names: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="no metric"):
        compared(2, 2, deciding=names)


def test_no_more_than_five_metrics_decide() -> None:
    names = tuple(f"calls.p{percent}" for percent in (10, 20, 30, 40, 50, 60))
    with pytest.raises(ValueError, match="more than 5"):
        compared(2, 2, deciding=names)


def test_the_same_runs_give_the_same_bytes() -> None:
    assert compared_json(compared(1, 1)) == compared_json(compared(1, 1))
