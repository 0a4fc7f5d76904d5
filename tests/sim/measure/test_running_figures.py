"""Metrics of a run that goes on agree with the leaves of the whole, however it is cut into windows."""

from __future__ import annotations

from random import Random

import pytest
import trio
from prometheus_client.parser import text_string_to_metric_families
from trio.testing import MockClock

from actors.events import Event, Phase, PhaseBegan
from sim.measure.metric_family import exposition
from sim.measure.running_figures import RunningFigures
from sim.measure.tally import Tally
from tests.support.reports import a_second


def figures_and_whole(every: int) -> tuple[RunningFigures, Tally]:
    """Of a minute, of which a window is closed every so many seconds."""

    async def play() -> tuple[RunningFigures, Tally]:
        tally, figures, random = Tally(), RunningFigures(), Random(1)
        tally.take(PhaseBegan(Phase.MEASURED, trio.current_time()))
        for second in range(60):
            event: Event
            for event in a_second(random, second, "no room"):
                tally.take(event)
            await trio.sleep(1)
            if (second + 1) % every == 0:
                figures.add(tally.close_window(trio.current_time()))
        return figures, tally

    return trio.run(play, clock=MockClock(autojump_threshold=0))


@pytest.mark.parametrize("every", [1, 6, 60])
def test_counters_and_histograms_agree_with_the_leaves_of_the_whole(every: int) -> None:
    figures, tally = figures_and_whole(every)
    text = exposition(figures.families())
    families = {family.name: family for family in text_string_to_metric_families(text)}
    calls = sum(leaf.outcomes.total() for leaf in tally.whole.steps.values())
    assert sum(one.value for one in families["simulate_calls"].samples) == calls
    found = families["simulate_call_duration_seconds"].samples
    assert sum(one.value for one in found if one.name.endswith("_count")) == sum(
        leaf.service.count for leaf in tally.whole.steps.values()
    )
    total = sum(leaf.service.total for leaf in tally.whole.steps.values())
    assert sum(one.value for one in found if one.name.endswith("_sum")) == pytest.approx(total)
    assert families["simulate_users_on_stage"].samples[0].value == 6
    assert not {"user_0", "user_1"} & {value for one in found for value in one.labels.values()}
