"""Limits as ratios say the same as the limits themselves."""

from __future__ import annotations

from random import Random

import pytest

from actors.events import Phase
from sim.config.grammar.threshold import parse_threshold
from sim.measure.batch_means import Estimate, ratio
from sim.measure.leaf_keys import StepKey
from sim.measure.leaves import Leaves
from sim.measure.limit_ratios import is_ratio, pair_of, quantile_within, sides
from sim.measure.sketch import Sketch
from sim.measure.thresholds import judge


def leaves_of(seconds: list[float], failed: int = 0, lasting_s: float = 10.0) -> Leaves:
    leaves = Leaves(seconds=lasting_s)
    leaf = leaves.step(StepKey(Phase.MEASURED, "note_share", "read_note", "nc_notes_get_note", "", ""))
    for each in seconds:
        leaf.service.add(each)
    leaf.outcomes.update({"ok": len(seconds), "tool_error": failed})
    return leaves


@pytest.mark.parametrize("text", [
    "calls: p(95)<1s", "calls: p(95)<=1s", "calls: p(50)>600ms", "calls: avg<500ms", "calls: avg>=500ms",
    "errors: rate<5%", "errors: rate<1/s", "calls: rate>9/s", "note_share.read_note: p(90)<900ms",
])  # fmt: skip
def test_a_ratio_holds_where_its_limit_does(text: str) -> None:
    limit = parse_threshold(text)
    assert is_ratio(limit)
    random, held = Random(text), set[bool]()
    for _ in range(60):
        mean = random.uniform(0.1, 1.2)
        calls = [random.expovariate(1 / mean) for _ in range(random.choice([50, 90, 100, 150]))]
        leaves = leaves_of(calls, failed=random.randrange(12))
        top, bottom = pair_of(limit, leaves)
        value = top / bottom
        verdict = judge(limit, leaves)
        found = sides(limit, Estimate(value, value, value)).seems_to_hold
        # A quantile between two samples may lie on either side of a bound between them.
        between = abs(verdict.measured - limit.bound) < 0.05
        assert found is verdict.held or between
        held.add(found)
    assert held == {True, False}


@pytest.mark.parametrize(
    "text", ["violations: count==0", "calls: max<1s", "calls: min<1s", "errors: rate!=0%"]
)
def test_what_has_no_sides_or_cannot_be_made_good_is_no_ratio(text: str) -> None:
    assert not is_ratio(parse_threshold(text))


def test_a_limit_is_certain_when_the_whole_interval_lies_on_one_side() -> None:
    limit = parse_threshold("calls: p(95)<1s")
    assert sides(limit, Estimate(0.02, 0.01, 0.04)).surely_holds
    assert sides(limit, Estimate(0.08, 0.06, 0.1)).surely_broken
    open_one = sides(limit, Estimate(0.045, 0.02, 0.07))
    assert (open_one.surely_holds, open_one.surely_broken, open_one.seems_to_hold) == (False, False, True)


def test_the_interval_of_a_quantile_covers_it_as_often_as_it_says() -> None:
    random, covered = Random("woodruff"), 0
    for _ in range(200):
        parts = []
        for _ in range(20):
            part = Sketch()
            for _ in range(40):
                part.add(random.expovariate(1.0))
            parts.append(part)
        found = quantile_within(0.95, parts)
        assert found is not None
        covered += found.low <= 2.9957 <= found.high
    assert 0.9 <= covered / 200 <= 0.99


def test_of_nothing_there_is_no_quantile() -> None:
    assert quantile_within(0.95, [Sketch(), Sketch()]) is None
    assert ratio([pair_of(parse_threshold("calls: p(95)<1s"), Leaves())] * 9) is None
