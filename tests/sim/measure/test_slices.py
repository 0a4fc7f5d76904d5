"""Events are folded in slices, so that many of them are no stall of our own; the figures are the same."""

from __future__ import annotations

import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from actors.events import Phase, Stalled
from sim.measure.hub import MAX_FOLDED, PIECES, Hub, is_snapshot
from sim.measure.leaves import Leaves
from sim.measure.snapshot import Snapshot
from sim.measure.summary import summarize
from sim.measure.tally import Folded, Tally
from tests.sim.measure.test_windows import events, told
from tests.support.facts import call
from tests.support.tallying import Recorder


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(facts=events, slices=st.lists(st.integers(0, 9), min_size=1, max_size=20))
async def test_windows_and_the_whole_are_the_same_whatever_the_slices(
    facts: list[tuple[str, float, object, str]], slices: list[int], autojump_clock: MockClock
) -> None:
    whole, sliced = Recorder(Phase.MEASURED), Recorder(Phase.MEASURED)
    windows: list[list[Snapshot]] = [[], []]
    for place, fact in enumerate(facts):
        for recorder, closed in zip((whole, sliced), windows, strict=True):
            if (window := told(recorder, fact)) is not None:
                closed.append(window)
        for _ in range(3):
            sliced.fold_ripe(slices[place % len(slices)])
    for recorder, closed in zip((whole, sliced), windows, strict=True):
        closed.append(recorder.hub.close_window())
    assert [window.to_json() for window in windows[0]] == [window.to_json() for window in windows[1]]
    assert summarize(whole).calls == summarize(sliced).calls
    added = Leaves.merged(window.leaves for window in windows[1])
    assert added.counts_in() == sliced.counts_in()


async def test_no_call_is_judged_before_the_stall_is_known_that_it_had(autojump_clock: MockClock) -> None:
    """When a stall is over, all wake at once: who has an answer, who folds, and who tells the stall."""
    tally = Tally(Phase.MEASURED)
    hub, begun = Hub(tally, usage=lambda: (0.0, 1)), trio.current_time()

    async def call_at(number: int) -> None:
        await trio.sleep_until(begun + number / PIECES)
        hub.emit(call(started=begun + number / PIECES - 0.15, finished=trio.current_time()))

    async def stall_at(number: int) -> None:
        await trio.sleep_until(begun + number / PIECES)
        hub.emit(Stalled(begun + number / PIECES - 0.12, 0.12))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(hub.tick)
        for number in range(2, 100, 2):
            nursery.start_soon(call_at, number)
            nursery.start_soon(stall_at, number)
        await trio.sleep(11)
        nursery.cancel_scope.cancel()
    found = summarize(tally).calls
    assert (found.total, found.kept_out) == (49, 49)


async def test_however_many_calls_come_few_are_folded_at_once(autojump_clock: MockClock) -> None:
    folded: list[int] = []

    class Watched(Tally):
        def _put_all(self, events: list[Folded]) -> None:
            folded.append(len(events))
            super()._put_all(events)

    hub = Hub(Watched(Phase.MEASURED), usage=lambda: (0.0, 1))
    with hub.subscribe(is_snapshot) as windows:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(hub.tick)
            for _ in range(120):
                for _ in range(MAX_FOLDED):
                    hub.emit(call())
                await trio.sleep(0.01)
            nursery.cancel_scope.cancel()
        calls = [each.leaves.ended_calls for each in windows.take() if isinstance(each, Snapshot)]
    assert calls == [100 * MAX_FOLDED]
    assert max(folded) <= MAX_FOLDED


async def test_what_is_emitted_while_slices_are_folded_is_not_lost(autojump_clock: MockClock) -> None:
    recorder = Recorder(Phase.MEASURED)
    for _ in range(2 * MAX_FOLDED + 7):
        recorder(call())
    assert not recorder.fold_ripe(MAX_FOLDED)
    more = []
    while recorder.fold_ripe(MAX_FOLDED):
        recorder(call())
        more.append(1)
    assert recorder.hub.close_window().leaves.ended_calls == 2 * MAX_FOLDED + 7 + len(more)
    assert recorder.calls == 2 * MAX_FOLDED + 7 + len(more)
