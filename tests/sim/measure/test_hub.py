"""Whoever looks on changes nothing: not by taking nothing, not by raising, not by sleeping."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from trio.testing import MockClock

from actors.events import Phase
from sim.measure.hub import Hub, Looker, Subscription, Told, is_snapshot, looked_on_by
from sim.measure.snapshot import Snapshot
from sim.measure.summary import summarize
from sim.measure.tally import Tally
from tests.support.facts import call

CALLS = 3000


async def raise_at_once(told: Subscription) -> None:
    raise RuntimeError("a bug of its own")


async def take_nothing(told: Subscription) -> None:
    await trio.sleep_forever()


async def take_one_an_hour(told: Subscription) -> None:
    async for _ in told:
        await trio.sleep(3600)


LOOKERS = [Looker(raise_at_once), Looker(take_nothing), Looker(take_one_an_hour)]


@pytest.mark.parametrize("looker", LOOKERS)
async def test_no_looker_holds_up_a_run_or_changes_its_figures(
    autojump_clock: MockClock, looker: Looker
) -> None:
    tally = Tally(Phase.MEASURED)
    hub = Hub(tally)
    taken: list[Told] = []

    async def take_all(told: Subscription) -> None:
        async for each in told:
            taken.append(each)

    begun = trio.current_time()
    async with looked_on_by(hub, [looker, Looker(take_all)]):
        for _ in range(CALLS):
            hub.emit(call())
            await trio.lowlevel.checkpoint()
        assert trio.current_time() == begun
    assert summarize(tally).calls.total == CALLS
    assert len(taken) == CALLS + 1, "each call, and the last window"


async def test_a_looker_is_told_what_it_wants_and_nothing_else(autojump_clock: MockClock) -> None:
    hub, told_of = Hub(Tally(Phase.MEASURED)), []

    async def follow(told: Subscription) -> None:
        told_of.extend([type(each) async for each in told])

    async with looked_on_by(hub, [Looker(follow, is_snapshot)]):
        hub.emit(call())
        hub.close_window()
        hub.emit(call())
    assert told_of == [Snapshot, Snapshot]


async def test_a_subscriber_whose_wish_raises_is_told_no_more_and_the_run_goes_on(
    autojump_clock: MockClock,
) -> None:
    hub = Hub(Tally())

    def wants(told: Told) -> bool:
        raise RuntimeError("a bug of its own")

    with hub.subscribe(wants) as broken, hub.subscribe() as sound:
        hub.emit(call())
        hub.emit(call())
        assert len(sound.take()) == 2
        assert [each async for each in broken] == []
    assert [str(error) for error in hub.failures] == ["a bug of its own"]


async def test_what_is_not_taken_in_time_is_dropped_and_counted(autojump_clock: MockClock) -> None:
    hub = Hub(Tally())
    with hub.subscribe(max_queued=10) as slow:
        for _ in range(25):
            hub.emit(call())
        assert (slow.dropped, len(slow.take())) == (15, 10)


async def windows_beside(lookers: list[Looker]) -> list[tuple[Any, ...]]:
    """What windows said of three seconds, while these looked on."""
    hub = Hub(Tally(Phase.MEASURED))
    with hub.subscribe(is_snapshot) as told:
        async with looked_on_by(hub, lookers):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(hub.tick)
                await trio.sleep(0.01)
                for number in range(3 * 50):
                    hub.emit(call(0.0003 + 0.0011 * number))
                    await trio.sleep(0.02)
                nursery.cancel_scope.cancel()
        windows = [each.to_json() for each in told.take() if isinstance(each, Snapshot)]
    # Instants are others, and rounded otherwise.
    return [(window["number"], window.get("bins"), window["leaves"].get("ended_calls")) for window in windows]


@pytest.mark.parametrize("looker", LOOKERS)
async def test_windows_are_the_same_whoever_looks_on(autojump_clock: MockClock, looker: Looker) -> None:
    alone = await windows_beside([])
    assert sum(sum(bins or []) for _, bins, _ in alone) == 3 * 50
    assert await windows_beside([looker, looker]) == alone
