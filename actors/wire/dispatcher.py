"""The SDK's dispatcher seam over HTTP: a request and its answer are handled in the caller's task.

`mcp.ClientSession` stays the protocol: it makes the messages, and validates and types what comes back.
The seam's lifecycle (`run`) is provisional in mcp 2.x; so the version is pinned, and tests hold it.
Streamable HTTP: https://modelcontextprotocol.io/specification/2025-06-18/basic/transports
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import anyio
import msgspec
import trio
from mcp.shared.dispatcher import CallOptions, OnNotify, OnNotifyIntercept, OnRequest
from mcp.shared.dispatcher import run_notify_intercept as intercepts
from mcp.shared.exceptions import MCPError

from actors.call_errors import invalid_answer, stream_ended
from actors.declared_schemas import DeclaredSchemas
from actors.errors import CallError
from actors.wire.event_stream import EventParser
from actors.wire.exchange import Exchanger
from actors.wire.hot_answers import PendingRequest, read_nothing
from actors.wire.json_rpc import (
    Message,
    answer_to,
    decode,
    encode,
    is_answer_to,
    notification,
    request,
    result_of,
)
from actors.wire.response import Response, media_type
from actors.wire.server_messages import FromServer, is_valid_notification, progress_of
from actors.wire.session_headers import EVENTS, JSON, SessionHeaders
from actors.wire.tool_pages import ToolPages

CANCELLING_S = 0.5
MAX_RESUMPTIONS = 20
"""How often the rest of one answer is asked for; each time bounded, as a whole, by the call's deadline."""
VERSION = "mcp-protocol-version"
REPEATABLE = frozenset(
    {"initialize", "ping", "server/discover", "tools/list", "resources/list", "resources/read"}
)
"""Methods that may be sent twice; a tool may have done its work although no answer came."""
CANNOT_RESUME = frozenset({400, 404, 405, 501})
INTERNAL = -32603

Found = TypeVar("Found")


