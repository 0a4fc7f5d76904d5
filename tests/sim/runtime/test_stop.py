"""Each request for more is done whether or not it can be told, whoever makes it."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing

from actors.events import Event, Note
from sim.runtime.stop import Stop, StopLevel, open_stop

STOP = signal.SIGINT


def ignore(event: Event) -> None:
    """Nobody looks on."""


def asked(stop: Stop) -> tuple[bool, bool, bool]:
    return stop.stopping.is_set(), stop.work.cancel_called, stop.everything.cancel_called


async def test_each_level_holds_those_before_it_and_is_told_once() -> None:
    events: list[Event] = []
    stop = Stop(events.append)
    stop.has_work_to_finish = True
    seen = []
    for level in StopLevel:
        stop.request(level)
        stop.request(level)
        seen.append(asked(stop))
    assert seen == [(True, False, False), (True, True, False), (True, True, True)]
    assert [type(event) for event in events] == [Note, Note, Note]


@pytest.mark.parametrize("level", StopLevel)
async def test_a_level_may_be_asked_for_at_once_and_is_never_taken_back(level: StopLevel) -> None:
    stop = Stop(ignore)
    stop.has_work_to_finish = True
    stop.request(level)
    expected = tuple(level >= each for each in StopLevel)
    assert asked(stop) == expected
    stop.request(StopLevel.NO_NEW_WORK)
    assert asked(stop) == expected
    assert stop.level is level


async def test_while_setting_up_the_first_one_ends_the_work() -> None:
    stop = Stop(ignore)
    stop.request(StopLevel.NO_NEW_WORK)
    assert asked(stop) == (True, True, False)


async def test_the_signal_that_counts_is_the_first() -> None:
    stop = Stop(ignore)
    stop.request(StopLevel.NO_NEW_WORK, signal.SIGTERM)
    stop.request(StopLevel.NO_WORK, STOP)
    assert stop.signal is signal.SIGTERM


async def test_what_is_asked_for_is_done_although_it_cannot_be_told() -> None:
    def fail(event: Event) -> None:
        raise BrokenPipeError

    stop = Stop(fail)
    for level in StopLevel:
        with pytest.raises(BrokenPipeError):
            stop.request(level)
    assert asked(stop) == (True, True, True)


async def test_requests_under_way_outlast_the_second_level_and_not_the_third() -> None:
    stop = Stop(ignore)
    stop.has_work_to_finish = True
    answered = trio.Event()

    async def request() -> None:
        with stop.everything, stop.work, stop.shelter.over(1000):
            try:
                await trio.sleep_forever()
            finally:
                answered.set()

    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(request)
            await trio.testing.wait_all_tasks_blocked()
            stop.request(StopLevel.NO_WORK)
            await trio.testing.wait_all_tasks_blocked()
            assert not answered.is_set()
            stop.request(StopLevel.LEAVE)
            await answered.wait()


async def test_whoever_is_the_source_ends_what_is_done() -> None:
    """A run that is one of several is stopped by whoever coordinates them, not by signals."""

    @asynccontextmanager
    async def coordinator(stop: Stop) -> AsyncIterator[None]:
        async with trio.open_nursery() as nursery:

            async def order() -> None:
                await trio.testing.wait_all_tasks_blocked()
                stop.request(StopLevel.LEAVE)

            nursery.start_soon(order)
            yield

    with trio.fail_after(60):
        async with open_stop(ignore, coordinator) as stop:
            await trio.sleep_forever()
    assert asked(stop) == (True, True, True)
    assert stop.signal is None
