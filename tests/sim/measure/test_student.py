"""Student's t agrees with scipy's, wherever it is asked."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import special, stats

from sim.measure.student import incomplete_beta, t_cdf, t_quantile, t_tail

EXACT = 1e-9
DEGREES = st.floats(0.5, 2_000)
MANY = settings(deadline=None, max_examples=150)


@MANY
@given(t=st.floats(-1e4, 1e4) | st.floats(-40, 40), df=DEGREES)
@example(t=6.609375, df=44.0)
def test_its_distribution_is_scipys(t: float, df: float) -> None:
    assert t_cdf(t, df) == pytest.approx(stats.t.cdf(t, df), abs=EXACT)
    assert t_tail(t, df) == pytest.approx(2 * stats.t.sf(abs(t), df), rel=EXACT, abs=EXACT * EXACT)


@MANY
@given(share=st.floats(1e-6, 1 - 1e-6), df=DEGREES)
def test_its_quantiles_are_scipys(share: float, df: float) -> None:
    assert t_quantile(share, df) == pytest.approx(stats.t.ppf(share, df), rel=EXACT, abs=EXACT)


@MANY
@given(a=st.floats(0.25, 500), b=st.floats(0.25, 500), x=st.floats(0, 1))
def test_the_incomplete_beta_function_is_scipys(a: float, b: float, x: float) -> None:
    assert incomplete_beta(a, b, x) == pytest.approx(special.betainc(a, b, x), abs=EXACT)


@pytest.mark.parametrize(("share", "df"), [(0.0, 5), (1.0, 5), (0.5, 0), (-0.1, 3), (math.nan, 3)])
def test_what_is_no_quantile_is_refused(share: float, df: float) -> None:
    with pytest.raises(ValueError, match="no quantile"):
        t_quantile(share, df)


def test_an_endless_t_has_no_tail() -> None:
    assert t_tail(math.inf, 5) == t_tail(-math.inf, 5) == 0.0
