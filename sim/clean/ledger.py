"""The ledger: what a run created and has not yet removed, on disk before it exists.

One file of JSON lines a run, locked while the run lives. `intended` is written before a thing is
made, `created` after, `removed` when its absence was seen; whatever happens to the process, the file
names all that may be left. The only secrets are what removing an OAuth client needs (RFC 7592), each
in a file of its own that only its owner can read.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from actors.errors import SetupError
from actors.secret import Secret
from sim.clean import ledger_file as files
from sim.clean.ledger_file import Locked, NotTaken, ledger_folder
from sim.clean.ledger_text import (
    HEAD_BEGINS,
    Entry,
    EntryState,
    LedgerHead,
    LedgerText,
    head_record,
    line_of,
    read_text,
)


class NoLedger(SetupError):
    """This file is left alone, and the text says why."""


class NeverBegun(NoLedger):
    """Its run died before the first line was written: nothing was made."""


class StillAlive(SetupError):
    """The run of this ledger still lives, and so does what it names."""


class Ledger:
    """An open, locked ledger; see `actors.ports.Journal`. Made by `open_ledger` or `take_over`.

    Attributes:
        is_own: this process has made what it names.
        damaged: lines that could not be read; then the file stays, whatever is removed.
        trouble: why it could not be written, "" while it can: removing goes on without it.
    """

    def __init__(
        self,
        path: Path,
        handle: int,
        head: LedgerHead,
        entries: dict[tuple[str, str], Entry],
        *,
        is_own: bool,
        told: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.path = path
        self.head = head
        self.is_own = is_own
        self.damaged: tuple[int, ...] = ()
        self.trouble = ""
        self._handle = handle
        self._entries = entries
        self._secrets: dict[tuple[str, str], Secret] = {}
        self._is_torn = not is_own
        self._told = told

    @property
    def entries(self) -> list[Entry]:
        """What is left, in the order in which it was intended."""
        return list(self._entries.values())

    def intend(self, kind: str, name: str, **details: str) -> None:
        """Raises SetupError where it cannot be noted: then the thing must not be made."""
        entry = Entry(kind, name, EntryState.INTENDED, details)
        self._entries[entry.key] = entry
        if not self._note(entry):
            del self._entries[entry.key]
            raise SetupError(f"{self.trouble}; so nothing more is created")

    def created(self, kind: str, name: str, **details: str) -> None:
        """Where this cannot be noted, the intent is on disk, and the rest is known while this run lives."""
        entry = Entry(kind, name, EntryState.CREATED, details)
        self._entries[entry.key] = entry
        self._note(entry)

    def removed(self, kind: str, name: str) -> None:
        self._entries.pop((kind, name), None)
        self._secrets.pop((kind, name), None)
        self._append({"removed": [kind, name]})
        with suppress(OSError):
            files.secret_path(self.path, kind, name).unlink(missing_ok=True)

    def keep_secret(self, kind: str, name: str, value: Secret) -> None:
        self._secrets[kind, name] = value
        try:
            files.write_secret(files.secret_path(self.path, kind, name), value.reveal())
            files.sync_folder(self.path)
        except OSError as error:
            self._fail(error)

    def secret(self, kind: str, name: str) -> Secret | None:
        """What was kept for removing this; None when there is nothing that can be read."""
        if (kind, name) in self._secrets:
            return self._secrets[kind, name]
        try:
            return Secret(files.secret_path(self.path, kind, name).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError):
            return None

    def forget_all(self) -> None:
        """What it names went with its server."""
        self._entries.clear()

    def close(self) -> None:
        """Unlock. A ledger that names nothing is deleted, with its secrets: nothing is left of the run."""
        if not self._entries and not self.damaged:
            files.forget(self.path)
        with suppress(OSError):
            os.close(self._handle)

    def _note(self, entry: Entry) -> bool:
        more = {"details": entry.details} if entry.details else {}
        return self._append({entry.state.value: [entry.kind, entry.name], **more})

    def _append(self, record: dict[str, Any]) -> bool:
        """Whether it is on disk. The first line after one that may be torn begins a new line."""
        line = line_of(record)
        try:
            files.write_all(self._handle, (b"\n" if self._is_torn else b"") + line)
        except OSError as error:
            self._is_torn = True
            self._fail(error)
            return False
        self._is_torn = False
        self._told(line.decode().rstrip())
        return True

    def _fail(self, error: OSError) -> None:
        self.trouble = self.trouble or f"the ledger {self.path} cannot be written: {error.strerror}"


@contextmanager
def open_ledger(
    head: LedgerHead,
    path: Path | None = None,
    *,
    told: Callable[[str], None] = lambda line: None,
    must_be_new: bool = False,
) -> Iterator[Ledger]:
    """A new ledger, locked while the block lasts.

    Raises SetupError when the file cannot be written, is no ledger, or names things of another run:
    it is as it was then.

    Args:
        told: each line that has been written, without its end.
        must_be_new: there may be no such file yet, also none that names nothing.
    """
    path = path or ledger_folder() / f"{head.mark}.jsonl"
    try:
        handle = files.open_locked(path, is_new=True, is_first=must_be_new)
    except Locked:
        raise SetupError(f"the ledger {path} belongs to a run that is still alive") from None
    try:
        _make_empty(path, handle)
        files.write_all(handle, first := line_of(head_record(head)))
        files.sync_folder(path)
    except (OSError, SetupError) as error:
        os.close(handle)
        if isinstance(error, SetupError):
            raise
        raise SetupError(f"the ledger {path} cannot be written: {error.strerror}") from None
    told(first.decode().rstrip())
    ledger = Ledger(path, handle, head, {}, is_own=True, told=told)
    try:
        yield ledger
    finally:
        ledger.close()


@contextmanager
def take_over(path: Path, *, is_only_looked_at: bool = False) -> Iterator[Ledger]:
    """The ledger of a run that is dead, locked while the block lasts; deleted then if nothing is left in it.

    Raises StillAlive, NoLedger, NotTaken (all SetupError), FileNotFoundError; nothing is changed then,
    nor where it `is_only_looked_at`.
    """
    handle = _lock_dead(path)
    try:
        content = _content(path, handle)
        text = read_text(content)
        if text.head is None:
            if _was_never_begun(content, text):
                raise NeverBegun(f"{path}: its run had not begun")
            raise NoLedger(f"{path}: {_why_none(text)}, left alone")
    except BaseException:
        os.close(handle)
        raise
    ledger = Ledger(path, handle, text.head, text.entries, is_own=False)
    ledger.damaged = text.damaged
    try:
        yield ledger
    finally:
        if is_only_looked_at:
            with suppress(OSError):
                os.close(handle)
        else:
            ledger.close()


def discard_never_begun(path: Path) -> None:
    """Delete the ledger of a run that died before it had written a line. Raises like `take_over`."""
    handle = _lock_dead(path)
    try:
        content = _content(path, handle)
        if _was_never_begun(content, read_text(content)):
            files.forget(path)
    finally:
        os.close(handle)


def look_at_living(path: Path) -> LedgerText | None:
    """What the ledger of a run that lives names; None where its run is dead, or it cannot be read."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return read_text(files.read_all(handle)) if files.is_locked(handle) else None
    except OSError:
        return None
    finally:
        os.close(handle)


