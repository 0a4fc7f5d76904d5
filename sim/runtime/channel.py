"""Telling that never raises and never waits: texts go to a stream through a thread of its own.

Whoever reads may have gone (`| head`), be full (`/dev/full`), closed (`>&-`), or hold everything up
(Ctrl-S, a pager). None of that concerns a run: `tell` and `show` come back at once whatever happens, and
what cannot be written is dropped. Only at the end is somebody waited for, within a bound (`flush`).
"""

from __future__ import annotations

import enum
import errno
import io
import os
import select
import sys
import threading
from collections import deque
from collections.abc import Sequence
from typing import TextIO, assert_never

from sim.runtime.redrawing import BACK, can_redraw, erase, is_terminal

MAX_WAITING = 5_000
"""Texts that wait to be taken; beyond, the oldest are dropped and counted."""
CHUNK = 65_536


class Kind(enum.Enum):
    """What is to become of a text."""

    TOLD = enum.auto()
    SHOWN = enum.auto()
    SETTLED = enum.auto()


class Channel:
    """One stream, written to from outside of whoever tells.

    A stream with a descriptor is written to by a daemon thread, which dies with the process, whatever
    it waits for; another one (a StringIO) at once.

    Attributes:
        is_terminal: whether a person looks at it.
        redraws: whether what is shown can also be replaced there.
        encoding: what cannot be said in it is written as an escape.
        problem: why nothing can be written any more; None while it can.
        is_spare: whether what it carries is known by another way too.
    """

    def __init__(self, stream: TextIO | None, descriptor: int | None = None) -> None:
        self._stream = stream
        self._descriptor = descriptor
        self.encoding = getattr(stream, "encoding", None) or "utf-8"
        self.is_terminal = is_terminal(stream, descriptor)
        self.redraws = self.is_terminal and can_redraw(os.environ)
        self.problem: OSError | ValueError | None = None
        self.is_spare = False
        self._items: deque[tuple[Kind, str, tuple[int, ...]]] = deque()
        self._shown: tuple[str, tuple[int, ...]] | None = None
        """What stands on the terminal and is to be replaced, and how wide each of its lines is."""
        self._dropped = 0
        self._written = 0
        self._is_busy = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def tell(self, text: str) -> None:
        """`text` as it is, after what was told before."""
        self._add(Kind.TOLD, text)

    def show(self, line: str) -> None:
        """A line that takes the place of what was shown before, also of what nobody has taken yet."""
        self.draw([(line, len(line))])

    def draw(self, lines: Sequence[tuple[str, int]]) -> None:
        """The same with several lines, each with the number of columns that it takes up."""
        with self._changed:
            if self._items and self._items[-1][0] is Kind.SHOWN:
                self._items.pop()
        self._add(Kind.SHOWN, "\n".join(text for text, _ in lines), tuple(width for _, width in lines))

    def settle(self, line: str = "") -> None:
        """What is shown stays, or `line` in its place where there is one; the next text begins below it."""
        self._add(Kind.SETTLED, line)

    @property
    def columns(self) -> int | None:
        """How wide the terminal is; None where it is none, or does not say."""
        return self.size[0] or None

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows of the terminal; 0 where it is none, or does not say."""
        if self._descriptor is None or not self.is_terminal:
            return 0, 0
        try:
            return os.get_terminal_size(self._descriptor)
        except OSError:
            return 0, 0

    def flush(self, bound_s: float) -> bool:
        """Wait until all is written. False where it cannot be, or nothing was taken for `bound_s` seconds."""
        with self._changed:
            while self._is_waiting() and self.problem is None:
                before = self._written
                if not self._changed.wait(bound_s) and self._written == before:
                    return False
        return self.problem is None

    def _add(self, kind: Kind, text: str, widths: tuple[int, ...] = ()) -> None:
        with self._changed:
            self._items.append((kind, text, widths))
            if len(self._items) > MAX_WAITING:
                self._items.popleft()
                self._dropped += 1
        self._wake()

    def _is_waiting(self) -> bool:
        return self._is_busy or bool(self._items)

    def _wake(self) -> None:
        if self._descriptor is None:
            while (text := self._next()) is not None:
                self._write_at_once(text)
            return
        with self._changed:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="telling", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._items:
                    self._changed.wait()
                self._is_busy = True
            text = self._next()
            if text is not None and self.problem is None:
                self._write(text)
            with self._changed:
                self._is_busy = False
                self._changed.notify_all()

    def _next(self) -> str | None:
        """What is to be written next, with what brings the cursor to where it belongs."""
        with self._changed:
            if self._dropped:
                dropped, self._dropped = self._dropped, 0
                return self._placed(
                    Kind.TOLD, f"({dropped} lines were not taken in time, and are left out)\n"
                )
            return self._placed(*self._items.popleft()) if self._items else None

    def _placed(self, kind: Kind, text: str, widths: tuple[int, ...] = ()) -> str:
        shown, self._shown = self._shown, None
        before = erase(shown[1], self.size[0]) if shown else ""
        match kind:
            case Kind.SHOWN if self.redraws:
                self._shown = text, widths
                return f"{before or BACK}{text}"
            case Kind.SHOWN:
                return f"{text}\n"
            case Kind.SETTLED if text:
                return f"{before}{text}\n"
            case Kind.SETTLED:
                return "\n" if shown else ""
            case Kind.TOLD if shown and len(shown[1]) > 1 and text.endswith("\n"):
                self._shown = shown
                return f"{before}{text}{shown[0]}"
            case Kind.TOLD:
                return f"\n{text}" if shown else text
            case other:
                assert_never(other)

    def _write_at_once(self, text: str) -> None:
        if self._stream is None or self.problem is not None:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError) as error:
            self.problem = error

    def _write(self, text: str) -> None:
        assert self._descriptor is not None
        left = memoryview(text.encode(self.encoding, "backslashreplace"))
        while left:
            try:
                taken = os.write(self._descriptor, left[:CHUNK])
            except BlockingIOError:
                # Whoever shares this descriptor has made it non-blocking.
                select.select([], [self._descriptor], [], 1.0)
                continue
            except OSError as error:
                self.problem = error
                return
            left = left[taken:]
            with self._changed:
                self._written += taken
                self._changed.notify_all()


class ChannelStream(io.TextIOBase):
    """A text stream in front of a channel: what prints to it neither fails nor waits."""

    def __init__(self, channel: Channel, descriptor: int, encoding: str) -> None:
        self.channel = channel
        self._descriptor = descriptor
        self._encoding = encoding

    # io declares these as attributes of the class.
    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    @property
    def errors(self) -> str:  # type: ignore[override]
        return "backslashreplace"

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError("a text is needed")
        if text:
            self.channel.tell(text)
        return len(text)

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self.channel.is_terminal

    def fileno(self) -> int:
        return self._descriptor


def channel_of(stream: TextIO | None) -> Channel:
    """The channel behind `stream`, or one that writes to it at once."""
    return stream.channel if isinstance(stream, ChannelStream) else Channel(stream)


def install() -> tuple[Channel, Channel]:
    """Put channels in the place of standard output and standard error; gives both.

    A standard descriptor that is closed is opened to nowhere first: else the next file that is opened,
    the ledger perhaps, would become "standard error".
    """
    for descriptor in (0, 1, 2):
        _see_to(descriptor)
    sys.stdout, out = _stream(sys.stdout, 1)
    sys.stderr, err = _stream(sys.stderr, 2)
    return out, err


def _stream(stream: TextIO | None, descriptor: int) -> tuple[ChannelStream, Channel]:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    channel = Channel(stream, descriptor)
    return ChannelStream(channel, descriptor, encoding), channel


def _see_to(descriptor: int) -> None:
    try:
        os.fstat(descriptor)
    except OSError as error:
        if error.errno != errno.EBADF:
            raise
        opened = os.open(os.devnull, os.O_RDWR)
        if opened != descriptor:
            os.dup2(opened, descriptor)
            os.close(opened)
