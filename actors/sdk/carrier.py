"""The HTTP transport under one MCP session: remembers why a request failed, and keeps the session alive.

The SDK's client (mcp 2.3) ends a session, with a bare `Cancelled`, when an HTTP request fails below
it, and tells 401, 429 and 5xx apart by nothing. So a failure is answered here with a JSON-RPC error,
and its status and reason are kept for whoever made the call.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import httpx2

from actors.errors import CallError, Outcome
from actors.failures import connection_broke, no_connection, reason_of, status_error

SESSION_ID = "mcp-session-id"


class Carrier(httpx2.AsyncBaseTransport):
    """Carries the requests of one session.

    Attributes:
        authorization: the `Authorization` header of the next request, "" for none.
        failure: why a request failed since `take_failure` was called last, None when none did.
        session_id: given by the server at `initialize`.
    """

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner
        self.authorization = ""
        self.failure: CallError | None = None
        self.session_id: str | None = None

    def take_failure(self) -> CallError | None:
        failure, self.failure = self.failure, None
        return failure

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET":
            # The stream for messages outside any request; nothing that a user does needs it.
            return httpx2.Response(405, request=request)
        if self.authorization:
            request.headers["Authorization"] = self.authorization
        try:
            response = await self._inner.handle_async_request(request)
        except httpx2.TransportError as error:
            self.failure = transport_error(error)
            return stand_in_response(request, self.failure)
        self.session_id = response.headers.get(SESSION_ID, self.session_id)
        if response.status_code >= 400:
            wait = response.headers.get("retry-after", "")
            had_session = self.session_id is not None
            self.failure = status_error(response.status_code, wait, had_session=had_session)
        response.stream = _Watched(response.stream, self)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Watched(httpx2.AsyncByteStream):
    """A response body that ends, instead of raising, when its connection breaks."""

    def __init__(self, inner: object, carrier: Carrier) -> None:
        assert isinstance(inner, httpx2.AsyncByteStream)
        self._inner = inner
        self._carrier = carrier

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._inner:
                yield chunk
        except httpx2.TransportError as error:
            self._carrier.failure = transport_error(error)

    async def aclose(self) -> None:
        await self._inner.aclose()


def transport_error(error: httpx2.TransportError) -> CallError:
    """What an HTTP failure means for the call: whether it can have reached the server is told apart."""
    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout):
        return no_connection(reason_of(error))
    if isinstance(error, httpx2.TimeoutException):
        return CallError(
            Outcome.TRANSPORT_ERROR, "the MCP server did not answer in time", reason="timeout", answered=False
        )
    return connection_broke(reason_of(error))


def stand_in_response(request: httpx2.Request, failure: CallError) -> httpx2.Response:
    """The JSON-RPC error that the SDK gets in the place of an answer that will not come."""
    error = {"jsonrpc": "2.0", "id": None, "error": {"code": -32000, "message": str(failure)}}
    headers = {"content-type": "application/json"}
    return httpx2.Response(502, headers=headers, content=json.dumps(error).encode(), request=request)
