"""What the files of other programs hold, whichever program it was."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar

import attrs
import msgspec

from actors.text import harmless
from sim.recording.http_heads import Header
from sim.recording.reading import BadRecording

T = TypeVar("T")


@attrs.frozen
class PastExchange:
    """A request and its answer, some time ago. `at`: seconds since the first; `took`: seconds.

    `status` 0: there was no answer.
    """

    at: float
    took: float
    method: str
    headers: tuple[Header, ...]
    body: bytes
    status: int
    answer_headers: tuple[Header, ...]
    answer: bytes


@attrs.frozen
class Foreign:
    """What such a file holds. `left_out` says what of it was no use."""

    url: str
    began: datetime
    exchanges: tuple[PastExchange, ...]
    left_out: tuple[str, ...] = ()


def fitting(value: Any, kind: type[T], name: str) -> T:
    """`value` as this. Raises BadRecording that says where it is something else."""
    try:
        return msgspec.convert(value, kind, strict=False)
    except (msgspec.ValidationError, RecursionError) as error:
        raise BadRecording(f"{name}: {harmless(str(error))}") from None


def instant(text: str, name: str) -> datetime:
    """A time of RFC 3339; without a zone it is UTC. Raises BadRecording."""
    try:
        found = datetime.fromisoformat(text)
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise BadRecording(f"{name}: no time: {harmless(text, 60)}") from None


def header_pairs(pairs: Iterable[tuple[str, str]]) -> tuple[Header, ...]:
    """As a proxy would have seen them."""
    return tuple((name.encode("utf-8", "replace"), value.encode("utf-8", "replace")) for name, value in pairs)