def _lock_dead(path: Path) -> int:
    try:
        return files.open_locked(path, is_new=False)
    except Locked:
        raise StillAlive(f"{path}: its run is still alive, left alone") from None


def _make_empty(path: Path, handle: int) -> None:
    """Take an empty file, or a ledger that names nothing. Raises SetupError, and has not touched it."""
    content = _content(path, handle)
    text = read_text(content)
    if text.entries:
        raise SetupError(f"the ledger {path} names things that another run left: run simulate cleanup first")
    if text.damaged or not (text.head is not None or _was_never_begun(content, text)):
        raise SetupError(f"{path} is no ledger ({_why_none(text)}); name another file with --ledger")
    files.make_private(handle)
    os.ftruncate(handle, 0)


def _was_never_begun(content: bytes, text: LedgerText) -> bool:
    """Empty, or with a part of its first line: nothing was made before that line was on disk."""
    begins = content.startswith(HEAD_BEGINS) or HEAD_BEGINS.startswith(content)
    return text.head is None and not text.is_newer and begins and b"\n" not in content


def _content(path: Path, handle: int) -> bytes:
    try:
        return files.read_all(handle)
    except OSError as error:
        raise NotTaken(f"{path}: cannot be read ({error.strerror}), left alone") from None


def _why_none(text: LedgerText) -> str:
    return "written by a newer release" if text.is_newer else "not a ledger of a run"
