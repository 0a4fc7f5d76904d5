"""The trace of a call arrives at the SDK's own server: in its message and header, and links up there."""

from __future__ import annotations

import ssl
from random import Random
from typing import Any

import pytest
import trio

from actors.login.basic import Nobody
from actors.protocol import ProtocolChoice
from actors.sdk.sdk_connector import SdkConnector
from actors.trace_context import Traces
from actors.wire.wire_connector import WireConnector
from tests.conformance.test_good_servers import ANN, sdk_server

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
NOWHERE = {"meta": None, "header": None, "span": f"00-{0:032x}-{0:016x}-00"}


@pytest.mark.parametrize("kind", ["json", "events stateless"])
async def test_every_call_bears_its_own_trace_context_twice_and_the_servers_span_is_within(kind: str) -> None:
    with sdk_server(kind) as url, trio.fail_after(60):
        for connecting in (WireConnector, SdkConnector):
            for protocol in (ProtocolChoice.OLD, ProtocolChoice.NEW):
                connector: Any = connecting(url, 10.0, ssl.create_default_context(), protocol=protocol)
                async with connector.open_session(ANN, Nobody()) as session:
                    for share in (0.0, 1.0):
                        trace = Traces(Random(5), share).begin(3)
                        for _ in range(2):
                            sent = trace.next()
                            await session.prepare(sent)
                            found = await session.call_tool("traced", {})
                            # Its own instrumentation takes the context from the message; without an
                            # exporter in that process its span is the caller's.
                            assert found == {"meta": sent, "header": sent, "span": sent}
                    await session.prepare()
                    assert await session.call_tool("traced", {}) == NOWHERE
