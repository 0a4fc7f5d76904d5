"""Where libraries log to: nowhere, unless somebody asked for more."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from sim.live.console import LiveConsole


class Told(logging.Handler):
    """Tells every record in one line, as part of the progress."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._progress = LiveConsole(quiet=False)

    def emit(self, record: logging.LogRecord) -> None:
        """Without the traceback: what a library says of a server's oddities is no bug of ours."""
        try:
            text = record.getMessage()
        except (TypeError, ValueError):
            text = str(record.msg)
        self._progress.say(f"  {record.name}: {' '.join(text.split())}")


@contextmanager
def logged(verbose: bool) -> Iterator[None]:
    """While the block lasts warnings of libraries are told when `verbose`, and else dropped.

    Without any handler `logging` itself would write them to standard error, into the moving line.
    """
    root = logging.getLogger()
    handler = Told() if verbose else logging.NullHandler()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
