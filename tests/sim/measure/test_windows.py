"""Windows: what came while each was open; together they are the run."""

from __future__ import annotations

import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from actors.errors import Outcome
from actors.events import (
    Ending,
    Phase,
)
from sim.measure.hub import is_snapshot
from sim.measure.leaves import Leaves
from sim.measure.snapshot import Snapshot
from tests.support.facts import call, execution
from tests.support.tallying import Recorder


async def test_a_window_has_what_came_while_it_was_open_and_the_run_all_of_it(
    autojump_clock: MockClock,
) -> None:
    recorder = Recorder()
    recorder.enter(Phase.MEASURED)
    recorder(call(0.1))
    begun = trio.current_time()
    await trio.sleep(1)
    recorder.hub.close_window()
    recorder(call(started=begun, finished=begun + 1))
    recorder.note_lateness(0.5)
    await trio.sleep(2)
    window = recorder.hub.close_window()
    recorder(call(0.1))
    recorder.note_lateness(0.25)
    assert (window.leaves.counts_in().total, recorder.calls) == (1, 3)
    assert (window.leaves.lateness.count, recorder.lateness.count) == (1, 2)
    assert (window.started, window.seconds, window.phase) == (begun + 1, 2, Phase.MEASURED)


async def test_a_window_belongs_to_one_phase(autojump_clock: MockClock) -> None:
    recorder = Recorder(Phase.WARMUP)
    with recorder.hub.subscribe(is_snapshot) as told:
        recorder(call())
        await trio.sleep(0.25)
        recorder.enter(Phase.MEASURED)
        recorder(call())
        await trio.sleep(0.75)
        recorder.hub.close_window()
        windows = [each for each in told.take() if isinstance(each, Snapshot)]
    assert [(each.phase, each.seconds, each.leaves.ended_calls) for each in windows] == [
        (Phase.WARMUP, 0.25, 1),
        (Phase.MEASURED, 0.75, 1),
    ]


events = st.lists(
    st.one_of(
        st.builds(
            lambda seconds, outcome, step: ("call", seconds, outcome, step),
            st.floats(0.0001, 60),
            st.sampled_from(Outcome),
            st.sampled_from("abc"),
        ),
        st.builds(
            lambda seconds, ending: ("execution", seconds, ending, ""),
            st.floats(0.001, 60),
            st.sampled_from(Ending),
        ),
        st.just(("window", 0.0, None, "")),
    ),
    max_size=60,
)


def told(recorder: Recorder, event: tuple[str, float, object, str]) -> Snapshot | None:
    kind, seconds, how, step = event
    if kind == "window":
        return recorder.hub.close_window()
    if kind == "call":
        assert isinstance(how, Outcome)
        recorder(call(seconds, outcome=how, step=step, text="x"))
    else:
        assert isinstance(how, Ending)
        recorder(execution(seconds, ending=how))
    return None


def shape(leaves: Leaves) -> dict[str, object]:
    """What has to be the same, whatever was added up in whatever order."""
    return {
        "steps": {
            key: (leaf.outcomes, leaf.service.count, leaf.service.min, leaf.service.max)
            for key, leaf in leaves.steps.items()
        },
        "stories": {key: (leaf.endings, leaf.duration.count) for key, leaf in leaves.stories.items()},
        "ended": (leaves.ended_calls, leaves.ended_errors, leaves.ended_executions, leaves.ended.count),
        "quantiles": [leaves.ended.quantile(q) for q in (0.0, 0.5, 0.9, 1.0)],
    }


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=events)
async def test_the_windows_add_up_to_the_run_in_whatever_order(
    events: list[tuple[str, float, object, str]],
) -> None:
    recorder = Recorder(Phase.MEASURED)
    windows = [window for event in events if (window := told(recorder, event)) is not None]
    windows.append(recorder.hub.close_window())
    whole = shape(recorder.settled())
    forth, back = Snapshot.merged(windows), Snapshot.merged(windows[::-1])
    pairs = (
        Snapshot.merged([Snapshot.merged(windows[:1]), Snapshot.merged(windows[1:] or windows[:1])])
        if len(windows) > 1
        else forth
    )
    for merged in (forth, back, pairs):
        assert shape(merged.leaves) == whole
        assert merged.seconds == pytest.approx(sum(window.seconds for window in windows))
