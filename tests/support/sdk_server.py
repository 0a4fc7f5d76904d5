"""A server made with the SDK.

`python -m tests.support.sdk_server json|events [stateless] [hypercorn] [400|404]`.

With a status it is of the new generation alone, and refuses the handshake of the old one like that.
"""

from __future__ import annotations

import socket
import sys
from typing import Any

import anyio
import trio
import uvicorn
from hypercorn.config import Config
from hypercorn.trio import serve
from mcp.server.mcpserver import Context, MCPServer
from opentelemetry import trace
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Name(BaseModel):
    """What `ask` asks for."""

    name: str


REFUSALS = {
    400: {"code": -32022, "message": "Unsupported", "data": {"supported": ["2026-07-28"], "requested": ""}},
    404: {"code": -32601, "message": "Method not found"},
}


def make_server() -> MCPServer:
    server = MCPServer("reference")

    @server.tool()
    async def echo(text: str) -> str:
        return text

    @server.tool()
    async def structured(number: int) -> dict[str, Any]:
        return {"number": number, "list": [1, 2, 3], "nested": {"text": "é"}}

    @server.tool()
    async def fail(text: str) -> str:
        raise ValueError(text)

    @server.tool()
    async def slow(seconds: float) -> str:
        await anyio.sleep(seconds)
        return "at last"

    @server.tool()
    async def talk(notes: int, ctx: Context) -> str:
        for number in range(notes):
            await ctx.report_progress(number, notes)
        return "said it all"

    @server.tool()
    async def ask(question: str, ctx: Context) -> str:
        answer = await ctx.elicit(question, Name)
        return f"{answer.action}: {answer.data.name}" if answer.action == "accept" else answer.action

    @server.tool()
    async def traced(ctx: Context) -> dict[str, Any]:
        """The trace context that came, and the span in which the SDK's instrumentation handles the call."""
        span = trace.get_current_span().get_span_context()
        headers = getattr(ctx.request_context.request, "headers", {})
        meta = ctx.request_context.meta or {}
        return {
            "meta": meta.get("traceparent"),
            "header": headers.get("traceparent"),
            "span": f"00-{span.trace_id:032x}-{span.span_id:016x}-{span.trace_flags:02x}",
        }

    @server.resource("test://thing")
    async def thing() -> str:
        return '{"a": 1}'

    return server


class NewGeneration:
    """In front of a server: `initialize` is refused with `status`."""

    def __init__(self, app: ASGIApp, status: int) -> None:
        self._app = app
        self._status = status

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        body, message = await request.body(), await request.json()
        if message["method"] == "initialize":
            refusal = {"jsonrpc": "2.0", "id": message["id"], "error": REFUSALS[self._status]}
            await JSONResponse(refusal, status_code=self._status)(scope, receive, send)
            return
        given: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def again() -> Message:
            return given.pop() if given else await receive()

        await self._app(scope, again, send)


def main() -> None:
    words = sys.argv[1:]
    app: ASGIApp = make_server().streamable_http_app(
        json_response="json" in words, stateless_http="stateless" in words
    )
    for status in REFUSALS:
        if str(status) in words:
            app = NewGeneration(app, status)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        print(f"http://127.0.0.1:{listener.getsockname()[1]}/mcp", flush=True)
        if "hypercorn" in words:
            config = Config.from_mapping(bind=[f"fd://{listener.fileno()}"], loglevel="CRITICAL")
            trio.run(serve, app, config)
        else:
            uvicorn.Server(uvicorn.Config(app, log_level="critical")).run(sockets=[listener])


if __name__ == "__main__":
    main()
