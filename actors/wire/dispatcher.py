"""The SDK's dispatcher seam over HTTP: a request and its answer are handled in the caller's task.

`mcp.ClientSession` stays the protocol: it makes the messages, and validates and types what comes back.
The seam's lifecycle (`run`) is provisional in mcp 2.x; so the version is pinned, and tests hold it.
Streamable HTTP: https://modelcontextprotocol.io/specification/2025-06-18/basic/transports
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import anyio
import attrs
import trio
from mcp.shared.dispatcher import (
    CallOptions,
    OnNotify,
    OnNotifyIntercept,
    OnRequest,
    ProgressFnT,
    run_notify_intercept,
)
from mcp.shared.exceptions import MCPError
from mcp.shared.transport_context import TransportContext

from actors.errors import CallError
from actors.failures import invalid_answer, status_error
from actors.wire.events import EventParser
from actors.wire.exchange import Exchanger
from actors.wire.http import Response
from actors.wire.messages import (
    Message,
    decode,
    encode,
    error_of,
    is_answer_to,
    notification,
    request,
    result_of,
)

MOST_BODY_BYTES = 64 * 2**20
CANCELLING_S = 0.5
SESSION_ID = "mcp-session-id"
REPEATABLE = frozenset(
    {"initialize", "ping", "server/discover", "tools/list", "resources/list", "resources/read"}
)
"""Methods that may be sent twice; a tool may have done its work although no answer came."""
SENT_ALWAYS = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
INTERNAL = -32603


@attrs.define
class FromServer:
    """What handlers of the server's own messages are told (`mcp.shared.dispatcher.DispatchContext`)."""

    dispatcher: WireDispatcher
    request_id: Any = None
    message_metadata: None = None
    transport: TransportContext = attrs.field(
        factory=lambda: TransportContext(kind="streamable-http", can_send_request=True)
    )
    can_send_request: bool = True
    cancel_requested: anyio.Event = attrs.field(factory=anyio.Event)

    async def send_raw_request(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> dict[str, Any]:
        return await self.dispatcher.send_raw_request(method, params, opts)

    async def notify(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> None:
        await self.dispatcher.notify(method, params, opts)

    async def progress(self, progress: float, total: float | None = None, message: str | None = None) -> None:
        """Clients report no progress."""


class WireDispatcher:
    """One user's channel to the server (`mcp.shared.dispatcher.Dispatcher`).

    Raises CallError for everything that is not JSON-RPC's own, from the calls of the session above.

    Attributes:
        authorization: the `Authorization` header of the next request, "" for none.
        session_id: given by the server at `initialize`.
    """

    def __init__(self, exchanger: Exchanger) -> None:
        self._exchanger = exchanger
        self._number = 0
        self._on_request: OnRequest
        self._on_notify: OnNotify
        self._intercept: OnNotifyIntercept | None = None
        self.authorization = ""
        self.session_id: str | None = None

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
        """The raw result. Raises MCPError for a JSON-RPC error, CallError for any other failure.

        When cancelled, the connection is closed, since its answer is still to come, and the server is
        told (`notifications/cancelled`), within `CANCELLING_S` seconds.
        """
        opts = opts or {}
        self._number += 1
        number = self._number
        progress = opts.get("on_progress")
        if progress is not None:
            params = {**(params or {}), "_meta": {**(params or {}).get("_meta", {}), "progressToken": number}}
        message = request(number, method, params)
        try:
            return await self._ask(message, number, opts.get("headers", {}), progress)
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
        if self.session_id is not None:
            try:
                async with self._exchanger.exchange(
                    "DELETE", self._headers({}), b"", repeatable=True
                ) as response:
                    await response.read(MOST_BODY_BYTES)
            except CallError:
                pass  # a server that is gone has forgotten the session as well
        await self._exchanger.aclose()

    async def _ask(
        self, message: Message, number: int, headers: Mapping[str, str], progress: ProgressFnT | None
    ) -> dict[str, Any]:
        is_repeatable = message["method"] in REPEATABLE
        async with self._exchanger.exchange(
            "POST", self._headers(headers), encode(message), repeatable=is_repeatable
        ) as response:
            await self._check_status(response)
            kind = response.headers.get("content-type", "")
            if kind.startswith("application/json"):
                answer = decode(await response.read(MOST_BODY_BYTES))
                if not is_answer_to(number, answer):
                    raise invalid_answer("it belongs to another request")
                return result_of(answer)
            if kind.startswith("text/event-stream"):
                return await self._read_events(response, number, progress)
            raise invalid_answer(f"content of type {kind[:60]!r}")

    async def _read_events(
        self, response: Response, number: int, progress: ProgressFnT | None
    ) -> dict[str, Any]:
        """Take events until the answer comes; what else the server says is answered in between."""
        parser = EventParser()
        while piece := await response.next_piece():
            for data in parser.feed(piece):
                message = decode(data)
                if is_answer_to(number, message):
                    return result_of(message)
                await self._take(message, number, progress)
            if parser.size > MOST_BODY_BYTES:
                raise invalid_answer(f"an event of more than {MOST_BODY_BYTES} bytes")
        raise invalid_answer("the stream of events ended without an answer")

    async def _take(self, message: Message, number: int, progress: ProgressFnT | None) -> None:
        """A request or notification that the server sent within an answer; others are not for us."""
        method, params = message.get("method"), message.get("params")
        if not isinstance(method, str) or not isinstance(params, dict | None):
            return
        if "id" in message:
            await self._post(await self._reply(method, params, message["id"]), {})
            return
        if method == "notifications/progress" and progress is not None:
            given = params or {}
            if given.get("progressToken") == number:
                await progress(float(given.get("progress", 0)), given.get("total"), given.get("message"))
        if not run_notify_intercept(self._intercept, method, params):
            await self._on_notify(FromServer(self), method, params)

    async def _reply(self, method: str, params: Mapping[str, Any] | None, number: Any) -> Message:
        """The session's answer to a request of the server's."""
        try:
            result = await self._on_request(FromServer(self, number), method, params)
        except MCPError as error:
            body = {"code": error.code, "message": error.error.message}
            return {"jsonrpc": "2.0", "id": number, "error": body}
        except ValueError as error:
            body = {"code": INTERNAL, "message": type(error).__name__}
            return {"jsonrpc": "2.0", "id": number, "error": body}
        return {"jsonrpc": "2.0", "id": number, "result": result}

    async def _post(self, message: Message, headers: Mapping[str, str]) -> None:
        """Send what gets no answer: a notification, or an answer of ours."""
        async with self._exchanger.exchange(
            "POST", self._headers(headers), encode(message), repeatable=False
        ) as response:
            await self._check_status(response)
            await response.read(MOST_BODY_BYTES)

    async def _tell_cancelled(self, number: int, opts: CallOptions) -> None:
        try:
            params = {"requestId": number, "reason": "the client does not wait any longer"}
            await self.notify("notifications/cancelled", params, {"headers": opts.get("headers", {})})
        except CallError:
            pass  # it was a courtesy

    async def _check_status(self, response: Response) -> None:
        """Raises CallError for a status that is no success, or the JSON-RPC error that came with a 400."""
        self.session_id = response.headers.get(SESSION_ID, self.session_id)
        if response.status < 300:
            return
        kind = response.headers.get("content-type", "")
        body = await response.read(MOST_BODY_BYTES)
        if response.status == 400 and kind.startswith("application/json"):
            error = decode(body).get("error")
            if isinstance(error, dict) and isinstance(error.get("code"), int):
                raise error_of(error)
        wait = response.headers.get("retry-after", "")
        raise status_error(response.status, wait, had_session=self.session_id is not None)

    def _headers(self, more: Mapping[str, str]) -> dict[str, str]:
        headers = {**SENT_ALWAYS, **more}
        if self.authorization:
            headers["Authorization"] = self.authorization
        if self.session_id is not None:
            headers[SESSION_ID] = self.session_id
        return headers
