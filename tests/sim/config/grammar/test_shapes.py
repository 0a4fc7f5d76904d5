"""Load shapes: users on stage and arrivals equal their closed forms."""

from __future__ import annotations

import math
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.config.grammar.profile import parse_arrivals, parse_profile, parse_stages
from sim.config.grammar.shapes import ClosedProfile, OpenProfile, Stage

durations = st.one_of(st.just(0.0), st.floats(0.001, 1000))
closed_profiles = st.lists(st.builds(Stage, durations, st.integers(0, 40)), min_size=1, max_size=6).filter(
    lambda stages: any(stage.duration_s for stage in stages)
)
open_profiles = st.lists(
    st.builds(Stage, st.sampled_from([0.0, 0.5, 3.0, 10.0]), st.sampled_from([0.0, 0.25, 1.0, 7.0])),
    min_size=1,
    max_size=6,
).filter(lambda stages: any(stage.duration_s for stage in stages))


def test_everybody_of_a_constant_crowd_comes_on_at_zero() -> None:
    assert list(ClosedProfile.constant(5, 30.0).changes()) == [(0.0, 5)]


def test_users_of_a_ramp_come_half_a_spacing_after_its_start_and_leave_as_they_came() -> None:
    profile = parse_stages("10s:4,8s:0")
    assert list(profile.changes()) == [
        (1.25, 1),
        (3.75, 2),
        (6.25, 3),
        (8.75, 4),
        (11.0, 3),
        (13.0, 2),
        (15.0, 1),
        (17.0, 0),
    ]


@pytest.mark.parametrize(
    ("text", "duration_s", "peak", "samples"),
    [
        ("constant:at=7,for=1m", 60, 7, {0: 7, 30: 7, 60: 7}),
        ("ramp:from=2,to=10,for=40s", 40, 10, {0: 2, 2.4: 2, 2.5: 3, 20: 6, 37.4: 9, 37.5: 10, 40: 10}),
        ("steps:to=10,times=5,hold=10s", 50, 10, {0: 2, 9.9: 2, 10: 4, 29.9: 6, 30: 8, 50: 10}),
        ("spike:base=5,peak=50", 100, 50, {0: 5, 29.9: 5, 35: 50, 64.9: 50, 70: 5, 100: 5}),
        ("wave:low=0,high=4,period=8s,times=2", 16, 4, {0: 0, 0.5: 1, 4: 4, 4.5: 3, 8: 0, 12: 4, 16: 0}),
        ("soak:at=10,rise=10s,for=100s,fall=10s", 120, 10, {0: 0, 0.5: 1, 10: 10, 110: 10, 110.5: 9, 120: 0}),
    ],
)
def test_closed_presets_follow_their_closed_form(
    text: str, duration_s: float, peak: int, samples: dict[float, int]
) -> None:
    profile = parse_profile(text)
    assert isinstance(profile, ClosedProfile)
    assert (profile.duration_s, profile.peak) == (duration_s, peak)
    assert {at: profile.users_at(at) for at in samples} == samples


@pytest.mark.parametrize(
    ("text", "expected", "arrivals"),
    [
        ("constant:at=2/s,for=10s", 20, {1: 0.5, 2: 1.0, 20: 10.0}),
        ("ramp:to=2/s,for=10s", 10, {1: math.sqrt(10), 5: math.sqrt(50), 10: 10.0}),
        ("ramp:from=2/s,to=0/s,for=10s", 10, {1: 10 - math.sqrt(90), 10: 10.0}),
        ("steps:to=4/s,times=2,hold=5s", 30, {10: 5.0, 11: 5.25, 30: 10.0}),
        ("spike:base=1/s,peak=11/s,before=10s,rise=2s,for=5s", 99, {10: 10.0, 22: 12.0, 77: 17.0, 99: 29.0}),
        ("wave:low=0/s,high=2/s,period=4s,times=2", 8, {2: 2.0, 4: 4.0, 6: 6.0, 8: 8.0}),
        ("soak:at=1/s,rise=2s,for=10s,fall=2s", 12, {1: 2.0, 6: 7.0, 11: 12.0, 12: 14.0}),
        ("breakpoint:from=0/s,to=20/s,for=10s", 100, {1: 1.0, 25: 5.0, 100: 10.0}),
        ("10s:0/s,0s:1/s,5s:1/s,20s:0/s", 15, {1: 11.0, 5: 15.0}),
    ],
)
def test_arrivals_are_where_the_integral_of_the_rate_says(
    text: str, expected: float, arrivals: dict[int, float]
) -> None:
    profile = parse_profile(text)
    assert isinstance(profile, OpenProfile)
    assert profile.expected == pytest.approx(expected)
    assert {k: profile.arrival(k) for k in arrivals} == pytest.approx(arrivals)


