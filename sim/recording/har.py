"""HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/), as browsers and proxies export it."""

from __future__ import annotations

import base64
import binascii
import math
from collections import Counter
from typing import Any

import msgspec

from actors.text import harmless
from sim.recording.foreign import Foreign, PastExchange, fitting, header_pairs, instant
from sim.recording.listener import REDIRECTS
from sim.recording.reading import BadRecording, public
from sim.recording.spoken import Messages

UNPACKED = ("content-encoding", "content-length", "transfer-encoding")
"""Headers that speak of the body as it was sent; a HAR has it unpacked."""
MAX_TOOK_MS = 86_400_000.0


class HarHeader(msgspec.Struct, frozen=True):
    name: str = ""
    value: str = ""


class HarText(msgspec.Struct, frozen=True):
    """Of a request (`postData`) or an answer (`content`)."""

    text: str | None = None
    encoding: str | None = None
    mime_type: str | None = msgspec.field(default=None, name="mimeType")


class HarRequest(msgspec.Struct, frozen=True):
    method: str
    url: str
    headers: list[HarHeader] = []
    body: HarText | None = msgspec.field(default=None, name="postData")


class HarResponse(msgspec.Struct, frozen=True):
    status: int = 0
    headers: list[HarHeader] = []
    content: HarText = HarText()


class HarEntry(msgspec.Struct, frozen=True):
    began: str = msgspec.field(name="startedDateTime")
    request: HarRequest
    response: HarResponse = HarResponse()
    took_ms: float = msgspec.field(default=0.0, name="time")


class HarLog(msgspec.Struct, frozen=True):
    entries: list[HarEntry]


def har_of(value: dict[str, Any], name: str, url: str | None) -> Foreign:
    """The traffic of one MCP endpoint: the one at `url`, or the only one there is. Raises BadRecording."""
    every = fitting(value.get("log"), HarLog, name).entries
    # Who was sent elsewhere said it there once more.
    entries = [entry for entry in every if entry.response.status not in REDIRECTS]
    spoken = [entry for entry in entries if is_spoken(entry)]
    places = Counter(place_of(entry) for entry in spoken)
    if not places:
        raise BadRecording(
            f"{name}: {len(entries)} requests, and none of them speaks MCP (JSON-RPC in a POST)"
        )
    if url is None and len(places) > 1:
        known = ", ".join(f"{harmless(place, 100)} ({number})" for place, number in places.most_common(5))
        raise BadRecording(f"{name}: several MCP endpoints; say --url with one of {known}")
    endpoint = public(url) if url is not None else next(iter(places))
    chosen = [entry for entry in entries if place_of(entry) == endpoint]
    if endpoint not in places:
        raise BadRecording(f"{name}: nothing there speaks MCP with {harmless(endpoint, 200)}")
    times = [instant(entry.began, name) for entry in chosen]
    began = min(times)
    exchanges = tuple(
        exchange_of(entry, (time - began).total_seconds()) for entry, time in zip(chosen, times, strict=True)
    )
    lacking = sum(entry.response.status == 200 and not entry.response.content.text for entry in spoken)
    left_out = (f"the file lacks the content of {lacking} answers",) if lacking else ()
    return Foreign(endpoint, began, exchanges, left_out)


def is_spoken(entry: HarEntry) -> bool:
    """Whether it carries messages of JSON-RPC."""
    body = entry.request.body
    if entry.request.method != "POST" or body is None or not body.text:
        return False
    try:
        found = Messages().read(plain(body))
    except ValueError:
        return False
    return any(each.method or each.is_answer for each in found)


def place_of(entry: HarEntry) -> str:
    try:
        return public(entry.request.url)
    except ValueError:
        return ""


def exchange_of(entry: HarEntry, at: float) -> PastExchange:
    request, response = entry.request, entry.response
    took = entry.took_ms if math.isfinite(entry.took_ms) else 0.0
    headers = [(each.name, each.value) for each in response.headers if each.name.lower() not in UNPACKED]
    if not any(each.lower() == "content-type" for each, _ in headers):
        headers.append(("content-type", response.content.mime_type or ""))
    return PastExchange(
        at,
        min(max(took, 0.0), MAX_TOOK_MS) / 1000,
        request.method,
        header_pairs((each.name, each.value) for each in request.headers),
        plain(request.body) if request.body is not None else b"",
        max(0, response.status),
        header_pairs(headers),
        plain(response.content),
    )


def plain(text: HarText) -> bytes:
    if text.encoding == "base64":
        try:
            return base64.b64decode(text.text or "")
        except (binascii.Error, ValueError):
            return b""
    return (text.text or "").encode("utf-8", "surrogatepass")
