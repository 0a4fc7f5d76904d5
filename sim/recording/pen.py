"""Writes a recording, line by line, in a thread of its own: a slow disk holds nobody up, and a full one
costs what could not be written, and no more."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

from sim.recording.drafts import Draft
from sim.recording.recorded_lines import Gap, RecordedLine, to_line

PRIVATE = 0o600
MAX_WAITING_BYTES = 64 * 2**20
"""Of lines that are yet to be written; what comes beyond is left out."""
CLOSE_S = 10.0
"""How long the end waits for a disk."""


class CannotRecord(Exception):
    """There is no file to be had. `str()` says why."""


class Pen:
    """Writes to one file, which it has made.

    Args:
        trouble: told once why something cannot be written, from another thread.

    Attributes:
        lost: lines that were left out so far.
    """

    def __init__(self, path: Path, trouble: Callable[[str], None]) -> None:
        self.path = path
        self.lost = 0
        self._trouble = trouble
        self._is_told = False
        self._handle = create(path)
        self._good = 0
        self._owed = 0
        self._waiting: deque[Draft] = deque()
        self._bytes = 0
        self._turn = threading.Condition()
        self._is_over = False
        self._thread = threading.Thread(target=self._run, name="pen", daemon=True)
        self._thread.start()

    def write(self, draft: Draft) -> None:
        """Put it down for writing. Never waits."""
        with self._turn:
            if self._bytes + draft.size > MAX_WAITING_BYTES:
                self.lost += 1
                self._owed += 1
                return
            self._bytes += draft.size
            self._waiting.append(draft)
            self._turn.notify()

    def close(self) -> bool:
        """Write what waits, within `CLOSE_S`; whether all of it is written."""
        with self._turn:
            self._is_over = True
            self._turn.notify()
        self._thread.join(CLOSE_S)
        return not self._thread.is_alive() and not self.lost

    def _run(self) -> None:
        while (draft := self._next()) is not None:
            self._put(draft.line())
        try:
            os.fsync(self._handle)
        except OSError as error:
            self._fail(error)
        os.close(self._handle)

    def _next(self) -> Draft | None:
        with self._turn:
            while not self._waiting:
                if self._is_over:
                    return None
                self._turn.wait()
            draft = self._waiting.popleft()
            self._bytes -= draft.size
            return draft

    def _put(self, line: RecordedLine) -> None:
        """One line; what could not be written before it is said first."""
        try:
            text = to_line(line)
        except (ValueError, TypeError, RecursionError):
            self._lose(1)
            return
        with self._turn:
            owed, self._owed = self._owed, 0
        if owed:
            at = getattr(line, "at", 0.0)
            text = to_line(Gap(at, f"{owed} line{'s' if owed > 1 else ''} could not be written")) + text
        try:
            self._write(text)
        except OSError as error:
            self._fail(error)
            self._lose(1, owed)

    def _lose(self, number: int, before: int = 0) -> None:
        """So many lines more are missing, and `before` of earlier ones have not been told of yet."""
        self.lost += number
        with self._turn:
            self._owed += number + before

    def _write(self, text: bytes) -> None:
        """All of it, or nothing. Raises OSError."""
        view = memoryview(text)
        try:
            while view:
                view = view[os.write(self._handle, view) :]
        except OSError:
            if len(view) < len(text):
                os.ftruncate(self._handle, self._good)
                os.lseek(self._handle, self._good, os.SEEK_SET)
            raise
        self._good += len(text)

    def _fail(self, error: OSError) -> None:
        if not self._is_told:
            self._is_told = True
            self._trouble(f"{self.path} cannot be written ({error.strerror}): what comes now is not recorded")


def create(path: Path) -> int:
    """A descriptor of a new file that only its owner can read. Raises CannotRecord."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(path, flags, PRIVATE)
    except FileExistsError:
        raise CannotRecord("is there already; name another file") from None
    except (OSError, ValueError) as error:
        raise CannotRecord((getattr(error, "strerror", None) or str(error)).lower()) from None