class WireDispatcher:
    """One user's channel to the server (`mcp.shared.dispatcher.Dispatcher`).

    Raises CallError for everything that is not JSON-RPC's own, from the calls of the session above.

    Attributes:
        authorization: the `Authorization` header of the next request, "" for none.
        traceparent: the trace context of the next request, "" for none.
        session_id: given by the server at `initialize`.
        ignored: how many messages of the server were none that MCP knows, and were left out.
    """

    def __init__(
        self, exchanger: Exchanger, declared: DeclaredSchemas, pages: ToolPages | None = None
    ) -> None:
        self._exchanger = exchanger
        self._declared = declared
        self._pages = pages or ToolPages()
        self._number = 0
        self._on_request: OnRequest
        self._on_notify: OnNotify
        self._intercept: OnNotifyIntercept | None = None
        self.ignored = 0
        self._session = SessionHeaders()
        self._version = ""

    @property
    def authorization(self) -> str:
        return self._session.authorization

    @authorization.setter
    def authorization(self, value: str) -> None:
        self._session.authorization = value

    @property
    def traceparent(self) -> str:
        return self._session.traceparent

    @traceparent.setter
    def traceparent(self, value: str) -> None:
        self._session.traceparent = value

    @property
    def session_id(self) -> str | None:
        return self._session.session_id

    async def prepare(self) -> None:
        """See `actors.session.Transport`."""
        await self._exchanger.prepare()

    def take_failure(self) -> None:
        """Nothing: what fails here is raised (`actors.session.Transport`)."""

    async def run(  # noqa: ASYNC114 (the SDK starts it)
        self,
        on_request: OnRequest,
        on_notify: OnNotify,
        on_notify_intercept: OnNotifyIntercept | None = None,
        *,
        task_status: anyio.abc.TaskStatus[None] = anyio.TASK_STATUS_IGNORED,
    ) -> None:
        """Keep the handlers, and wait: every answer is received by whoever asked."""
        self._on_request, self._on_notify, self._intercept = on_request, on_notify, on_notify_intercept
        task_status.started()
        await trio.sleep_forever()

    async def send_raw_request(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> dict[str, Any]:
        """The raw result; for errors and cancellation see `ask`."""
        opts, number = opts or {}, self.next_number()
        if "on_progress" in opts:
            params = {**(params or {}), "_meta": {**(params or {}).get("_meta", {}), "progressToken": number}}
        if method != "tools/list":
            found = await self.ask(number, method, params, opts, read_nothing)
            assert isinstance(found, dict)
            return found
        listed = await self.ask(number, method, params, opts, self._pages.read)
        page = self._pages.page_of(listed) if isinstance(listed, dict) else listed
        self._declared.declare_all(page.outputs)
        return dict(page.message)  # the SDK writes into it

    def next_number(self) -> int:
        """The number of the next request."""
        self._number += 1
        return self._number

    async def ask(
        self,
        number: int,
        method: str,
        params: Mapping[str, Any] | msgspec.Raw | None,
        opts: CallOptions,
        read: Callable[[bytes, int], Found | None],
    ) -> Found | Message:
        """What `read` makes of the answer, or the raw result where it makes nothing of it.

        Raises MCPError for a JSON-RPC error, CallError for any other failure. When cancelled, the connection
        is closed, since its answer is still to come, and the server is told (`notifications/cancelled`),
        within `CANCELLING_S` seconds.
        """
        headers = opts.get("headers", {})
        self._version = headers.get(VERSION, self._version)
        asked = PendingRequest(number, method, read, opts.get("on_progress"))
        try:
            found: Found | Message = await self._ask(asked, encode(request(number, method, params)), headers)
            return found
        except trio.Cancelled:
            if opts.get("cancel_on_abandon", True) and self.session_id is not None:
                with trio.CancelScope(shield=True), trio.move_on_after(CANCELLING_S):
                    await self._tell_cancelled(number, opts)
            raise

    async def notify(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> None:
        """Send a notification; a server accepts it with 202. Raises CallError."""
        await self._post(notification(method, params), (opts or {}).get("headers", {}))

    async def end_session(self) -> None:
        """Tell the server that the session is over, where there is one, and close connections."""
        self.traceparent = ""
        if self.session_id is not None:
            try:
                with await self._exchanger.ask(
                    "DELETE", self._session.lines({}), b"", repeatable=True
                ) as response:
                    await response.read()
            except CallError:
                pass  # a server that is gone has forgotten the session as well
        self._exchanger.close()

    async def _ask(self, asked: PendingRequest, body: bytes, headers: Mapping[str, str]) -> Any:
        parser: EventParser | None = None
        try:
            with await self._exchanger.ask(
                "POST", self._session.lines(headers), body, repeatable=asked.method in REPEATABLE
            ) as response:
                await self._session.check(response)
                kind = media_type(response)
                if kind == JSON:
                    data = await response.read()
                    return asked.read(data, asked.number) or answer_to(asked.number, decode(data))
                if kind != EVENTS:
                    # A page of something on the way: what became of the request is not known.
                    raise invalid_answer(f"content of type {kind[:60]!r}", answered=False)
                parser = EventParser()
                found = await self._read_events(response, parser, asked)
        except CallError as error:
            if parser is None or error.reason != "cut" or not parser.last_id:
                raise
            found = None
        return found if found is not None else await self._resume(parser, asked, headers)

    async def _resume(self, parser: EventParser, asked: PendingRequest, headers: Mapping[str, str]) -> Any:
        """Ask for the rest of a stream that ended early, and named its events for that.

        MCP 2025-11-25, Streamable HTTP, Resumability and Redelivery. Raises CallError.
        """
        for _ in range(MAX_RESUMPTIONS):
            if not parser.last_id:
                break
            await trio.sleep(parser.retry_s)
            rest = {**headers, "Accept": EVENTS, "Last-Event-ID": parser.last_id}
            parser = EventParser(parser.last_id, parser.retry_s)
            try:
                with await self._exchanger.ask(
                    "GET", self._session.lines(rest), b"", repeatable=True
                ) as response:
                    await self._session.check(response)
                    if media_type(response) != EVENTS:
                        break
                    found = await self._read_events(response, parser, asked)
                if found is not None:
                    return found
            except CallError as error:
                if error.status in CANNOT_RESUME:
                    break
                if error.reason not in ("cut", "connect"):
                    raise
        raise stream_ended()

    async def _read_events(self, response: Response, parser: EventParser, asked: PendingRequest) -> Any:
        """Take events until the answer comes, None when the stream ends before it does.

        What else the server says is answered in between.
        """
        while piece := await response.next_piece():
            for data in parser.feed(piece):
                if (found := asked.read(data, asked.number)) is not None:
                    return found
                message = decode(data)
                if is_answer_to(asked.number, message):
                    return result_of(message)
                await self._take(message, asked)
        return None

    async def _take(self, message: Message, asked: PendingRequest) -> None:
        """A request or notification that the server sent within an answer; others are not for us."""
        method, params = message.get("method"), message.get("params")
        if not isinstance(method, str) or not isinstance(params, dict | None):
            return
        if "id" in message:
            number = message["id"]
            if not isinstance(number, str | int) or isinstance(number, bool):
                self.ignored += 1  # no id, such as null (MCP, Base Protocol): there is nothing to answer
                return
            await self._post(await self._reply(method, params, number), {})
            return
        if method == "notifications/progress" and asked.progress is not None:
            told = progress_of(params or {}, asked.number)
            if told is not None:
                await asked.progress(*told)
        if not is_valid_notification(method, params, self._version):
            self.ignored += 1  # the SDK would print a traceback for each
        elif not intercepts(self._intercept, method, params):
            await self._on_notify(FromServer(self), method, params)

    async def _reply(self, method: str, params: Mapping[str, Any] | None, number: Any) -> Message:
        """The session's answer to a request of the server's."""
        try:
            result = await self._on_request(FromServer(self, number), method, params)
        except MCPError as error:
            body = {"code": error.code, "message": error.error.message}
            return {"jsonrpc": "2.0", "id": number, "error": body}
        except Exception as error:
            # The SDK's handlers, on what a server made up: none of ours are there.
            body = {"code": INTERNAL, "message": type(error).__name__}
            return {"jsonrpc": "2.0", "id": number, "error": body}
        return {"jsonrpc": "2.0", "id": number, "result": result}

    async def _post(self, message: Message, headers: Mapping[str, str]) -> None:
        """Send what gets no answer: a notification, or an answer of ours."""
        with await self._exchanger.ask(
            "POST", self._session.lines(headers), encode(message), repeatable=False
        ) as response:
            await self._session.check(response)
            await response.read()

    async def _tell_cancelled(self, number: int, opts: CallOptions) -> None:
        try:
            params = {"requestId": number, "reason": "the client does not wait any longer"}
            await self.notify("notifications/cancelled", params, {"headers": opts.get("headers", {})})
        except (CallError, MCPError):
            pass  # it was a courtesy, and whoever was cancelled is to stay cancelled
