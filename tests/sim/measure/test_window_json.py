"""Windows as JSON: what one process sends and another merges, and nobody else can pass off as one."""

from __future__ import annotations

import copy
import json
import math
import random
from collections.abc import Iterator
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors.events import CheckKind, Missed, NotStarted, OnStage, Phase, ViolationKind
from sim.measure.leaves import Leaves
from sim.measure.plain_leaves import MAX_POINTS_OF_ALL
from sim.measure.points import COMPRESSION
from sim.measure.sketch import MAX_POINTS, Sketch
from sim.measure.snapshot import VERSION, GeneratorUsage, Snapshot
from sim.measure.timeline_row import Row
from tests.sim.measure.test_windows import events, told
from tests.support.facts import call, execution, propagation, violation
from tests.support.tallying import Recorder

MAX_USUAL_BYTES = 10_000
Q = (0.0, 0.5, 0.9, 0.95, 0.99, 1.0)


def through_json(window: Snapshot) -> Snapshot:
    return Snapshot.from_json(json.loads(json.dumps(window.to_json(), allow_nan=False)))


def sketches(window: Snapshot) -> Iterator[Sketch]:
    leaves = window.leaves
    yield from (leaves.inbox_wait, leaves.lateness, leaves.ended)
    for step in leaves.steps.values():
        yield from (step.service, step.response)
    for story in leaves.stories.values():
        yield from (story.duration, story.response)
        for spans in story.intervals.values():
            yield from (spans.lower, spans.upper)


