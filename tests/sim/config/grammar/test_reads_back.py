"""What each grammar reads, it writes so that it reads the same."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.config.grammar.distribution import parse_distribution
from sim.config.grammar.duration import format_duration, parse_duration
from sim.config.grammar.mix import format_mix, parse_mix
from sim.config.grammar.number import format_percentage, format_rate, parse_percentage, parse_rate
from sim.config.grammar.piece import GrammarError
from sim.config.grammar.profile import parse_arrivals, parse_profile, parse_stages
from sim.config.grammar.region import parse_region
from sim.config.grammar.server_model import parse_server_model
from sim.config.grammar.size import format_size, parse_size

Texts = st.SearchStrategy[str]


def in_words(pattern: str, *parts: Texts) -> Texts:
    return st.tuples(*parts).map(lambda values: pattern.format(*values))


def several(part: Texts) -> Texts:
    return st.lists(part, min_size=1, max_size=4).map(",".join)


plain = st.floats(0, 1e6).map(lambda value: format(Decimal(repr(value)), "f"))
numbers = st.one_of(st.integers(0, 100).map(str), st.decimals(0, 100, places=3).map(str), plain)
counts = st.integers(1, 50).map(str)
durations = in_words("{}{}", numbers, st.sampled_from(["us", "ms", "s", "s", "m", "h", "d"]))
rates = in_words("{}/{}", numbers, st.sampled_from("ssmh"))
percents = in_words("{}%", numbers)
distributions = st.one_of(
    durations,
    in_words("exp:{}", durations),
    in_words("uniform:0s-{}", durations),
    in_words("lognormal:{},{}", durations, st.floats(0, 5).map("{:.6f}".format)),
)
levels = st.one_of(rates, counts)
presets = st.one_of(
    in_words("constant:at={},for={}", levels, durations),
    in_words("ramp:from={},to={},for={}", rates, rates, durations),
    in_words("steps:to={},times={},hold={}", levels, counts, durations),
    in_words("wave:low={},high={},period={},times={}", rates, rates, durations, counts),
    in_words("spike:base={},peak={}", counts, counts),
    in_words("breakpoint:from={},to={},for={}", rates, rates, durations),
)
stages = several(in_words("{}:{}", durations, counts))
arrivals = several(in_words("{}:{}", durations, rates))

WRITTEN: dict[Callable[[str], Any], tuple[Texts, Callable[[Any], str]]] = {
    parse_duration: (durations, format_duration),
    parse_size: (in_words("{}{}", numbers, st.sampled_from(["", "B", "kB", "KiB", "MiB"])), format_size),
    parse_rate: (rates, format_rate),
    parse_percentage: (percents, format_percentage),
    parse_distribution: (distributions, str),
    parse_region: (in_words("eu={}:rtt=1h,jitter={},loss={}", percents, durations, percents), str),
    parse_server_model: (
        in_words("servers={},service={},lock={}", counts, distributions, distributions),
        str,
    ),
    parse_mix: (in_words("a={},b={},c=1", numbers, numbers), format_mix),
    parse_stages: (stages, str),
    parse_arrivals: (arrivals, str),
    parse_profile: (st.one_of(presets, stages, arrivals), str),
}


@pytest.mark.parametrize("parse", WRITTEN, ids=lambda parse: parse.__name__)
def test_what_is_read_is_written_so_that_it_reads_the_same(parse: Callable[[str], Any]) -> None:
    texts, write = WRITTEN[parse]
    read = []

    @settings(max_examples=80)
    @given(texts)
    def check(text: str) -> None:
        try:
            value = parse(text)
        except GrammarError:
            return
        read.append(text)
        assert parse(write(value)) == value

    check()
    assert len(read) > 15


def test_a_ramp_from_nothing_until_it_breaks_can_be_written() -> None:
    profile = parse_profile("breakpoint:from=0/s,to=20/s,for=10m")
    assert str(profile) == "breakpoint:from=0/s,to=20/s,for=10m"
    assert parse_profile(str(profile)) == profile


def test_the_least_rate_can_be_written() -> None:
    least = parse_rate("0.000000000001/m")
    assert parse_rate(format_rate(least)) == least
    for many in ("0." + "0" * 500 + "1", "1" * 31):
        with pytest.raises(GrammarError, match="too many digits"):
            parse_rate(f"{many}/s")
