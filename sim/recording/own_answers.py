"""Answers that are the proxy's own."""

from __future__ import annotations

from http.client import responses

from sim.recording.http_heads import Header, written_head
from sim.recording.server_place import WholeAnswer

TEXT = (b"Content-Type", b"text/plain; charset=utf-8")


def plain(status: int, text: str) -> WholeAnswer:
    return WholeAnswer(status, (TEXT,), text.encode("utf-8", "replace") + b"\n")


def as_bytes(document: WholeAnswer, *, is_head: bool = False) -> bytes:
    """An answer of the proxy's own."""
    headers: list[Header] = [*document.headers, (b"Content-Length", b"%d" % len(document.body))]
    if document.status >= 400:
        headers.append((b"Cache-Control", b"no-store"))
    first = f"HTTP/1.1 {document.status} {responses.get(document.status, '')}".encode("ascii")
    return written_head(first, headers) + (b"" if is_head else document.body)