def second(calls: int, seed: int = 1, number: int = 1) -> Snapshot:
    """A second of a run of all workflows: so many calls of 30 steps, and executions of five stories."""
    draws, recorder = random.Random(seed), Recorder(Phase.MEASURED)
    for place in range(calls):
        step = place % 30
        recorder(
            call(
                draws.lognormvariate(-3, 0.7),
                workflow=f"workflow_{step % 5}",
                step=f"step_{step}",
                inbox_wait_s=draws.expovariate(10_000),
            )
        )
    for place in range(calls // 6):
        recorder(
            execution(
                draws.uniform(0.5, 2),
                workflow=f"workflow_{place % 5}",
                checks={CheckKind.CONTENT: 2},
                intervals=(propagation(0.0, draws.uniform(0.1, 0.3)),),
            )
        )
    recorder(OnStage(0.0, "", 50, 49))
    return recorder.close_window(recorder.started + number, GeneratorUsage(0.5, 10**8))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(facts=events, repeated=st.integers(1, 40))
async def test_what_a_document_gives_gives_the_same_document_again(
    facts: list[tuple[str, float, object, str]], repeated: int
) -> None:
    recorder = Recorder(Phase.MEASURED)
    recorder(execution(violations=(violation(ViolationKind.STALE_READ),), checks={CheckKind.CONTENT: 2}))
    recorder(NotStarted("note_share", Missed.DROPPED, recorder.started))
    for fact in facts * repeated:
        if fact[0] != "window":
            told(recorder, fact)
    window = recorder.close_window(recorder.started + 1, GeneratorUsage(0.25, 1000))
    document = window.to_json()
    assert Snapshot.from_json(document).to_json() == document
    assert all(
        len(list(sketch.weighted())) <= MAX_POINTS for sketch in sketches(Snapshot.from_json(document))
    )
    back = through_json(window)
    assert [sketch.count for sketch in sketches(back)] == [sketch.count for sketch in sketches(window)]
    for before, after in zip(sketches(window), sketches(back), strict=True):
        exact = (before.min, before.max, before.total)
        assert (after.min, after.max, after.total) == pytest.approx(exact, rel=1e-8)
        if 0 < before.count <= MAX_POINTS_OF_ALL:
            assert [after.quantile(q) for q in Q] == pytest.approx([before.quantile(q) for q in Q], rel=1e-4)


def counts(leaves: Leaves) -> dict[str, object]:
    return {
        "steps": {key: (leaf.outcomes, leaf.service.count) for key, leaf in leaves.steps.items()},
        "stories": {
            key: (leaf.endings, leaf.duration.count, leaf.checks, leaf.intervals["propagation"].first_hits)
            for key, leaf in leaves.stories.items()
        },
        "ended": (leaves.ended_calls, leaves.ended_errors, leaves.ended_executions, leaves.ended.count),
    }


def assert_near(one: Sketch, other: Sketch, compression: float) -> None:
    """A quantile may move by the share of samples that one point holds there, or by one sample."""
    for q in Q:
        shift = 2 * math.pi / compression * math.sqrt(q * (1 - q)) + 1 / other.count
        low, value, high = (
            sketch.quantile(at)
            for sketch, at in ((other, max(0.0, q - shift)), (one, q), (other, min(1.0, q + shift)))
        )
        assert low is not None and value is not None and high is not None
        assert low * (1 - 1e-4) <= value <= high * (1 + 1e-4), q


def assert_alike(one: Snapshot, other: Snapshot) -> None:
    """Counts to the last, quantiles within the sketch's error."""
    counted, same = (counts(each.leaves) for each in (one, other))
    assert counted == same
    assert_near(one.leaves.ended, other.leaves.ended, MAX_POINTS_OF_ALL)
    services = [Sketch.merged(leaf.service for leaf in each.leaves.steps.values()) for each in (one, other)]
    assert_near(services[0], services[1], COMPRESSION)
    assert (one.number, one.started, one.phase, one.bins) == (
        other.number,
        other.started,
        other.phase,
        other.bins,
    )
    assert one.seconds == pytest.approx(other.seconds)
    assert one.generator is not None and other.generator is not None
    assert one.generator.cpu_s == pytest.approx(other.generator.cpu_s)
    assert one.generator.rss_bytes == other.generator.rss_bytes


@pytest.mark.parametrize("calls", [10, 300, 3000])
async def test_windows_that_went_through_json_merge_in_any_order_and_grouping(calls: int) -> None:
    windows = [second(calls, seed, seed + 1) for seed in range(6)]
    windows = [window if seed % 2 else unknown_usage(window) for seed, window in enumerate(windows)]
    sent = [through_json(window) for window in windows]
    whole = Snapshot.merged(windows)
    assert_alike(Snapshot.merged(sent), whole)
    assert_alike(Snapshot.merged(sent[::-1]), whole)
    left = Snapshot.merged([Snapshot.merged(sent[:4]), Snapshot.merged(sent[4:])])
    right = Snapshot.merged([sent[0], through_json(Snapshot.merged(sent[1:]))])
    assert_alike(left, whole)
    assert_alike(right, whole)


def unknown_usage(window: Snapshot) -> Snapshot:
    return attrs.evolve(window, generator=None)


@pytest.mark.parametrize("calls", [10, 1000])
async def test_a_row_is_the_same_whether_its_window_was_sent_or_not(calls: int) -> None:
    window = second(calls)
    here, there = Row.of(window), Row.of(through_json(window))
    for name in ("calls", "errors", "executions", "timed", "outcomes", "bins", "there", "wanted"):
        assert getattr(here, name) == getattr(there, name), name
    assert there.slowest_s == pytest.approx(here.slowest_s, rel=1e-8)
    assert there.service.quantile(0.95) == pytest.approx(here.service.quantile(0.95), rel=0.02)


async def test_a_usual_second_is_small_and_the_busiest_bounded() -> None:
    assert len(json.dumps(second(150).to_json(), separators=(",", ":"))) <= MAX_USUAL_BYTES
    many = len(json.dumps(second(20_000).to_json(), separators=(",", ":")))
    assert many <= 2 * len(json.dumps(second(7000).to_json(), separators=(",", ":")))


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in a document, with each of its keys."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(items):
        yield value, key
        yield from places(inner)


@pytest.mark.parametrize("bad", [None, "x" * 5000, -(10**30), math.nan, math.inf, [[]], {"x": 1}, True])
async def test_a_document_in_which_anything_is_something_else_is_refused_or_still_a_window(bad: Any) -> None:
    document = second(40).to_json()
    number, refused = len(list(places(document))), 0
    for place in range(0, number, 7):
        spoilt = copy.deepcopy(document)
        container, key = list(places(spoilt))[place]
        container[key] = bad
        try:
            window = Snapshot.from_json(spoilt)
        except ValueError as error:
            refused += 1
            assert str(error).isprintable() and len(str(error)) < 300
        else:
            assert window.to_json()
    assert refused > number / 7 / 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": VERSION + 1}, "a newer release: its version is 2"),
        ({"version": 0}, "its version is 0"),
        ({"version": "1"}, r"Expected `int`, got `str` - at `\$.version`"),
        ({"colour": 1}, "unknown field `colour`"),
        ({"seconds": -1}, r"\$.seconds"),
        ({"phase": "lunch"}, "'lunch' - at"),
        ({"leaves": {"ended": [1, 2, 3, [2, 1]]}}, "ascending order"),
        ({"leaves": {"ended": [1, 2, 3, [1, 2], [1]]}}, "1 weights"),
        ({"leaves": {"steps": [{"phase": "setup"}, {"phase": "setup"}]}}, "the same"),
    ],
)
async def test_the_refusal_of_a_foreign_document_says_what_and_where(
    change: dict[str, object], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        Snapshot.from_json(second(10).to_json() | change)


@pytest.mark.parametrize("foreign", [None, 1, "text", [], {}, {"version": True}, {"leaves": {}}])
def test_what_is_no_window_at_all_is_refused(foreign: object) -> None:
    with pytest.raises(ValueError, match="not as windows are"):
        Snapshot.from_json(foreign)
