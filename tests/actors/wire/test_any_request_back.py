"""Whatever a server asks or tells within an answer, the call comes to its answer."""

from __future__ import annotations

import ssl
from typing import Any

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.login.basic import Nobody
from actors.ports import Person
from actors.secret import Secret
from actors.wire.wire_connector import WireConnector
from tests.support.raw_server import VALUE, Request, http_events, raw_server, tool_result

METHODS = [
    "sampling/createMessage",
    "elicitation/create",
    "roots/list",
    "ping",
    "tools/call",
    "x",
    "notifications/message",
    "notifications/progress",
    "notifications/cancelled",
]
json_values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=5),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=5), inner, max_size=2)
    ),
    max_leaves=4,
)
names = st.sampled_from(
    ["mode", "url", "message", "elicitationId", "requestId", "messages", "progressToken", "progress", "_meta"]
)
params = st.one_of(json_values, st.dictionaries(names, json_values, max_size=4))
messages = st.fixed_dictionaries(
    {"jsonrpc": st.just("2.0"), "method": st.one_of(st.sampled_from(METHODS), json_values)},
    optional={"id": json_values, "params": params},
)


@given(st.lists(messages, min_size=1, max_size=8))
@settings(deadline=None, max_examples=40)
def test_a_call_comes_to_its_answer_whatever_comes_before_it(asked: list[Any]) -> None:
    trio.run(call_between, asked)


@pytest.mark.parametrize("number", [None, True, 1.5, [1], {"a": 1}])
@pytest.mark.parametrize("method", METHODS[:4])
def test_a_request_without_an_id_is_left_out(method: str, number: Any) -> None:
    trio.run(call_between, [{"jsonrpc": "2.0", "method": method, "id": number}])


async def call_between(asked: list[Any]) -> None:
    async def serve(stream: trio.SocketStream, request: Request) -> bool:
        await stream.send_all(http_events(*asked, tool_result(request)))
        return True

    async with raw_server(serve) as server:
        with trio.fail_after(60):
            connector = WireConnector(server.url, 10.0, ssl.create_default_context())
            async with connector.open_session(Person("ann", Secret("s")), Nobody()) as session:
                assert await session.call_tool("t", {}) == VALUE
