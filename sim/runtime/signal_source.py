"""Signals that stop a run: the first one in order, the second interrupts its work, the third leaves.

Trio's own handling of Ctrl-C raises KeyboardInterrupt in whatever code happens to run, clean-up
included; so signals are received here and become requests.
"""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

import trio

from sim.runtime.background import in_background
from sim.runtime.stop import Stop, StopLevel, StopSource

ALWAYS = (signal.SIGINT, signal.SIGTERM)
"""Received in any case; SIGHUP too, unless it is ignored already."""


class Signals:
    """Each signal asks for one level more than has been asked for.

    A terminal goes only once, though kernel and shell may both say so: SIGHUP only ever counts as
    the first signal.
    """

    def __init__(self, stop: Stop) -> None:
        self._stop = stop

    def take(self, received: signal.Signals) -> None:
        """One more signal has come."""
        asked = self._stop.level or 0
        if received is signal.SIGHUP and asked:
            return
        self._stop.request(StopLevel(min(asked + 1, StopLevel.LEAVE)), received)


def signals_of_process(kept: Callable[[], Iterable[signal.Signals]] = tuple) -> StopSource:
    """A source that receives this process's signals; afterwards what was done about them before is back.

    Only the main thread's run may open it.

    Args:
        kept: gives those that came before.
    """

    @asynccontextmanager
    async def receive(stop: Stop) -> AsyncIterator[None]:
        signals = Signals(stop)
        with trio.open_signal_receiver(*received_signals()) as receiver:

            async def watch() -> None:
                async for number in receiver:
                    signals.take(signal.Signals(number))

            for number in kept():
                signals.take(number)
            async with in_background(watch):
                yield

    return receive


def received_signals() -> tuple[signal.Signals, ...]:
    """`ALWAYS`, and SIGHUP where it means anything: under nohup it is ignored from the start."""
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        return ALWAYS
    return (*ALWAYS, signal.SIGHUP)
