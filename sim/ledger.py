"""The ledger: what a run created and has not yet removed, on disk before it exists.

One file of JSON lines a run, locked while the run lives. `intended` is written before a thing is
made, `created` after, `removed` when its removal is confirmed; whatever happens to the process, the
file names all that may be left. The only secrets are what removing an OAuth client needs (RFC 7592),
each in a file of its own that only its owner can read.
"""

from __future__ import annotations

import enum
import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import attrs
import platformdirs

from actors.errors import SetupError
from actors.secret import Secret

APPLICATION = "nextcloud-mcp-simulate"
PRIVATE = 0o600


class EntryState(enum.StrEnum):
    """How far a thing has come."""

    INTENDED = "intended"
    CREATED = "created"


@attrs.frozen
class Entry:
    """A thing that exists, or may exist."""

    kind: str
    name: str
    state: EntryState
    details: dict[str, str] = attrs.Factory(dict)


@attrs.frozen
class LedgerHead:
    """Which run this is: its mark, and the server where its things are.

    `passing`: that server is the run's own stand-in, and nothing of it outlives the run.
    """

    mark: str
    nextcloud_url: str
    admin: str
    prefix: str
    accounts: str = ""
    passing: bool = False


def ledger_folder() -> Path:
    """Where ledgers lie when no file is named: the user's state directory."""
    return Path(platformdirs.user_state_dir(APPLICATION)) / "ledgers"


def new_mark() -> str:
    """A word that stands in the title of whatever one run makes."""
    return f"sim-{secrets.token_hex(4)}"


class Ledger:
    """An open, locked ledger; see `actors.ports.Journal`. Made by `open_ledger` or `take_over`."""

    def __init__(self, path: Path, file: IO[str], head: LedgerHead, entries: dict[tuple[str, str], Entry]):
        self.path = path
        self.head = head
        self._file = file
        self._entries = entries

    @property
    def entries(self) -> list[Entry]:
        """What is left, in the order in which it was intended."""
        return list(self._entries.values())

    def intend(self, kind: str, name: str, **details: str) -> None:
        self._note(EntryState.INTENDED, kind, name, details)

    def created(self, kind: str, name: str, **details: str) -> None:
        self._note(EntryState.CREATED, kind, name, details)

    def removed(self, kind: str, name: str) -> None:
        self._entries.pop((kind, name), None)
        self._append({"removed": [kind, name]})
        self._secret_path(kind, name).unlink(missing_ok=True)

    def keep_secret(self, kind: str, name: str, value: Secret) -> None:
        path = self._secret_path(kind, name)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(value.reveal())
            file.flush()
            os.fsync(file.fileno())

    def secret(self, kind: str, name: str) -> Secret | None:
        """What was kept for removing this; None when there is nothing."""
        try:
            return Secret(self._secret_path(kind, name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None

    def close(self) -> None:
        """Unlock. An empty ledger is deleted: nothing is left of the run."""
        if not self._entries:
            self.path.unlink(missing_ok=True)
        self._file.close()

    def _note(self, state: EntryState, kind: str, name: str, details: dict[str, str]) -> None:
        self._entries[kind, name] = Entry(kind, name, state, details)
        self._append({state.value: [kind, name], **({"details": details} if details else {})})

    def _append(self, record: dict[str, Any]) -> None:
        self._file.write(json.dumps(record) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def _secret_path(self, kind: str, name: str) -> Path:
        index = "".join(c if c.isalnum() else "-" for c in f"{kind}-{name}")
        return self.path.with_name(f"{self.path.name}.{index}.secret")


@contextmanager
def open_ledger(head: LedgerHead, path: Path | None = None) -> Iterator[Ledger]:
    """A new ledger, locked while the block lasts.

    Raises SetupError when the file cannot be written, or names things of another run.
    """
    path = path or ledger_folder() / f"{head.mark}.jsonl"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE)
    except OSError as error:
        raise SetupError(f"the ledger {path} cannot be written: {error.strerror}") from error
    file = os.fdopen(handle, "r+", encoding="utf-8")
    if not _lock(file):
        file.close()
        raise SetupError(f"the ledger {path} belongs to a run that is still alive")
    if read_entries(file.read())[1]:
        file.close()
        raise SetupError(f"the ledger {path} names things that another run left: run simulate cleanup first")
    file.seek(0)
    file.truncate()
    ledger = Ledger(path, file, head, {})
    ledger._append({"run": attrs.asdict(head)})
    try:
        yield ledger
    finally:
        ledger.close()


@contextmanager
def take_over(path: Path) -> Iterator[Ledger | None]:
    """The ledger of a run that is dead, locked while the block lasts; None when the run still lives."""
    with path.open("r+", encoding="utf-8") as file:
        if not _lock(file):
            yield None
            return
        head, entries = read_entries(file.read())
        if head is None or head.passing:
            # The run died before it had made anything, or its server has gone with it.
            path.unlink()
            yield None
            return
        file.seek(0, os.SEEK_END)
        ledger = Ledger(path, file, head, entries)
        try:
            yield ledger
        finally:
            ledger.close()


def read_entries(text: str) -> tuple[LedgerHead | None, dict[tuple[str, str], Entry]]:
    """What a ledger says; a last line that was torn by a crash is passed over."""
    head: LedgerHead | None = None
    entries: dict[tuple[str, str], Entry] = {}
    for line in text.splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if "run" in record:
            head = LedgerHead(**record["run"])
        for state in EntryState:
            if state.value in record:
                kind, name = record[state.value]
                entries[kind, name] = Entry(kind, name, state, record.get("details", {}))
        if "removed" in record:
            entries.pop(tuple(record["removed"]), None)
    return head, entries


def _lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
