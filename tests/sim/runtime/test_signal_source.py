"""Signals of the process become requests: each asks for more."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
import trio
import trio.testing

from actors.events import Event
from sim.runtime.signal_source import Signals, signals_of_process
from sim.runtime.stop import Stop, StopLevel, open_stop

STOP, TERM, GONE = signal.SIGINT, signal.SIGTERM, signal.SIGHUP


def ignore(event: Event) -> None:
    """Nobody looks on."""


@pytest.fixture
def default_handling() -> Iterator[None]:
    """Of SIGHUP, as a process has it that was not started under nohup."""
    before = signal.signal(GONE, signal.SIG_DFL)
    yield
    signal.signal(GONE, before)


@pytest.mark.parametrize("first", [STOP, TERM, GONE])
async def test_each_signal_asks_for_more(first: signal.Signals) -> None:
    stop = Stop(ignore)
    signals, seen = Signals(stop), []
    for number in (first, STOP, TERM, STOP):
        signals.take(number)
        seen.append(stop.level)
    assert seen == [*StopLevel, StopLevel.LEAVE]
    assert stop.signal is first


async def test_a_terminal_that_goes_counts_once_and_never_for_more_than_the_first() -> None:
    for first in (STOP, GONE):
        stop = Stop(ignore)
        signals = Signals(stop)
        for number in (first, GONE, GONE):
            signals.take(number)
        assert stop.level is StopLevel.NO_NEW_WORK
        assert stop.signal is first


@pytest.mark.parametrize("number", [STOP, TERM, GONE])
async def test_signals_of_the_process_are_received_and_afterwards_as_before(
    default_handling: None, number: signal.Signals
) -> None:
    before = [signal.getsignal(each) for each in (STOP, TERM, GONE)]
    with trio.fail_after(60):
        async with open_stop(ignore, signals_of_process()) as stop:
            os.kill(os.getpid(), number)
            await stop.stopping.wait()
    assert stop.signal is number
    assert [signal.getsignal(each) for each in (STOP, TERM, GONE)] == before


async def test_what_came_before_is_taken_first() -> None:
    async with open_stop(ignore, signals_of_process(lambda: [TERM])) as stop:
        assert stop.signal is TERM


async def test_under_nohup_a_terminal_may_go(default_handling: None) -> None:
    signal.signal(GONE, signal.SIG_IGN)
    async with open_stop(ignore, signals_of_process()) as stop:
        assert signal.getsignal(GONE) is signal.SIG_IGN
        os.kill(os.getpid(), GONE)
        await trio.testing.wait_all_tasks_blocked()
    assert not stop.stopping.is_set()
