"""The recorder's figures add up, whatever is fed to it; its sketches stay close to the truth."""

from __future__ import annotations

import math
import random
from random import Random

import pytest
import trio

from actors.errors import Outcome
from actors.measurement import Measurement, Phase
from sim.measure.recorder import USERS_WITH_SKETCH, Recorder
from sim.measure.sketch import Sketch
from sim.measure.summary import summarize
from sim.measure.timeline import MOST_ROWS, Timeline


def call(n: int, **fields: object) -> Measurement:
    now = trio.current_time()
    outcome = Outcome.TOOL_ERROR if n % 7 == 0 else Outcome.OK
    return Measurement(
        f"w{n % 3}", f"s{n % 5}", "t", f"user_{n % 11}", n, outcome, now, now + n / 1000, group=f"g{n % 2}"
    )


async def test_totals_are_the_sums_of_their_parts_in_every_direction(autojump_clock: object) -> None:
    recorder = Recorder()
    for n in range(50):
        recorder(call(n))
    await trio.sleep(1)
    recorder.enter(Phase.MEASURED)
    for n in range(1000):
        recorder(call(n))
    summary = summarize(recorder)
    total = summary.calls
    assert (total.total, total.ok, total.failed) == (1000, 857, 143)
    for parts in (
        [story.calls for story in summary.stories.values()],
        [step for story in summary.stories.values() for step in story.steps.values()],
        [user.calls for user in summary.users.values()],
        list(summary.groups.values()),
    ):
        assert sum(part.total for part in parts) == 1000
        assert sum(part.ok for part in parts) == 857
    assert summary.phases == {"setup": 50, "warmup": 0, "measured": 1000, "grace": 0, "cleanup": 0}
    assert sum(row.calls for row in summary.rows) == 1050


async def test_beyond_a_thousand_users_only_the_first_have_quantiles(autojump_clock: object) -> None:
    recorder = Recorder(phase=Phase.MEASURED)
    for n in range(USERS_WITH_SKETCH + 5):
        now = trio.current_time()
        recorder(Measurement("w", "s", "t", f"user_{n}", n, Outcome.OK, now, now + 0.5))
    users = summarize(recorder).users
    assert users["user_0"].calls.service.median == 0.5
    last = users[f"user_{USERS_WITH_SKETCH + 4}"].calls.service
    assert (last.count, last.mean, last.median) == (1, 0.5, None)


async def test_who_watches_is_told_for_as_long_as_he_watches(autojump_clock: object) -> None:
    recorder, seen = Recorder(), []
    recorder(call(1))
    with recorder.watched_by(seen.append):
        recorder(call(2))
    recorder(call(3))
    assert [fact.execution for fact in seen] == [2]


@pytest.mark.parametrize("count", [1, 2, 999, 1000, 1001, 50_000])
def test_a_sketch_is_exact_in_count_sum_and_extremes_and_close_in_between(count: int) -> None:
    draws = Random(count)
    samples = [draws.lognormvariate(-3, 0.8) for _ in range(count)]
    sketch = Sketch()
    for sample in samples:
        sketch.add(sample)
    samples.sort()
    assert (sketch.count, sketch.min, sketch.max) == (count, samples[0], samples[-1])
    assert sketch.total == pytest.approx(math.fsum(samples))
    for q in (0.5, 0.9, 0.95, 0.99):
        exact = samples[math.ceil(q * count) - 1]
        near = samples[max(0, math.floor(q * count) - 2) : math.ceil(q * count) + 2]
        seen = sketch.quantile(q)
        assert seen is not None
        assert min(near) * 0.99 <= seen <= max(near) * 1.01 or seen == pytest.approx(exact, rel=0.01)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_sketch_refuses_what_would_poison_it(bad: float) -> None:
    sketch = Sketch()
    sketch.add(1.0)
    with pytest.raises(ValueError, match="not a finite number"):
        sketch.add(bad)
    assert sketch.count == 1
    assert sketch.quantile(0.5) == 1.0


def test_a_sketch_does_not_move_the_dice_of_others() -> None:
    random.seed(7)
    expected = [random.random() for _ in range(3)]
    random.seed(7)
    sketch = Sketch()
    for n in range(5000):
        sketch.add(float(n))
    sketch.quantile(0.5)
    assert [random.random() for _ in range(3)] == expected


def test_a_timeline_keeps_its_size_and_loses_no_call() -> None:
    timeline = Timeline(0.0)
    for second in range(3 * MOST_ROWS):
        timeline.add_call(second + 0.5, 0.1, failed=second % 2 == 0)
    assert len(timeline.rows) <= MOST_ROWS
    assert timeline.row_s == 4.0
    assert sum(row.calls for row in timeline.rows) == 3 * MOST_ROWS
    assert sum(row.errors for row in timeline.rows) == 3 * MOST_ROWS // 2
