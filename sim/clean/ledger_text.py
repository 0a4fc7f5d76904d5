"""What stands in a ledger: one JSON value a line, read with the care that a file of any origin needs."""

from __future__ import annotations

import enum
import json
from typing import Any

import attrs

VERSION = 2
"""2: addresses bear the run's mark. A file without one is of version 1."""

HEAD_BEGINS = b'{"run":'


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

    @property
    def key(self) -> tuple[str, str]:
        return self.kind, self.name


@attrs.frozen
class LedgerHead:
    """Which run this is: its mark, and the servers where its things are.

    `passing`: they are the run's own stand-in, and nothing of it outlives the run.
    """

    mark: str
    nextcloud_url: str
    admin: str
    prefix: str
    accounts: str = ""
    passing: bool = False
    mail_domain: str = ""
    mcp_url: str = ""


@attrs.frozen
class LedgerText:
    """What could be read.

    Attributes:
        head: None where there is none: it is no ledger, or one that was never begun.
        damaged: numbers of lines that are neither a record nor the torn rest of one.
        is_newer: a later release wrote it.
    """

    head: LedgerHead | None
    entries: dict[tuple[str, str], Entry]
    damaged: tuple[int, ...] = ()
    is_newer: bool = False


def line_of(record: dict[str, Any]) -> bytes:
    return json.dumps(record).encode() + b"\n"


def head_record(head: LedgerHead) -> dict[str, Any]:
    return {"run": attrs.asdict(head), "version": VERSION}


def read_text(content: bytes) -> LedgerText:
    """Read a ledger. A line that was torn, by a crash or a full disk, is passed over.

    What it told of had not been begun: a line is on disk before its thing is asked for.
    """
    head: LedgerHead | None = None
    entries: dict[tuple[str, str], Entry] = {}
    damaged = []
    for number, line in enumerate(content.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            if not line.startswith(b'{"') or line.endswith(b"}"):
                damaged.append(number)
            continue
        try:
            if "run" in record:
                if int(record.get("version", 1)) > VERSION or not _knows(record["run"]):
                    return LedgerText(None, {}, is_newer=True)
                head = _head(record["run"])
            else:
                take_record(entries, record)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
            damaged.append(number)
    return LedgerText(head, entries, tuple(damaged))


def _knows(run: dict[str, Any]) -> bool:
    return set(run) <= set(attrs.fields_dict(LedgerHead))


def _head(run: dict[str, Any]) -> LedgerHead:
    if not all(
        isinstance(value, str) or (key == "passing" and value in (0, 1)) for key, value in run.items()
    ):
        raise TypeError("a head of another shape")
    return LedgerHead(**run)


def take_record(entries: dict[tuple[str, str], Entry], record: dict[str, Any]) -> None:
    """What a line says of one thing.

    Raises ValueError, TypeError, KeyError and AttributeError for what is none.
    """
    (word,) = record.keys() - {"details"}
    kind, name = record[word]
    if not (isinstance(kind, str) and isinstance(name, str)):
        raise TypeError("names are texts")
    if word == "removed":
        entries.pop((kind, name), None)
        return
    details = {str(key): str(value) for key, value in dict(record.get("details", {})).items()}
    entries[kind, name] = Entry(kind, name, EntryState(word), details)
