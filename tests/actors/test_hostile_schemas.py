"""A server's own schemas are its own texts: what can be told of them is told, and nothing waits for them."""

from __future__ import annotations

import ssl
from typing import Any

import pytest
import trio

from actors.errors import CallError
from actors.login.basic import Nobody
from actors.ports import Person
from actors.sdk.sdk_connector import SdkConnector
from actors.secret import Secret
from actors.wire.wire_connector import WireConnector
from tests.support.raw_server import Request, http_json, raw_server, result

VALUE = {"content": "a" * 40 + "!"}
DOUBLING: dict[str, Any] = {"d40": {"type": "object"}}
for depth in range(40):
    DOUBLING[f"d{depth}"] = {"allOf": [{"$ref": f"#/$defs/d{depth + 1}"}] * 2}


@pytest.mark.parametrize("client", [WireConnector, SdkConnector])
@pytest.mark.parametrize(
    ("schema", "word"),
    [
        pytest.param({"properties": {"content": {"pattern": "^(a+)+$"}}}, "", id="a pattern without an end"),
        pytest.param({"properties": {"content": {"pattern": "("}}}, "Invalid schema", id="no pattern"),
        pytest.param({"$defs": DOUBLING, "$ref": "#/$defs/d0"}, "", id="references that multiply"),
        pytest.param({"$ref": "#"}, "", id="a reference to itself"),
        pytest.param({"$ref": "file:///etc/hostname"}, "Invalid schema", id="a file"),
        pytest.param({"properties": 5}, "Invalid schema", id="no schema"),
        pytest.param({"required": ["etag"]}, "'etag' is a required property", id="another answer"),
        pytest.param({"required": ["content"]}, "", id="this answer"),
    ],
)
async def test_no_schema_of_a_server_holds_a_call_up_or_ends_a_run(
    schema: Any, word: str, client: Any
) -> None:
    async def serve(stream: trio.SocketStream, request: Request) -> bool:
        answer: Any = {"content": [], "structuredContent": VALUE}
        if request.message.get("method") == "initialize":
            info = {"name": "hostile", "version": "1"}
            answer = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": info}
        if request.message.get("method") == "tools/list":
            schema_in = {"type": "object"}
            schema_out = {"type": "object", **schema}
            answer = {"tools": [{"name": "t", "inputSchema": schema_in, "outputSchema": schema_out}]}
        await stream.send_all(http_json(result(request, answer)))
        return True

    if client is SdkConnector and schema == {"properties": 5}:
        pytest.skip("the SDK's own client refuses the whole page of tools")
    async with raw_server(serve, {"initialize": serve, "tools/list": serve}) as server:
        with trio.fail_after(60):
            connector = client(server.url, 5.0, ssl.create_default_context())
            async with connector.open_session(Person("ann", Secret("s")), Nobody()) as session:
                for _ in range(2):
                    try:
                        assert await session.call_tool("t", {}) == VALUE
                        assert not word
                    except CallError as error:
                        assert word
                        assert word in str(error)
