"""A copy of a shard's ledger, with its coordinator: so what a machine made that is lost can be removed."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from actors.errors import SetupError
from sim.clean import ledger_file as files
from sim.clean.ledger_file import ledger_folder
from sim.clean.ledger_text import Entry, take_record


def mirror_path(own: Path | None, run: str, shard: int) -> Path:
    """Where the copy for a shard lies: beside the coordinator's own ledger."""
    own = own or ledger_folder() / f"{run}.jsonl"
    return files.part_of_shard(own, "copy", shard)


class Mirror:
    """The copy of one shard's ledger, locked while it is open.

    Args:
        is_passing: what it names goes with this run (its own stand-in), whatever the shard knows of that.
    """

    def __init__(self, path: Path, *, is_passing: bool) -> None:
        self.path = path
        self._is_passing = is_passing
        self._handle: int | None = None
        self._entries: dict[tuple[str, str], Entry] = {}

    @property
    def entries(self) -> list[Entry]:
        """What is left, as far as it has been heard, in the order in which it was intended."""
        return list(self._entries.values())

    def write(self, lines: Sequence[str]) -> None:
        """They are on disk when this returns. Raises SetupError; ValueError where one is no line of a ledger,
        and then none is written.
        """
        kept = [self._as_kept(line) for line in lines]
        try:
            if self._handle is None:
                self._handle = files.open_locked(self.path, is_new=True)
                files.sync_folder(self.path)
            files.write_all(self._handle, "".join(f"{line}\n" for line in kept).encode())
        except files.Locked:
            raise SetupError(f"the ledger {self.path} belongs to a run that is still alive") from None
        except OSError as error:
            raise SetupError(f"the ledger {self.path} cannot be written: {error.strerror}") from None

    def release(self) -> bool:
        """Unlock it, so that it can be taken over; whether there is anything."""
        if self._handle is None:
            return False
        with suppress(OSError):
            os.close(self._handle)
        self._handle = None
        return True

    @property
    def original(self) -> Path:
        """Where the shard's own ledger lies, if that is on this machine."""
        return self.path.with_name(self.path.name.replace(".copy-", ".shard-"))

    def forget(self) -> None:
        """The shard has removed all that it made."""
        if self.release():
            files.forget(self.path)

    def _as_kept(self, line: str) -> str:
        try:
            record: Any = json.loads(line)
            if "run" not in record:
                take_record(self._entries, record)
            elif self._is_passing:
                record["run"]["passing"] = True
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise ValueError("a line of its ledger is none") from None
        return json.dumps(record)
