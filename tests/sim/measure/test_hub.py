"""Whoever looks on changes nothing: not by taking nothing, not by raising, not by sleeping."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from actors.events import Phase
from sim.measure.hub import Hub, Looker, Subscription, Told, looked_on_by
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


@pytest.mark.parametrize("looker", [raise_at_once, take_nothing, take_one_an_hour])
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
    async with looked_on_by(hub, [looker, take_all]):
        for _ in range(CALLS):
            hub.emit(call())
            await trio.lowlevel.checkpoint()
        assert trio.current_time() == begun
    assert summarize(tally).calls.total == CALLS
    assert len(taken) == CALLS + 1, "each call, and the last window"


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
