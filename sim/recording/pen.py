"""Writes a recording, line by line, in a thread of its own: a slow disk holds nobody up, and a full one
costs what could not be written, and no more."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

from sim.recording.drafts import Draft
from sim.recording.recorded_lines import Gap, Head, RecordedLine, to_line

PRIVATE = 0o600
MAX_WAITING_BYTES = 64 * 2**20
"""Of lines that are yet to be written; what comes beyond is left out."""
GATHER_S = 0.02
"""How long lines are gathered before they are written."""
MAX_BATCH_BYTES = 2**20
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
        while drafts := self._next():
            self._put([draft.line() for draft in drafts])
        try:
            os.fsync(self._handle)
        except OSError as error:
            self._fail(error)
        os.close(self._handle)

    def _next(self) -> list[Draft]:
        """Those that wait; none at the end. Several at a time: each time the interpreter changes hands, what
        passes the proxy waits for it."""
        with self._turn:
            while not self._waiting and not self._is_over:
                self._turn.wait()
            if not self._is_over:
                self._turn.wait_for(lambda: self._is_over, GATHER_S)
            drafts: list[Draft] = []
            size = 0
            while self._waiting and size < MAX_BATCH_BYTES:
                drafts.append(self._waiting.popleft())
                size += drafts[-1].size
            self._bytes -= size
            return drafts

    def _put(self, lines: list[RecordedLine]) -> None:
        """All of them in one go, or as many as the disk takes."""
        texts = [(line, text) for line in lines if (text := self._text(line))]
        if not texts or self._is_written(texts):
            return
        for each in texts:
            if not self._is_written([each]):
                self._lose(1)

    def _text(self, line: RecordedLine) -> bytes:
        """b"" for what nobody can write."""
        try:
            return to_line(line)
        except (ValueError, TypeError, RecursionError):
            self._lose(1)
            return b""

    def _is_written(self, texts: list[tuple[RecordedLine, bytes]]) -> bool:
        """Whether these are on disk now, and before them, if need be, how many are not."""
        first = texts[0][0]
        with self._turn:
            owed = 0 if isinstance(first, Head) else self._owed
        said = f"{owed} line{'' if owed == 1 else 's'} could not be written"
        before = to_line(Gap(getattr(first, "at", 0.0), said)) if owed else b""
        try:
            self._write(before + b"".join(text for _, text in texts))
        except OSError as error:
            self._fail(error)
            return False
        with self._turn:
            self._owed -= owed
        return True

    def _lose(self, number: int) -> None:
        """So many lines more are missing."""
        with self._turn:
            self.lost += number
            self._owed += number

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
