"""Quantiles from bins, against those of the samples that were put into them."""

from __future__ import annotations

import math
from bisect import bisect_right

from hypothesis import given
from hypothesis import strategies as st

from sim.measure.bins import BIN_EDGES_S
from sim.report.compare.within import quantile_of_bins

times_s = st.floats(BIN_EDGES_S[0], BIN_EDGES_S[-1], exclude_max=True)


@given(st.lists(times_s, max_size=200), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_a_quantile_of_bins_lies_in_the_bin_of_that_of_the_samples(samples: list[float], q: float) -> None:
    counts = [0.0] * (len(BIN_EDGES_S) + 1)
    for seconds in samples:
        counts[bisect_right(BIN_EDGES_S, seconds)] += 1
    found = quantile_of_bins(counts, q)
    if not samples:
        assert found is None
        return
    assert found is not None
    exact = sorted(samples)[math.ceil(q * len(samples)) - 1]
    place = bisect_right(BIN_EDGES_S, exact)
    # The upper edge of a bin is where all that is in it has been counted.
    assert BIN_EDGES_S[place - 1] * (1 - 1e-9) <= found.value <= BIN_EDGES_S[place] * (1 + 1e-9)
    assert found.count == len(samples)
