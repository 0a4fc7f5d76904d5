"""Signals: each one asks for more, and what it asks for is done whether or not it can be told."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
import trio
import trio.testing

from sim.runtime.stop import Interrupt, open_interrupt

STOP, TERM, GONE = signal.SIGINT, signal.SIGTERM, signal.SIGHUP


def asked(interrupt: Interrupt) -> tuple[bool, bool, bool]:
    return (
        interrupt.stopping.is_set(),
        interrupt.work.cancel_called,
        interrupt.everything.cancel_called,
    )


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def default_handling() -> Iterator[None]:
    """Of SIGHUP, as a process has it that was not started under nohup."""
    before = signal.signal(GONE, signal.SIG_DFL)
    yield
    signal.signal(GONE, before)


@pytest.mark.parametrize("first", [STOP, TERM, GONE])
async def test_each_signal_asks_for_more(said: list[str], first: signal.Signals) -> None:
    interrupt = Interrupt(said.append)
    interrupt.has_work_to_finish = True
    seen = []
    for number in (first, STOP, TERM):
        interrupt.take(number)
        seen.append(asked(interrupt))
    assert seen == [(True, False, False), (True, True, False), (True, True, True)]
    assert interrupt.signal is first
    assert len(said) == 3


async def test_while_setting_up_the_first_one_ends_the_work() -> None:
    interrupt = Interrupt(lambda text: None)
    interrupt.take(TERM)
    assert asked(interrupt) == (True, True, False)


async def test_a_terminal_that_goes_counts_once_and_never_for_more_than_the_first(said: list[str]) -> None:
    interrupt = Interrupt(said.append)
    interrupt.has_work_to_finish = True
    for number in (STOP, GONE, GONE):
        interrupt.take(number)
    assert asked(interrupt) == (True, False, False)
    assert interrupt.signal is STOP


async def test_what_a_signal_asks_for_is_done_although_it_cannot_be_told() -> None:
    def fail(text: str) -> None:
        raise BrokenPipeError

    interrupt = Interrupt(fail)
    for _ in range(3):
        with pytest.raises(BrokenPipeError):
            interrupt.take(STOP)
    assert asked(interrupt) == (True, True, True)


async def test_requests_under_way_outlast_the_second_signal_and_not_the_third() -> None:
    interrupt = Interrupt(lambda text: None)
    interrupt.has_work_to_finish = True
    answered = trio.Event()

    async def request() -> None:
        with interrupt.everything, interrupt.work, interrupt.shelter.over(1000):
            try:
                await trio.sleep_forever()
            finally:
                answered.set()

    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(request)
            await trio.testing.wait_all_tasks_blocked()
            interrupt.take(STOP)
            interrupt.take(STOP)
            await trio.testing.wait_all_tasks_blocked()
            assert not answered.is_set()
            interrupt.take(STOP)
            await answered.wait()


@pytest.mark.parametrize("number", [STOP, TERM, GONE])
async def test_signals_of_the_process_are_received_and_afterwards_as_before(
    default_handling: None, said: list[str], number: signal.Signals
) -> None:
    before = [signal.getsignal(each) for each in (STOP, TERM, GONE)]
    with trio.fail_after(10):
        async with open_interrupt(said.append) as interrupt:
            os.kill(os.getpid(), number)
            await interrupt.stopping.wait()
    assert interrupt.signal is number
    assert [signal.getsignal(each) for each in (STOP, TERM, GONE)] == before


async def test_under_nohup_a_terminal_may_go(default_handling: None, said: list[str]) -> None:
    signal.signal(GONE, signal.SIG_IGN)
    async with open_interrupt(said.append) as interrupt:
        assert signal.getsignal(GONE) is signal.SIG_IGN
        os.kill(os.getpid(), GONE)
        await trio.testing.wait_all_tasks_blocked()
    assert not interrupt.stopping.is_set()
