"""What tests of both clients are made of: somebody who calls, and a server that answers well in the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import trio

from actors.ports import Person, ToolSession
from actors.sdk.sdk_connector import SdkConnector
from actors.secret import Secret
from actors.wire.wire_connector import WireConnector
from tests.support.raw_server import Request, http_json, tool_result

CLIENTS = {"wire": WireConnector, "sdk": SdkConnector}
PERSON = Person("ann", Secret("secret"))
BOUND_S = 60.0


async def call(session: ToolSession) -> Any:
    with trio.fail_after(BOUND_S):
        return await session.call_tool("some_tool", {"text": "ä"})


async def well(stream: trio.SocketStream, request: Request) -> bool:
    await stream.send_all(http_json(tool_result(request)))
    return True


def sends(*answers: bytes) -> Callable[[trio.SocketStream, Request], Any]:
    """Answers tool calls with these bytes, one after another, and then well."""
    left = list(answers)

    async def answer(stream: trio.SocketStream, request: Request) -> bool:
        if not left:
            return await well(stream, request)
        await stream.send_all(left.pop(0))
        return True

    return answer
