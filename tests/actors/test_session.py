"""One session: what counts as the server's time, whose fault an exception is, and who stays cancelled."""

from __future__ import annotations

import ssl
from typing import Any

import pytest
import trio

from actors.errors import CallError, LoginError, Outcome
from actors.events import Call
from actors.login.basic import Nobody
from actors.messages import Done, Failed
from actors.ports import Person
from actors.roster import open_roster
from actors.sdk.sdk_connector import SdkConnector
from actors.secret import Secret
from actors.wire.wire_connector import WireConnector
from tests.support.cast import step
from tests.support.in_process import Facts
from tests.support.raw_server import Request, http_answer, http_json, raw_server, tool_result

PERSON = Person("ann", Secret("secret"))
Stream = trio.SocketStream
CLIENTS = pytest.mark.parametrize("client", [WireConnector, SdkConnector])


async def well(stream: Stream, request: Request) -> bool:
    await stream.send_all(http_json(tool_result(request)))
    return True


class SlowToRefresh(Nobody):
    """Each authorization costs a refresh, which may fail."""

    def __init__(self) -> None:
        self.refresh_s = 0.0
        self.error: LoginError | None = None

    async def authorization(self) -> str:
        await trio.sleep(self.refresh_s)
        if self.error is not None:
            raise self.error
        return "Bearer fresh"


@CLIENTS
async def test_refreshing_credentials_is_not_the_servers_time(client: Any) -> None:
    facts, credentials = Facts(), SlowToRefresh()
    async with raw_server(well) as server:
        connector = client(server.url, 5.0, ssl.create_default_context())
        with trio.fail_after(60):
            async with open_roster(connector, facts, seed=1) as roster:
                ann = roster.enter(PERSON, credentials)
                assert await ann.wait_on_stage()
                credentials.refresh_s = 0.6
                assert isinstance(await ann.ask(step("t")), Done)
                credentials.error = LoginError("ann", "/token", "over")
                assert isinstance(await ann.ask(step("t")), Failed)
    good, failed = [fact for fact in facts if isinstance(fact, Call)]
    assert good.finished - good.started < 0.6 <= good.inbox_wait_s
    assert failed.finished == failed.started
    assert failed.outcome is Outcome.AUTHORIZATION


async def test_a_call_that_nobody_prepared_prepares_itself() -> None:
    class Counted(Nobody):
        times = 0

        async def authorization(self) -> str:
            self.times += 1
            return f"Bearer {self.times}"

    credentials = Counted()
    async with raw_server(well) as server:
        wire = WireConnector(server.url, 5.0, ssl.create_default_context())
        async with wire.open_session(PERSON, credentials) as session:
            before = credentials.times
            await session.call_tool("t", {})
            assert credentials.times == before + 1
            await session.prepare()
            await session.call_tool("t", {})
            assert credentials.times == before + 2
    shown = [r.headers["authorization"] for r in server.requests if r.message.get("method") == "tools/call"]
    assert shown == [f"Bearer {before + 1}", f"Bearer {before + 2}"]


async def breaks(*_: object) -> None:
    raise ValueError("a bug of ours")


BUG = pytest.RaisesGroup(pytest.RaisesExc(ValueError, match="a bug of ours"), flatten_subgroups=True)


@CLIENTS
@pytest.mark.parametrize("place", ["credentials", "transport"])
async def test_our_own_error_is_a_bug_and_not_the_servers(
    client: Any, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with raw_server(well) as server:
        connector = client(server.url, 5.0, ssl.create_default_context())
        with BUG:
            async with connector.open_session(PERSON, Nobody()) as session:
                part = session._credentials if place == "credentials" else session._transport
                name = "authorization" if place == "credentials" else "prepare"
                monkeypatch.setattr(part, name, breaks)
                await session.call_tool("t", {})


ODD_ENDS = {
    "a JSON-RPC error": http_answer(
        b'{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no"}}', status=400
    ),
    "nonsense": b"\x00\x01",
    "a refusal": http_answer(b"", status=401),
}


@pytest.mark.parametrize("data", ODD_ENDS.values(), ids=ODD_ENDS)
async def test_a_call_that_runs_out_of_time_is_a_time_out_whatever_is_said_to_its_cancellation(
    data: bytes,
) -> None:
    async def never(stream: Stream, request: Request) -> bool:
        await trio.sleep_forever()
        return False

    async def odd(stream: Stream, request: Request) -> bool:
        await stream.send_all(data)
        return True

    async with raw_server(never, {"notifications/cancelled": odd}) as server:
        wire = WireConnector(server.url, 1.0, ssl.create_default_context())
        async with wire.open_session(PERSON, Nobody()) as session:
            with trio.fail_after(60), pytest.raises(CallError) as caught:
                await session.call_tool("t", {})
    assert (caught.value.reason, caught.value.answered) == ("timeout", False)
    assert "notifications/cancelled" in [r.message.get("method") for r in server.requests]


@CLIENTS
async def test_a_server_is_told_of_a_cancellation_only_where_a_call_is_given_up(client: Any) -> None:
    """Not when a story ends: the call then comes to its answer."""

    sent, left = trio.Event(), trio.Event()

    async def slowly(stream: Stream, request: Request) -> bool:
        sent.set()
        await left.wait()
        return await well(stream, request)

    facts = Facts()
    async with raw_server(slowly) as server:
        connector = client(server.url, 5.0, ssl.create_default_context())
        with trio.fail_after(60):
            async with open_roster(connector, facts, seed=1) as roster:
                ann = roster.enter(PERSON, Nobody())
                assert await ann.wait_on_stage()
                async with trio.open_nursery() as story:
                    story.start_soon(ann.ask, step("t"))
                    await sent.wait()
                    story.cancel_scope.cancel()
                left.set()
                assert isinstance(await ann.ask(step("t")), Done)
    assert [call.outcome for call in facts.calls] == [Outcome.OK] * 2
    assert "notifications/cancelled" not in [r.message.get("method") for r in server.requests]
    assert server.requests[-1].method == "DELETE"
