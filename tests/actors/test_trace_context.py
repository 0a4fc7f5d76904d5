"""Traces: well-formed, the same for the same draws, and as many of them sampled as were asked for."""

from __future__ import annotations

import re
import statistics
from random import Random

import pytest

from actors.trace_context import Traces, is_sampled, span_id_of, trace_id_of

LEVEL_1 = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-0[01]")
"""https://www.w3.org/TR/trace-context/#traceparent-header, version 00."""


def test_every_traceparent_is_well_formed_and_each_call_has_a_span_of_its_own() -> None:
    traces = Traces(Random(1), share=0.5)
    seen: set[str] = set()
    for number in range(1, 200):
        trace = traces.begin(number)
        told = [trace.root, *(trace.next() for _ in range(50))]
        assert all(LEVEL_1.fullmatch(each) for each in told)
        assert {trace_id_of(each) for each in told} == {trace.trace_id}
        assert len({span_id_of(each) for each in told}) == len(told)
        assert len(set(map(is_sampled, told))) == 1
        seen.add(trace.trace_id)
    assert len(seen) == 199
    assert len({each[:16] for each in seen}) == 1


def test_the_trace_of_an_execution_depends_on_the_draws_and_its_number_alone() -> None:
    forth = [Traces(Random(7)).begin(number).root for number in range(1, 50)]
    one = Traces(Random(7))
    back = [one.begin(number).root for number in reversed(range(1, 50))]
    assert forth == back[::-1]
    assert Traces(Random(8)).begin(1).trace_id != forth[0][3:35]


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 1.0])
def test_so_many_executions_are_sampled_as_were_asked_for(share: float) -> None:
    traces = Traces(Random(3), share)
    rate = statistics.fmean(is_sampled(traces.begin(number).root) for number in range(20_000))
    assert rate == pytest.approx(share, abs=4 * (share * (1 - share) / 20_000) ** 0.5)
