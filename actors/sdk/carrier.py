"""The HTTP transport under one MCP session: remembers why a request failed, and keeps the session alive.

The SDK's client (mcp 2.3) ends a session, with a bare `Cancelled`, when an HTTP request fails below
it, and tells 401, 429 and 5xx apart by nothing. So a failure is answered here with a JSON-RPC error,
and its status and reason are kept for whoever made the call.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import httpx2

from actors.call_errors import (
    TIMEOUT,
    SessionWatch,
    connection_broke,
    no_connection,
    reason_of,
    redirected,
    session_lost,
    status_error,
    too_long,
    unknown_encoding,
)
from actors.errors import CallError, Outcome
from actors.trace_context import TRACEPARENT
from actors.wire.response import INFLATABLE, MAX_BODY_BYTES, Inflater

SESSION_ID = "mcp-session-id"
LAST_EVENT_ID = "last-event-id"
MAX_REDIRECTS = 5
MAX_FAILURE_BYTES = 65_536
"""Of the body of a failure."""


class Carrier(httpx2.AsyncBaseTransport):
    """Carries the requests of one session.

    Attributes:
        authorization: the `Authorization` header of the next request, "" for none.
        traceparent: the trace context of the next request, "" for none.
        failure: why a request failed since `take_failure` was called last, None when none did.
        session_id: given by the server at `initialize`.
    """

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner
        self.authorization = self.traceparent = ""
        self.failure: CallError | None = None
        self.session_id: str | None = None
        self._watch = SessionWatch()

    async def prepare(self) -> None:
        """Connections are the inner transport's own business."""

    def take_failure(self) -> CallError | None:
        failure, self.failure = self.failure, None
        return failure

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET" and LAST_EVENT_ID not in request.headers:
            # The stream for messages outside any request; nothing that a user does needs it.
            return httpx2.Response(405, request=request)
        if self.authorization:
            request.headers["Authorization"] = self.authorization
        if self.traceparent:
            request.headers[TRACEPARENT] = self.traceparent
        request.headers["Accept-Encoding"] = "identity"
        had_session = SESSION_ID in request.headers
        try:
            response = await self._follow(request)
            body = await _read_failure(response) if response.status_code >= 300 else b""
        except httpx2.TransportError as error:
            self.failure = transport_error(error)
            return stand_in_response(request, self.failure)
        except CallError as error:
            self.failure = error
            return stand_in_response(request, error)
        self.session_id = response.headers.get(SESSION_ID, self.session_id)
        if self._watch.is_gone(response.status_code, had_session, body.decode("utf-8", "replace")):
            self.failure = session_lost(response.status_code)
        elif response.status_code >= 300 and not _is_json_rpc(response):
            wait = response.headers.get("retry-after", "")
            self.failure = status_error(response.status_code, wait)
        encoding = response.headers.pop("content-encoding", "").strip().lower()
        if encoding not in ("", "identity", *INFLATABLE):
            self.failure = unknown_encoding(encoding)
            await response.aclose()
            return stand_in_response(request, self.failure)
        if response.status_code < 300:
            inflater = Inflater() if encoding in INFLATABLE else None
            response.stream = _Watched(response.stream, self, inflater)
        return response

    async def _follow(self, request: httpx2.Request) -> httpx2.Response:
        """Send it, and again where the server redirects to, if that is of the same origin."""
        origin = _origin(request.url)
        for _ in range(MAX_REDIRECTS):
            response = await self._inner.handle_async_request(request)
            location = response.headers.get("location")
            if response.status_code not in (307, 308) or location is None:
                return response
            await response.aclose()
            try:
                target = request.url.join(location)
            except (httpx2.InvalidURL, ValueError):
                raise redirected(response.status_code, f"to what is no address: {location}") from None
            if _origin(target) != origin:
                where = f"{target.scheme}://{target.netloc.decode('latin-1')}"
                raise redirected(response.status_code, f"to another server, {where}: name that one")
            request = httpx2.Request(
                request.method,
                target,
                headers=request.headers,
                stream=request.stream,
                extensions=request.extensions,
            )
        raise redirected(307, f"more than {MAX_REDIRECTS} times")

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Watched(httpx2.AsyncByteStream):
    """A response body that ends, instead of raising, when its connection breaks or it cannot be unpacked.

    The HTTP client would unpack it, and its error would end the SDK's session, and the run.
    """

    def __init__(self, inner: object, carrier: Carrier, inflater: Inflater | None) -> None:
        assert isinstance(inner, httpx2.AsyncByteStream)
        self._inner = inner
        self._carrier = carrier
        self._inflater = inflater

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        try:
            async for chunk in self._inner:
                size += len(chunk)
                if size > MAX_BODY_BYTES:
                    raise too_long("a body", MAX_BODY_BYTES)
                for piece in self._inflater.inflate([chunk]) if self._inflater else [chunk]:
                    yield piece
        except httpx2.TransportError as error:
            self._carrier.failure = transport_error(error)
        except CallError as error:
            self._carrier.failure = error

    async def aclose(self) -> None:
        await self._inner.aclose()


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme)


async def _read_failure(response: httpx2.Response) -> bytes:
    """The body of an answer that is no success; it can still be read by whoever gets the answer."""
    assert isinstance(response.stream, httpx2.AsyncByteStream)
    body = b""
    async for piece in response.stream:
        body += piece
        if len(body) > MAX_FAILURE_BYTES:
            await response.aclose()
            raise too_long("a failure", MAX_FAILURE_BYTES)
    await response.aclose()
    response.stream = httpx2.ByteStream(body)
    return body


def _is_json_rpc(response: httpx2.Response) -> bool:
    """Whether the SDK will find a JSON-RPC error in it (as our own client does, with a 400 alone)."""
    is_json: bool = response.headers.get("content-type", "").lower().startswith("application/json")
    return response.status_code == 400 and is_json


def transport_error(error: httpx2.TransportError) -> CallError:
    """What an HTTP failure means for the call: whether it can have reached the server is told apart."""
    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout):
        return no_connection(reason_of(error))
    if isinstance(error, httpx2.TimeoutException):
        return CallError(
            Outcome.TRANSPORT_ERROR, "the MCP server did not answer in time", reason=TIMEOUT, answered=False
        )
    return connection_broke(reason_of(error))


def stand_in_response(request: httpx2.Request, failure: CallError) -> httpx2.Response:
    """The JSON-RPC error that the SDK gets in the place of an answer that will not come."""
    error = {"jsonrpc": "2.0", "id": None, "error": {"code": -32000, "message": str(failure)}}
    headers = {"content-type": "application/json"}
    return httpx2.Response(502, headers=headers, content=json.dumps(error).encode(), request=request)
