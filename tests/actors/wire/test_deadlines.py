"""A call under one deadline: who keeps it, and what the server and the next call get to know of it."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio

from actors.errors import CallError
from actors.events import Call
from actors.login.basic import Nobody
from actors.messages import Done, Failed
from actors.ports import Person
from actors.roster import open_roster
from actors.sdk.sdk_connector import SdkConnector
from actors.secret import Secret
from actors.wire import dispatcher
from actors.wire.wire_connector import WireConnector
from tests.support.cast import step
from tests.support.in_process import Facts
from tests.support.raw_server import Request, http_events, http_json, raw_server, result, tool_result

# The SDK's own client leaves generators to the collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
PERSON = Person("ann", Secret("secret"))
Stream = trio.SocketStream
CLIENTS = pytest.mark.parametrize("client", [WireConnector, SdkConnector])


def hanging(*, begun: bool, sent: trio.Event | None = None) -> Callable[[Stream, Request], Awaitable[bool]]:
    """The first call gets no answer, or only its beginning; the others a good one. `sent`: it has come."""

    async def answer(stream: Stream, request: Request) -> bool:
        whole = http_events(tool_result(request))
        if request.number > 1:
            await stream.send_all(whole)
            return True
        if sent is not None:
            sent.set()
        if begun:
            await stream.send_all(whole[: len(whole) // 2])
        await trio.sleep_forever()
        return False

    return answer


@pytest.fixture(autouse=True)
def busy_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Telling a server of a cancellation opens a connection, which may take a while here."""
    monkeypatch.setattr(dispatcher, "CANCELLING_S", 30.0)


def cancellations(server: Any) -> list[Any]:
    """Which calls, counted from the first, the server was told to forget."""
    calls = [r.message["id"] for r in server.requests if r.message.get("method") == "tools/call"]
    told = [r for r in server.requests if r.message.get("method") == "notifications/cancelled"]
    return [calls.index(request.message["params"]["requestId"]) for request in told]


@pytest.mark.parametrize("begun", [False, True], ids=["no answer", "half an answer"])
async def test_a_call_that_hangs_ends_at_its_deadline_and_the_next_is_good(begun: bool) -> None:
    facts = Facts()
    async with raw_server(hanging(begun=begun)) as server:
        connector = WireConnector(server.url, 1.0, ssl.create_default_context())
        with trio.fail_after(60):
            async with open_roster(connector, facts, seed=1, call_bound_s=1.0) as roster:
                ann = roster.enter(PERSON, Nobody())
                assert await ann.wait_on_stage()
                late, good = await ann.ask(step("t")), await ann.ask(step("t"))
    assert isinstance(late, Failed)
    assert (late.error.reason, late.error.answered) == ("timeout", False)
    assert isinstance(good, Done)
    assert [call.reason for call in facts if isinstance(call, Call)] == ["timeout", ""]
    assert cancellations(server) == [0]


@CLIENTS
@pytest.mark.parametrize("bound_s", [1.0, 60.0], ids=["the caller's", "the session's"])
async def test_the_earlier_deadline_ends_a_call_with_the_same_words(bound_s: float, client: Any) -> None:
    facts = Facts()
    async with raw_server(hanging(begun=False)) as server:
        connector = client(server.url, 1.0 if bound_s > 1 else 60.0, ssl.create_default_context())
        with trio.fail_after(60):
            async with open_roster(connector, facts, seed=1, call_bound_s=bound_s) as roster:
                ann = roster.enter(PERSON, Nobody())
                assert await ann.wait_on_stage()
                late, good = await ann.ask(step("t")), await ann.ask(step("t"))
    assert isinstance(late, Failed)
    assert str(late.error) == "no answer within 1 s"
    assert isinstance(good, Done)


async def leave_once(sent: trio.Event, session: Any) -> None:
    """Call, and give up when the server has the call."""
    async with trio.open_nursery() as caller:
        caller.start_soon(session.call_tool, "t", {})
        await sent.wait()
        caller.cancel_scope.cancel()


async def test_a_deadline_of_the_callers_caller_is_no_time_out_of_the_session() -> None:
    sent = trio.Event()
    async with raw_server(hanging(begun=False, sent=sent)) as server:
        connector = WireConnector(server.url, 60.0, ssl.create_default_context())
        with trio.fail_after(60):
            async with connector.open_session(PERSON, Nobody()) as session:
                await leave_once(sent, session)
                await session.call_tool("t", {})
    assert cancellations(server) == [0]
    assert server.connections == 2  # the first has an answer still to come


async def test_an_asker_who_gives_up_leaves_the_call_to_its_answer() -> None:
    facts, sent, go = Facts(), trio.Event(), trio.Event()

    async def slow(stream: Stream, request: Request) -> bool:
        sent.set()
        await go.wait()
        await stream.send_all(http_json(tool_result(request)))
        return True

    async with raw_server(slow) as server:
        connector = WireConnector(server.url, 10.0, ssl.create_default_context())
        with trio.fail_after(60):
            async with open_roster(connector, facts, seed=1, call_bound_s=10) as roster:
                ann = roster.enter(PERSON, Nobody())
                assert await ann.wait_on_stage()
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(ann.ask, step("t"))
                    await sent.wait()
                    nursery.cancel_scope.cancel()
                go.set()
                assert isinstance(await ann.ask(step("t")), Done)
    assert [call.outcome.value for call in facts if isinstance(call, Call)] == ["ok", "ok"]
    assert cancellations(server) == []


async def test_what_a_server_asks_within_an_answer_does_not_move_the_deadline() -> None:
    async def chatters(stream: Stream, request: Request) -> bool:
        if request.number > 1:
            await stream.send_all(http_json(tool_result(request)))
            return True
        notification = {"jsonrpc": "2.0", "method": "notifications/message"}
        notification["params"] = {"level": "info", "data": "still there"}  # type: ignore[assignment]
        ping = {"jsonrpc": "2.0", "id": "p", "method": "ping"}
        await stream.send_all(http_events(notification, ping).removesuffix(b"0\r\n\r\n"))
        while True:
            await trio.sleep(0.05)
            event = http_events(notification).partition(b"\r\n\r\n")[2].removesuffix(b"0\r\n\r\n")
            await stream.send_all(event)

    async with raw_server(chatters) as server:
        connector = WireConnector(server.url, 1.0, ssl.create_default_context())
        with trio.fail_after(60):
            async with connector.open_session(PERSON, Nobody()) as session:
                with pytest.raises(CallError, match=r"no answer within 1 s"):
                    await session.call_tool("t", {})
                await session.call_tool("t", {})
    answered = [r.message for r in server.requests if r.message.get("id") == "p"]
    assert answered == [{"jsonrpc": "2.0", "id": "p", "result": {}}]
    assert cancellations(server) == [0]


@CLIENTS
async def test_why_a_call_failed_that_nobody_waited_for_is_not_the_next_ones_reason(client: Any) -> None:
    sent, broken = trio.Event(), trio.Event()

    async def cuts(stream: Stream, request: Request) -> bool:
        if request.number == 1:
            sent.set()
            await broken.wait()
            return False
        error = {"code": -32000, "message": "sorry"}
        await stream.send_all(http_json({**result(request, None), "error": error}))
        return True

    async with raw_server(cuts) as server:
        connector = client(server.url, 60.0, ssl.create_default_context())
        with trio.fail_after(60):
            async with connector.open_session(PERSON, Nobody()) as session:
                await leave_once(sent, session)
                broken.set()
                await trio.sleep(1.0)
                with pytest.raises(CallError, match="sorry"):
                    await session.call_tool("t", {})
