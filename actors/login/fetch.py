"""One request of a login and its answer: bounded in time and size, whatever the server does."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from contextlib import nullcontext
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import attrs
import httpx
import trio

from actors.call_errors import reason_of
from actors.errors import SimulateError
from actors.json_text import read_json
from actors.shelter import Shelter
from actors.text import harmless

ANSWER_S = 60.0
MAX_BYTES = 4 * 2**20
"""The longest page or document that is read."""
TOO_LONG = f"an answer of more than {MAX_BYTES >> 20} MiB"


class NoAnswer(SimulateError):
    """The server gave no answer that could be read. The text says why, harmlessly."""


@attrs.frozen
class Reply:
    """An answer, read to its end.

    Attributes:
        url: that was asked.
        body: without its content coding.
    """

    url: str
    status: int
    headers: httpx.Headers
    body: bytes = attrs.field(repr=False)

    @property
    def text(self) -> str:
        """The body as a page's text; what is no UTF-8 is replaced."""
        return self.body.decode("utf-8", "replace")

    @property
    def location(self) -> str:
        """Where a redirect leads, "" for any other answer (RFC 9110, 15.4)."""
        is_redirect = self.status in (301, 302, 303, 307, 308)
        return str(self.headers.get("location", "")) if is_redirect else ""

    @property
    def document(self) -> dict[str, Any] | None:
        """The JSON object in the body, None where there is none."""
        try:
            value = read_json(self.body)
        except ValueError:
            return None
        return value if isinstance(value, dict) else None

    @property
    def retry_after_s(self) -> float | None:
        """How long it asks to wait (RFC 9110, 10.2.3), seconds; None where it does not say."""
        said = str(self.headers.get("retry-after", "")).strip()
        if said.isascii() and said.isdigit():
            return float(said[:9])
        try:
            at = parsedate_to_datetime(said)
            at = at if at.tzinfo else at.replace(tzinfo=UTC)
            return max(0.0, (at - datetime.now(UTC)).total_seconds())
        except (ValueError, TypeError, IndexError, OverflowError):  # OverflowError: a year of twenty digits
            return None


async def ask(
    http: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    answer_s: float = ANSWER_S,
    heads_only: bool = False,
    shelter: Shelter | None = None,
    **parts: Any,
) -> Reply:
    """Send one request, follow no redirect, read the whole answer. Raises NoAnswer.

    Args:
        answer_s: how long all of it may take.
        heads_only: the body of a success is not read: it may be a stream of events that stays open.
        shelter: cancellation waits under it until the answer is there, since the server goes on anyway.
        parts: of the request, as httpx names them: `data`, `json`, `headers`, `auth`.
    """
    headers = {"Accept-Encoding": "identity", **(parts.pop("headers", None) or {})}
    body, is_too_long = bytearray(), False
    try:
        # Around the time-out, which bounds it.
        with shelter.over(math.inf) if shelter else nullcontext(), trio.fail_after(answer_s) as scope:
            async with http.stream(method, url, follow_redirects=False, headers=headers, **parts) as response:
                coding = response.headers.get("content-encoding", "")
                if heads_only and response.is_success:
                    return Reply(url, response.status_code, response.headers, b"")
                if response.is_stream_consumed:
                    # Made in this process, without a wire: read and decoded already.
                    return Reply(url, response.status_code, response.headers, response.content[:MAX_BYTES])
                async for chunk in response.aiter_raw():
                    body += chunk
                    if len(body) > MAX_BYTES:
                        # httpx's generators end cleanly by what is raised within them, and not otherwise.
                        is_too_long = True
                        body.clear()
                        scope.cancel()
    except trio.TooSlowError:
        why = TOO_LONG if is_too_long else f"no answer within {answer_s:g} s"
        raise NoAnswer(why) from None
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ValueError) as error:
        # ValueError: an address, or a header, that httpx or its codecs cannot take.
        raise NoAnswer(harmless(reason_of(error))) from None
    # A cancellation that waited for the answer comes before whatever is made of it.
    await trio.lowlevel.checkpoint_if_cancelled()
    if is_too_long:
        raise NoAnswer(TOO_LONG)
    return Reply(url, response.status_code, response.headers, decoded(bytes(body), coding))


def decoded(body: bytes, coding: str) -> bytes:
    """The body without its content coding (RFC 9110, 8.4), which was not asked for. Raises NoAnswer."""
    coding = coding.strip().lower()
    if coding in ("", "identity") or not body:
        return body
    if coding not in ("gzip", "x-gzip", "deflate"):
        raise NoAnswer(f"an answer in a content coding that was not asked for ({harmless(coding, 40)})")
    unpacking = zlib.decompressobj(47)  # gzip or zlib, as its head says
    try:
        plain = unpacking.decompress(body, MAX_BYTES)
    except zlib.error:
        raise NoAnswer(f"an answer that is not {coding}, as it says") from None
    if unpacking.unconsumed_tail:
        raise NoAnswer(TOO_LONG)
    return plain


def describe(reply: Reply) -> str:
    """The status, and the error that the body names (RFC 6749, 5.2), without anything else in it."""
    texts = said_by(reply.document)
    return f"HTTP {reply.status}" + (f" ({texts})" if texts else "")


def said_by(document: Mapping[str, Any] | None) -> str:
    """What an error answer says, harmless; "" where it says nothing."""
    if document is None:
        return ""
    names = ("error", "error_description", "message", "detail")
    texts = [text for name in names if isinstance(text := document.get(name), str) and text.strip()]
    return harmless(": ".join(dict.fromkeys(texts)), 200)
