"""Cassettes of mcp-recorder (https://pypi.org/project/mcp-recorder/), version 1.0.

They hold one session, and of times only how long each answer took: calls are taken to have followed each
other without a pause.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec

from sim.recording.foreign import Foreign, PastExchange, fitting, header_pairs, instant
from sim.recording.reading import BadRecording, public

SUPPORTED = "1.0"
SESSION = (("mcp-session-id", "cassette"),)
MAX_LATENCY_MS = 86_400_000


class TapeMetadata(msgspec.Struct, frozen=True):
    recorded_at: str | None = None
    server_url: str = ""


class TapeInteraction(msgspec.Struct, frozen=True):
    """One of them: `jsonrpc_request`, `notification`, or `lifecycle` (GET and DELETE of the session)."""

    type: str
    request: dict[str, Any] | None = None
    response: dict[str, Any] | None = None
    response_status: int = 200
    latency_ms: float = 0


class Cassette(msgspec.Struct, frozen=True):
    interactions: list[TapeInteraction]
    metadata: TapeMetadata = TapeMetadata()
    version: str = SUPPORTED


def cassette_of(value: dict[str, Any], name: str) -> Foreign:
    """Raises BadRecording."""
    cassette = fitting(value, Cassette, name)
    if cassette.version.partition(".")[0] != SUPPORTED.partition(".")[0]:
        raise BadRecording(
            f"{name}: a cassette of version {cassette.version[:20]!r}; {SUPPORTED} is read here"
        )
    recorded = cassette.metadata.recorded_at
    began = instant(recorded, name) if recorded is not None else datetime.fromtimestamp(0, UTC)
    exchanges, at = [], 0.0
    for each in cassette.interactions:
        if each.request is None:
            continue
        took = min(max(each.latency_ms, 0), MAX_LATENCY_MS) / 1000
        exchanges.append(exchange_of_tape(each, at, took))
        at += took
    if not exchanges:
        raise BadRecording(f"{name}: a cassette without any request")
    try:
        url = public(cassette.metadata.server_url)
    except ValueError:
        url = ""
    return Foreign(url, began, tuple(exchanges))


def exchange_of_tape(each: TapeInteraction, at: float, took: float) -> PastExchange:
    answer = b"" if each.response is None else written(each.response)
    headers = header_pairs([("content-type", "application/json")])
    asked = written(each.request or {})
    return PastExchange(at, took, "POST", header_pairs(SESSION), asked, each.response_status, headers, answer)


def written(message: dict[str, Any]) -> bytes:
    return json.dumps(message).encode()
