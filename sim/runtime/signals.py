"""What a signal does while no run receives it: before a run has begun to, and after it has ended.

Until a run's own receiver is open nothing has been created, so a signal ends the process at once, and
quietly. From the run's begin on signals are kept for it; after its end, while results are written, they
change nothing; and when all that remains is that somebody reads what was told, a signal ends that.
"""

from __future__ import annotations

import enum
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SHELL = 128
"""A shell gives this plus the signal's number as the exit code."""


class Patience(enum.Enum):
    """How far the process is."""

    STARTING = enum.auto()
    RUNNING = enum.auto()
    TELLING = enum.auto()
    LEAVING = enum.auto()


class Left(BaseException):
    """A signal came while nothing but telling was left to be done."""


class Outside:
    """The handler of all signals of a process, outside of its run. One a process."""

    def __init__(self) -> None:
        self.patience = Patience.STARTING
        self._kept: list[signal.Signals] = []

    def install(self) -> None:
        """What is ignored already (under nohup, in a shell's background) goes on being ignored."""
        for number in SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self)

    def __call__(self, number: int, frame: FrameType | None) -> None:
        match self.patience:
            case Patience.STARTING:
                # Not by an exception: it would come out of whatever is being imported, with a traceback.
                os._exit(SHELL + number)
            case Patience.RUNNING:
                self._kept.append(signal.Signals(number))
            case Patience.TELLING:
                self.patience = Patience.LEAVING
                raise Left
            case Patience.LEAVING:
                """How it ended is settled."""

    def take(self) -> list[signal.Signals]:
        """Those that came before anybody received them, each once."""
        kept, self._kept = self._kept, []
        return kept


@contextmanager
def keep_for_a_run() -> Iterator[Outside]:
    """While the block lasts signals are kept for a run, until its receiver is open and after it is closed.

    In a process that has its `Outside` that remains so; in another one everything is as it was afterwards.
    """
    before = {number: signal.getsignal(number) for number in SIGNALS}
    present = _present()
    outside = present or Outside()
    outside.patience = Patience.RUNNING
    outside.install()
    try:
        yield outside
    finally:
        if present is None:
            for number, handler in before.items():
                signal.signal(number, handler)


def begin_telling() -> None:
    """From now on a signal raises `Left` in the main thread, once."""
    if (present := _present()) is not None:
        present.patience = Patience.TELLING


def leave() -> None:
    """From now on no signal changes how the process ends.

    Ignored, not handled: Python takes its handlers down before its end, and a signal would kill it then.
    """
    if (present := _present()) is not None:
        present.patience = Patience.LEAVING
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)


def start() -> None:
    """The very first thing a process does."""
    if _present() is None:
        Outside().install()


def give_back() -> None:
    """To a command that has its own way with signals: as Python has them at its start."""
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


def _present() -> Outside | None:
    return next((h for n in SIGNALS if isinstance(h := signal.getsignal(n), Outside)), None)
