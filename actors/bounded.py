"""One answer of Nextcloud, read whole, within bounds of time and size: a server may send without end."""

from __future__ import annotations

from typing import Any

import httpx
import trio

MAX_BYTES = 64 * 2**20
"""More than any list of users, notes or files that a run looks at."""

ANSWER_S = 60.0
"""How long all of an answer may take, 25 s of brute-force protection included; between two of its bytes the
client's own time-out counts."""


class OutOfBounds(httpx.TransportError):
    """An answer that was longer, or took longer, than any that is of use. Part of it was read."""


async def request(http: httpx.AsyncClient, method: str, url: str, **parts: Any) -> httpx.Response:
    """Send one request and read its answer, without its content coding. Redirects are not followed.

    Raises what httpx raises, and OutOfBounds. Cancelled, a request that was sent may be carried out.

    Args:
        parts: of the request, as httpx names them: `params`, `data`, `headers`, `auth`.
    """
    headers = {"Accept-Encoding": "identity", **(parts.pop("headers", None) or {})}
    body, is_too_long = bytearray(), False
    with trio.move_on_after(ANSWER_S) as scope:
        async with http.stream(method, url, follow_redirects=False, headers=headers, **parts) as response:
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > MAX_BYTES:
                    # httpx's generators end cleanly by what is raised within them, and not otherwise.
                    is_too_long = True
                    body.clear()
                    scope.cancel()
    if is_too_long:
        raise OutOfBounds(f"an answer of more than {MAX_BYTES >> 20} MiB")
    if scope.cancelled_caught:
        raise OutOfBounds(f"no answer within {ANSWER_S:g} s")
    return _whole(response, bytes(body))


def _whole(response: httpx.Response, body: bytes) -> httpx.Response:
    coded = ("content-encoding", "content-length", "transfer-encoding")
    headers = [(name, value) for name, value in response.headers.multi_items() if name not in coded]
    return httpx.Response(response.status_code, headers=headers, content=body, request=response.request)
