"""Clocks that differ are compared by what a message takes there and back."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.fleet.clock_offset import ClockOffset, lead_s


@given(seed=st.integers(0, 10**6), offset=st.floats(-1e4, 1e4))
def test_the_offset_is_known_within_half_of_the_shortest_way_there_and_back(seed: int, offset: float) -> None:
    random = Random(seed)
    probes = []
    for number in range(8):
        there, back = random.expovariate(50), random.expovariate(50)
        sent = 100.0 * number
        probes.append((sent, sent + there + offset, sent + there + back))
    found = ClockOffset.of(probes)
    assert abs(found.offset_s - offset) <= found.error_s + 1e-6
    assert found.rtt_s == pytest.approx(min(back - sent for sent, _, back in probes))


def test_the_start_is_told_early_enough_for_the_furthest() -> None:
    assert lead_s([ClockOffset(0, 0.01)]) == 1.0
    assert lead_s([ClockOffset(0, 0.01), ClockOffset(3, 0.5)]) == 2.5
    # A machine that was late once will be again.
    assert lead_s([ClockOffset(0, 0.01, 0.9), ClockOffset(3, 0.01)]) == 1.8
