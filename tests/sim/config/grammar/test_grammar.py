"""Every grammar: what it reads, what it says of what it cannot read, and that it says nothing else."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.config.grammar.distribution import Distribution, Shape, parse_distribution
from sim.config.grammar.duration import MAX_DURATION_S, format_duration, parse_duration
from sim.config.grammar.mix import format_mix, parse_mix
from sim.config.grammar.number import (
    format_percentage,
    format_rate,
    parse_count,
    parse_percentage,
    parse_rate,
)
from sim.config.grammar.piece import GrammarError
from sim.config.grammar.profile import parse_arrivals, parse_profile, parse_stages
from sim.config.grammar.region import Region, check_regions, parse_region
from sim.config.grammar.server_model import parse_server_model
from sim.config.grammar.size import format_size, parse_size
from sim.config.grammar.threshold import (
    Aggregate,
    Comparison,
    Metric,
    Threshold,
    Unit,
    format_bound,
    parse_threshold,
)

Parse = Callable[[str], Any]

GRAMMARS: dict[Parse, Callable[[Any], str]] = {
    parse_duration: format_duration,
    parse_size: format_size,
    parse_count: str,
    parse_rate: format_rate,
    parse_percentage: format_percentage,
    parse_distribution: str,
    parse_region: str,
    parse_server_model: str,
    parse_mix: format_mix,
    parse_stages: str,
    parse_arrivals: str,
    parse_profile: str,
    parse_threshold: str,
}
WORDS = """
0 1 5 50 .5 1.5 99999999999999999999 -1 nan inf 1e9 ٣ ² ms s m h d us % / : , = - . { } ( ) < <= == x
exp uniform lognormal eu rtt jitter loss spike base peak from to for p(95) med rate count abort after
note_share group region servers service slower
lock leak jam KiB MB B breakpoint constant at steps times 20/s 60% 30s é
"""
texts = st.one_of(
    st.text(max_size=30),
    st.lists(st.sampled_from([*WORDS.split(), " ", "\t", "\n", "\0", "\ud800"]), max_size=12).map("".join),
)


@pytest.mark.parametrize("parse", GRAMMARS, ids=lambda parse: parse.__name__)
def test_any_text_is_a_value_that_reads_back_or_one_line_that_points_at_the_place(parse: Parse) -> None:
    @given(texts)
    def check(text: str) -> None:
        try:
            value = parse(text)
        except GrammarError as error:
            assert str(error).isprintable()
            assert error.problem
            assert 0 <= error.offset <= len(text)
            assert error.source == text
        else:
            assert parse(GRAMMARS[parse](value)) == value

    check()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("250ms", 0.25),
        ("30s", 30),
        ("5m30s", 330),
        ("2h", 7200),
        ("1.5h", 5400),
        ("7", 7),
        (".5", 0.5),
        ("1m0.25s", 60.25),
        ("0", 0),
        (" 3s ", 3),
        ("100us", 0.0001),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@given(st.floats(0, MAX_DURATION_S))
def test_every_duration_that_is_written_reads_back_exactly(seconds: float) -> None:
    if len(repr(seconds)) < 20 and (seconds == 0 or seconds > 1e-6):
        assert parse_duration(format_duration(seconds)) == seconds


@pytest.mark.parametrize(
    ("text", "size"),
    [("400", 400), ("64KiB", 65536), ("1MB", 10**6), ("1.5kib", 1536), ("0B", 0), ("2 GiB", 2**31)],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


def test_rates_are_a_second() -> None:
    assert [parse_rate(text) for text in ("20/s", "300/m", "36/h")] == [20, 5, 0.01]


def test_percentages_are_exact() -> None:
    assert [parse_percentage(text) for text in ("60%", "0.5%", "100%", "0%")] == [0.6, 0.005, 1, 0]


@pytest.mark.parametrize(
    ("text", "mean_s"),
    [
        ("50ms", 0.05),
        ("exp:2s", 2.0),
        ("uniform:1s-3s", 2.0),
        ("lognormal:2s,0.6", 2 * math.exp(0.18)),
        ("uniform:2s-2s", 2.0),
    ],
)
def test_draws_have_the_mean_that_the_distribution_names(text: str, mean_s: float) -> None:
    distribution = parse_distribution(text)
    random = Random(4)
    draws = [distribution.sample(random) for _ in range(20_000)]
    assert distribution.mean_s == pytest.approx(mean_s)
    assert sum(draws) / len(draws) == pytest.approx(mean_s, rel=0.03)
    assert min(draws) >= 0


def test_the_first_word_of_a_lognormal_is_its_median() -> None:
    random = Random(7)
    distribution = Distribution(Shape.LOGNORMAL, 2.0, 0.6)
    draws = sorted(distribution.sample(random) for _ in range(20_001))
    assert draws[10_000] == pytest.approx(2.0, rel=0.03)


def test_a_region() -> None:
    assert parse_region("ap=10%:rtt=220ms,jitter=40ms,loss=0.5%") == Region("ap", 0.1, 0.22, 0.04, 0.005)
    assert parse_region("eu=60%") == Region("eu", 0.6)


@pytest.mark.parametrize(
    ("shares", "problem"), [((0.6, 0.6), "120%"), ((0.0,), "0%"), ((0.5, 0.5), None), ((0.7, 0.2, 0.1), None)]
)
def test_shares_of_regions_stay_within_everybody(shares: tuple[float, ...], problem: str | None) -> None:
    regions = [Region(f"r{n}", share) for n, share in enumerate(shares)]
    if problem is None:
        check_regions(regions)
    else:
        with pytest.raises(GrammarError, match=problem):
            check_regions(regions)


def test_a_server_model_with_a_comma_inside_a_service_time() -> None:
    model = parse_server_model("servers=4,service=lognormal:30ms,0.5,nc_notes_get_note=exp:10ms")
    assert model.servers == 4
    assert model.service == Distribution(Shape.LOGNORMAL, 0.03, 0.5)
    assert model.by_tool == {"nc_notes_get_note": Distribution(Shape.EXPONENTIAL, 0.01)}


def test_a_server_model_that_gets_worse_by_load() -> None:
    text = "servers=4,service=exp:30ms,slower=2%,lock=exp:5ms,leak=0.1%,jam=40"
    model = parse_server_model(text)
    assert (model.slower, model.leak, model.jam, model.by_tool) == (0.02, 0.001, 40, {})
    assert model.lock == Distribution(Shape.EXPONENTIAL, 0.005)
    assert str(model) == text
    for bad, problem in (("slower=2", "%"), ("jam=0", "at least 1"), ("lock=", "no value")):
        with pytest.raises(GrammarError, match=problem):
            parse_server_model(bad)


@pytest.mark.parametrize(
    ("text", "threshold"),
    [
        (
            "note_share: p(95)<500ms",
            Threshold(Metric("note_share"), Aggregate.QUANTILE, Comparison.LESS, 0.5, Unit.SECONDS, 0.95),
        ),
        (
            "note_share.read_shared_note: med<1s",
            Threshold(
                Metric("note_share", "read_shared_note"),
                Aggregate.QUANTILE,
                Comparison.LESS,
                1.0,
                Unit.SECONDS,
                0.5,
            ),
        ),
        (
            "errors: rate<1% abort after 30s",
            Threshold(
                Metric("errors"), Aggregate.RATE, Comparison.LESS, 0.01, Unit.FRACTION, abort_after_s=30.0
            ),
        ),
        (
            "calls: rate >= 20/s abort",
            Threshold(
                Metric("calls"), Aggregate.RATE, Comparison.AT_LEAST, 20.0, Unit.PER_SECOND, abort_after_s=0.0
            ),
        ),
        (
            "lost_updates: count==0",
            Threshold(Metric("lost_updates"), Aggregate.COUNT, Comparison.EQUAL, 0.0, Unit.COUNT),
        ),
        (
            "note_share{region:eu,group:a}: p(99.9)<2s",
            Threshold(
                Metric("note_share", group="a", region="eu"),
                Aggregate.QUANTILE,
                Comparison.LESS,
                2.0,
                Unit.SECONDS,
                0.999,
            ),
        ),
    ],
)
def test_thresholds(text: str, threshold: Threshold) -> None:
    parsed = parse_threshold(text)
    assert str(parsed) == text
    assert parsed == attrs.evolve(threshold, text=text)


def test_comparisons_compare() -> None:
    table = {c: [c.holds(value, 2.0) for value in (1.0, 2.0, 3.0)] for c in Comparison}
    assert table == {
        Comparison.LESS: [True, False, False],
        Comparison.AT_MOST: [True, True, False],
        Comparison.MORE: [False, False, True],
        Comparison.AT_LEAST: [False, True, True],
        Comparison.EQUAL: [False, True, False],
        Comparison.UNEQUAL: [True, False, True],
    }


def test_measured_values_are_said_in_the_words_of_the_bound() -> None:
    values = [
        (0.1234, Unit.SECONDS),
        (2.5, Unit.SECONDS),
        (0.0123, Unit.FRACTION),
        (3, Unit.PER_SECOND),
        (7, Unit.COUNT),
    ]
    assert [format_bound(*value) for value in values] == ["123.4ms", "2.5s", "1.23%", "3/s", "7"]