def test_an_arrival_at_the_end_of_a_stage_does_not_wait_for_the_pause_behind_it_to_pass() -> None:
    profile = parse_arrivals("0s:1/s,5s:1/s,0s:0/s,100s:0/s,0s:1/s,5s:1/s")
    assert [profile.arrival(k) for k in (5, 6)] == [5.0, 106.0]


def test_there_is_no_arrival_beyond_the_last() -> None:
    profile = parse_arrivals("0s:2/s,10s:2/s")
    for k in (0, 21):
        with pytest.raises(ValueError, match="there are 20"):
            profile.arrival(k)


def test_poisson_arrivals_repeat_with_their_seed_and_come_as_often_as_expected() -> None:
    profile = parse_arrivals("100s:10/s,100s:0/s")
    runs = [list(profile.arrivals(Random(seed))) for seed in range(20)]
    assert runs[3] == list(profile.arrivals(Random(3)))
    assert runs[3] != runs[4]
    assert sum(map(len, runs)) == pytest.approx(20 * 1000, rel=0.03)
    assert sum(at < 100 for run in runs for at in run) == pytest.approx(20 * 500, rel=0.05)


def test_a_shape_that_takes_no_time_is_none() -> None:
    with pytest.raises(ValueError, match="takes time"):
        ClosedProfile((Stage(0, 5),))


def test_half_a_user_cannot_come() -> None:
    with pytest.raises(ValueError, match="whole numbers"):
        ClosedProfile((Stage(5, 2.5),))


@given(closed_profiles)
def test_the_changes_are_all_there_is_to_know_about_a_closed_shape(stages: list[Stage]) -> None:
    profile = ClosedProfile(stages)
    changes = list(profile.changes())
    assert all(a[0] < b[0] for a, b in pairwise(changes))
    users = 0
    for at, count in changes:
        assert profile.users_at(math.nextafter(at, -1)) == users
        assert profile.users_at(at) == count
        assert 0 <= count <= profile.peak
        users = count
    assert users == profile.users_at(profile.duration_s) == stages[-1].target


@given(closed_profiles)
def test_the_users_time_on_stage_is_the_area_under_the_line(stages: list[Stage]) -> None:
    profile = ClosedProfile(stages)
    points = [(0.0, 0), *profile.changes(), (profile.duration_s, 0)]
    spent = sum(users * (after - at) for (at, users), (after, _) in pairwise(points))
    levels = [0.0, *(stage.target for stage in stages)]
    area = sum(stage.duration_s * (levels[i] + stage.target) / 2 for i, stage in enumerate(stages))
    assert spent == pytest.approx(area, abs=1e-6)


@given(closed_profiles)
def test_stages_add_up(stages: list[Stage]) -> None:
    profile = ClosedProfile(stages)
    assert profile.duration_s == pytest.approx(sum(stage.duration_s for stage in stages))
    assert parse_profile(str(profile)) == profile if profile.peak else True


@given(open_profiles)
def test_even_arrivals_are_the_integral_of_the_rate(stages: list[Stage]) -> None:
    profile = OpenProfile(stages, poisson=False)
    instants = list(profile.arrivals(Random(0)))
    assert len(instants) == profile.count == math.floor(profile.expected + 1e-6)
    assert instants == sorted(instants)
    for k, at in enumerate(instants, start=1):
        assert 0 <= at <= profile.duration_s
        assert profile.expected_by(at) == pytest.approx(k, abs=1e-6)
