"""A profile that is changed in mid-run: what was before stays, what comes then is as it was asked for."""

from __future__ import annotations

from random import Random

import pytest

from sim.config.grammar.shapes import ClosedProfile, OpenProfile, Profile, Stage
from sim.config.grammar.steered import steered


def any_profile(random: Random) -> Profile:
    lengths = [random.choice([0.0, 1.0, 7.5]) for _ in range(3)]
    if random.random() < 0.5:
        return ClosedProfile((*(Stage(s, random.randint(0, 9)) for s in lengths), Stage(5.0, 4)))
    return OpenProfile((*(Stage(s, random.uniform(0, 9)) for s in lengths), Stage(5.0, 4)), poisson=False)


@pytest.mark.parametrize("seed", range(60))
def test_the_past_and_the_end_stay_and_the_rest_is_the_way_to_the_target(seed: int) -> None:
    random = Random(seed)
    before = any_profile(random)
    at_s = random.choice([0.0, before.starts_s[1], random.uniform(0, before.duration_s * 0.99)])
    if at_s >= before.duration_s:
        at_s = 0.0
    target, over_s = float(random.randint(0, 9)), random.choice([0.0, 0.5, 100.0])
    after = steered(before, at_s, target, over_s)
    assert type(after) is type(before)
    assert after.duration_s == pytest.approx(before.duration_s)
    for share in (0.1, 0.5, 0.9):
        passed = at_s * share
        if not passed:
            continue
        if isinstance(before, ClosedProfile):
            assert isinstance(after, ClosedProfile)
            # The line is cut where users are whole ones, so that half a user may be off.
            assert abs(after.users_at(passed) - before.users_at(passed)) <= 1
        else:
            assert after.level_at(passed) == pytest.approx(before.level_at(passed))
    if over_s < before.duration_s - at_s:
        for share in (0.01, 0.5, 1.0):
            left_s = before.duration_s - at_s - over_s
            assert after.level_at(at_s + over_s + left_s * share) == pytest.approx(target)
    else:
        assert (after.level_at(after.duration_s) - target) * (before.level_at(at_s) - target) >= -1


@pytest.mark.parametrize("seed", range(20))
def test_arrivals_after_an_instant_are_those_of_the_whole_without_the_earlier_ones(seed: int) -> None:
    random = Random(seed)
    rates = [Stage(random.choice([0.0, 4.0]), random.uniform(0, 9)) for _ in range(3)]
    profile = OpenProfile((*rates, Stage(5.0, 4)), poisson=False)
    since_s = random.uniform(0, profile.duration_s)
    whole = [at for at in profile.arrivals(Random(1)) if at > since_s + 1e-6]
    assert list(profile.arrivals(Random(1), since_s)) == pytest.approx(whole)


@pytest.mark.parametrize(("at_s", "over_s"), [(-1.0, 1.0), (10.0, 0.0), (11.0, 0.0), (5.0, -1.0)])
def test_what_is_over_cannot_be_changed(at_s: float, over_s: float) -> None:
    with pytest.raises(ValueError, match="over"):
        steered(ClosedProfile.constant(3, 10.0), at_s, 2, over_s)
