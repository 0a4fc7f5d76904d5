"""A login that is called off while the server is at it: the answer is awaited, and nothing more is sent."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import h11
import httpx
import pytest
import trio
import trio.testing

from actors.login.browser_driver import find_browser, open_browser_driver
from actors.login.driver import Driver
from actors.login.fetch import ask
from actors.login.http_driver import HttpDriver
from actors.login.trust import Trust
from actors.ports import Person
from actors.secret import Secret
from actors.shelter import Shelter

USER = Person("p_user_1", Secret("a password"))
PAGE = b"""<!doctype html><title>Login</title><form method=post action=/login name=login>
<input name=user><input name=password type=password><button type=submit>Log in</button></form>"""
DRIVERS = [pytest.param("http", id="http"), pytest.param("browser", id="browser", marks=pytest.mark.browser)]


@attrs.define
class SlowLogin:
    """A server that is at a login for as long as the test wants, whoever hangs up meanwhile."""

    url: str = ""
    sent: trio.Event = attrs.Factory(trio.Event)
    may_end: trio.Event = attrs.Factory(trio.Event)
    ended: bool = False
    requests: list[str] = attrs.Factory(list)

    async def serve(self, stream: trio.SocketStream) -> None:
        with trio.CancelScope():
            connection = h11.Connection(h11.SERVER)
            while (request := await self._next(connection, stream)) is not None:
                self.requests.append(f"{request.method.decode()} {request.target.decode()}")
                body, status = PAGE, 200
                if request.method == b"POST":
                    self.sent.set()
                    await self.may_end.wait()
                    self.ended = True
                head = [("content-type", "text/html"), ("content-length", str(len(body)))]
                try:
                    answer = h11.Response(status_code=status, headers=head)
                    for event in (answer, h11.Data(data=body), h11.EndOfMessage()):
                        await stream.send_all(connection.send(event) or b"")
                except trio.BrokenResourceError:
                    return
                connection.start_next_cycle()

    async def _next(self, connection: h11.Connection, stream: trio.SocketStream) -> h11.Request | None:
        request = None
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                try:
                    connection.receive_data(await stream.receive_some())
                except trio.BrokenResourceError:
                    return None
            elif isinstance(event, h11.Request):
                request = event
            elif isinstance(event, h11.EndOfMessage):
                return request
            elif not isinstance(event, h11.Data):
                return None


@asynccontextmanager
async def slow_login() -> AsyncIterator[SlowLogin]:
    server = SlowLogin()
    async with trio.open_nursery() as nursery:
        [listener] = await trio.open_tcp_listeners(0, host="127.0.0.1")
        sock: socket.socket = listener.socket
        server.url = f"http://127.0.0.1:{sock.getsockname()[1]}"
        await nursery.start(trio.serve_listeners, server.serve, [listener])
        yield server
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def open_driver(kind: str, url: str, shelter: Shelter) -> AsyncIterator[Driver]:
    trust = Trust(url, url)
    if kind == "http":
        yield HttpDriver(ssl.create_default_context(), trust, shelter)
        return
    browser = find_browser("chromium")
    assert browser is not None
    async with open_browser_driver(browser, trust, headed=False, concurrency=1, screenshots=None) as driver:
        yield driver


@pytest.mark.parametrize("kind", DRIVERS)
async def test_who_calls_a_login_off_leaves_when_the_server_is_done(kind: str) -> None:
    left_first: list[bool] = []
    with trio.fail_after(60):
        async with slow_login() as server, open_driver(kind, server.url, Shelter()) as driver:

            async def log_in(scope: trio.CancelScope) -> None:
                with scope:
                    await driver.authorize(USER, f"{server.url}/login", "http://127.0.0.1:1/callback")
                left_first.append(not server.ended)

            scope = trio.CancelScope()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(log_in, scope)
                await server.sent.wait()
                scope.cancel()
                await trio.testing.wait_all_tasks_blocked(0.2)
                seen = len(server.requests)
                server.may_end.set()
            assert left_first == [False]
            # Pictures and scripts may still be asked for, another page may not.
            assert [one for one in server.requests[seen:] if one.startswith("POST")] == []


async def test_the_third_signal_waits_for_no_answer() -> None:
    shelter = Shelter()
    with trio.fail_after(60):
        async with slow_login() as server, httpx.AsyncClient() as http, trio.open_nursery() as nursery:

            async def send() -> None:
                await ask(http, "POST", server.url, shelter=shelter)

            nursery.start_soon(send)
            await server.sent.wait()
            nursery.cancel_scope.cancel()
            shelter.leave()
        assert not server.ended
