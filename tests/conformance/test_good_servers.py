"""Both clients see the same of every kind of server: ours, and the SDK's with JSON and with events."""

from __future__ import annotations

import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import mcp_types as types
import pytest
import trio
from mcp import ClientSession

from actors.declared_schemas import DeclaredSchemas
from actors.errors import CallError
from actors.login.basic import Nobody, Password
from actors.login.plan import discover
from actors.ports import Person
from actors.protocol import ProtocolChoice
from actors.sdk.sdk_connector import SdkConnector
from actors.secret import Secret
from actors.wire.dispatcher import WireDispatcher
from actors.wire.exchange import Exchanger
from actors.wire.wire_connector import WireConnector
from tests.support.over_the_wire import PASSWORD
from tests.support.processes import ROOT, running_standin
from tests.support.warm import WarmPopen

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
ANN = Person("ann", Secret(PASSWORD))
KINDS = ("json", "json stateless", "events", "events stateless", "events hypercorn", "json hypercorn")


@contextmanager
def sdk_server(kind: str) -> Iterator[str]:
    """A server made with the SDK, in a process of its own; the URL of its endpoint."""
    process = WarmPopen(
        [sys.executable, "-m", "tests.support.sdk_server", *kind.split()],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


CALLS: list[tuple[str, dict[str, Any]]] = [
    ("echo", {"text": "plain"}),
    ("echo", {"text": "ünïcödé — 日本語\n\r\n\tdata: x\n\n"}),
    ("echo", {"text": "x" * 300_000}),
    ("structured", {"number": 7}),
    ("fail", {"text": "HTTP 418"}),
    ("slow", {"seconds": 0.2}),
    ("talk", {"notes": 5}),
    ("nothing_of_this_name", {}),
    ("structured", {"number": "no number"}),
]


async def observe(connector: Any) -> list[Any]:
    """What a client sees of every call, a resource, and the list of tools."""
    seen: list[Any] = []
    with trio.fail_after(60):
        async with connector.open_session(ANN, Nobody()) as session:
            seen.append(sorted(await session.list_tools()))
            for name, arguments in CALLS:
                try:
                    seen.append(await session.call_tool(name, arguments))
                except CallError as error:
                    seen.append((error.kind, str(error)))
            seen.append(await session.read_resource("test://thing"))
            seen.append(session.protocol)
    return seen


@pytest.mark.parametrize("protocol", [ProtocolChoice.OLD, ProtocolChoice.NEW])
@pytest.mark.parametrize("kind", KINDS)
async def test_both_clients_observe_the_same(kind: str, protocol: ProtocolChoice) -> None:
    with sdk_server(kind) as url:
        tls = ssl.create_default_context()
        wire = await observe(WireConnector(url, 10.0, tls, protocol=protocol))
        sdk = await observe(SdkConnector(url, 10.0, tls, protocol=protocol))
    assert wire == sdk
    assert wire[1] == "plain"
    assert len(wire[3]) == 300_000
    assert wire[-1] == {"2025": "2025-11-25", "2026": "2026-07-28"}[protocol.value]


async def test_a_server_may_ask_back_in_the_middle_of_a_call() -> None:
    asked: list[str] = []

    async def answer(context: object, params: types.ElicitRequestParams) -> types.ElicitResult:
        asked.append(params.message)
        return types.ElicitResult(action="accept", content={"name": "Ann"})

    with sdk_server("events") as url, trio.fail_after(60):
        exchanger = Exchanger(url, ssl.create_default_context())
        dispatcher = WireDispatcher(exchanger, DeclaredSchemas())
        async with ClientSession(dispatcher=dispatcher, elicitation_callback=answer) as session:
            await session.initialize()
            seen: list[float] = []

            async def note(progress: float, total: float | None, message: str | None) -> None:
                seen.append(progress)

            for _ in range(3):
                told = await session.call_tool("ask", {"question": "Who are you?"})
                assert told.structured_content == {"result": "accept: Ann"}
            await session.call_tool("talk", {"notes": 4}, progress_callback=note)
        await dispatcher.end_session()
    assert asked == ["Who are you?"] * 3
    assert seen == [0, 1, 2, 3]


@pytest.mark.parametrize("client", [WireConnector, SdkConnector])
@pytest.mark.parametrize("status", [400, 404])
async def test_a_server_of_the_new_generation_alone_is_spoken_to_in_its_own(status: int, client: Any) -> None:
    with sdk_server(f"json {status}") as url, trio.fail_after(60):
        tls = ssl.create_default_context()
        async with client(url, 10.0, tls).open_session(ANN, Nobody()) as session:
            assert session.protocol == "2026-07-28"
            assert await session.call_tool("echo", {"text": "plain"}) == "plain"
        async with httpx.AsyncClient() as http:
            assert await discover(http, url, None) is None


@pytest.mark.parametrize("client", [WireConnector, SdkConnector])
async def test_who_insists_on_the_old_generation_is_told_of_the_refusal(client: Any) -> None:
    with sdk_server("json 404") as url, trio.fail_after(60):
        connector = client(url, 10.0, ssl.create_default_context(), protocol=ProtocolChoice.OLD)
        with pytest.raises(CallError, match="404"):
            async with connector.open_session(ANN, Nobody()):
                raise AssertionError("it was let in")


async def test_both_clients_see_the_same_of_the_stand_in() -> None:
    note = {"title": "T", "content": "body", "category": ""}
    seen: list[Any] = []
    with running_standin(basic=True) as standin:
        standin.add_user("ann", "ann@example.org", PASSWORD)
        for kind in (WireConnector, SdkConnector):
            connector = kind(f"{standin.url}/mcp", 10.0, ssl.create_default_context())
            with trio.fail_after(60):
                async with connector.open_session(ANN, Password(ANN)) as session:
                    made = await session.call_tool("nc_notes_create_note", note)
                    read = await session.call_tool("nc_notes_get_note", {"note_id": made["id"]})
                    await session.call_tool("nc_notes_delete_note", {"note_id": made["id"]})
                    with pytest.raises(CallError) as gone:
                        await session.call_tool("nc_notes_get_note", {"note_id": made["id"]})
                    seen.append((sorted(made), read["content"], gone.value.kind))
    assert seen[0] == seen[1]
