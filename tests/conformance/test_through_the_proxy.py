"""Through the recording proxy clients see what they see without it, and all of it is recorded."""

from __future__ import annotations

import ssl

import mcp_types as types
import pytest
import trio
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from actors.protocol import ProtocolChoice
from actors.sdk.sdk_connector import SdkConnector
from actors.wire.wire_connector import WireConnector
from sim.recording.recorded_lines import Gap, RecordedPerson, RecordedQuestion, ToolList
from tests.conformance.test_good_servers import CALLS, observe, sdk_server
from tests.support.recorder import recording

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


OLD, NEW = ProtocolChoice.OLD, ProtocolChoice.NEW


@pytest.mark.parametrize(
    ("kind", "protocol"),
    [
        ("json", OLD),
        ("events stateless", NEW),
        pytest.param("json", NEW, marks=pytest.mark.soak),
        pytest.param("events", OLD, marks=pytest.mark.soak),
        pytest.param("events stateless", OLD, marks=pytest.mark.soak),
        pytest.param("events hypercorn", OLD, marks=pytest.mark.soak),
    ],
)
async def test_both_clients_observe_the_same_with_it_and_without(kind: str, protocol: ProtocolChoice) -> None:
    with sdk_server(kind) as url:
        tls = ssl.create_default_context()
        plain = await observe(WireConnector(url, 10.0, tls, protocol=protocol))
        async with recording(url) as recorder:
            for connector in (WireConnector, SdkConnector):
                assert await observe(connector(recorder.url, 10.0, tls, protocol=protocol)) == plain
    names = [name for name, _ in CALLS]
    tools = [call.name for call in recorder.calls if call.method == "tools/call"]
    assert tools == names * 2
    outcomes = [call.outcome for call in recorder.calls[: len(names)]]
    assert set(outcomes[:4] + outcomes[5:7]) == {"ok"}
    assert {outcomes[4], *outcomes[7:]} <= {"tool_error", "protocol_error"}
    assert [call.name for call in recorder.calls if call.method == "resources/read"] == ["test://thing"] * 2
    assert recorder.calls[1].answer == {"result": CALLS[1][1]["text"]}
    assert {person.protocol for person in recorder.of(RecordedPerson) if person.protocol} == {plain[-1]}
    assert {person.server for person in recorder.of(RecordedPerson) if person.server}
    assert len(recorder.of(ToolList)) == 1
    assert not recorder.of(Gap)


async def test_what_a_server_wants_to_know_is_recorded_with_the_answer() -> None:
    async def answer(context: object, params: types.ElicitRequestParams) -> types.ElicitResult:
        return types.ElicitResult(action="accept", content={"name": "Ann"})

    with sdk_server("events") as url:
        async with recording(url) as recorder:
            with trio.fail_after(60):
                transport = streamable_http_client(recorder.url)
                async with Client(transport, mode="legacy", elicitation_callback=answer) as client:
                    told = await client.call_tool("ask", {"question": "Who are you?"})
    assert told.structured_content == {"result": "accept: Ann"}
    (asked,) = recorder.of(RecordedQuestion)
    assert (asked.during, asked.method, asked.params["message"]) == (1, "elicitation/create", "Who are you?")
    assert asked.answer == {"action": "accept", "content": {"name": "Ann"}}
    assert [call.outcome for call in recorder.calls] == ["ok"]
