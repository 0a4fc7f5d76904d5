"""What was asked for is carried out although whoever asked has left: in-process, and over sockets."""

from __future__ import annotations

import base64
import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from functools import partial
from urllib.parse import urlsplit

import httpx
import pytest
import trio
from trio.testing import MockClock

from actors.login.basic import BasicLogin
from actors.ports import Person
from actors.protocol import ProtocolChoice
from actors.secret import Secret
from actors.wire.wire_connector import WireConnector
from sim.standin.changes import Changes
from sim.standin.store import Store
from sim.standin.store_errors import StoreError
from sim.standin.work import Work
from tests.support.over_the_wire import PASSWORD
from tests.support.processes import ADMIN_PASSWORD, StandinServer, running_standin

OCS = {"OCS-APIRequest": "true"}


async def test_a_write_of_a_user_who_was_deleted_meanwhile_makes_the_home_anew(
    autojump_clock: MockClock,
) -> None:
    store, work = Store(trio.current_time), Work()
    changes, done = Changes(store, work, seconds=5), []

    async def write() -> None:
        done.append("written")

    async with work.open():
        for uid in ("writes", "deletes", "stays"):
            store.add_account(uid, PASSWORD)
            with trio.move_on_after(1):
                await changes.change(uid, write, leaves_home=uid != "deletes")
        store.remove_account("writes")
        store.remove_account("deletes")
        await trio.sleep(10)
    assert done == ["written"]
    assert store.lost_homes == {"writes"}


async def test_whoever_still_waits_is_told_that_the_user_is_gone(autojump_clock: MockClock) -> None:
    store = Store(trio.current_time)
    account = store.add_account("alice", PASSWORD)
    changes = Changes(store, Work(), seconds=5)

    async def write() -> None:
        raise AssertionError("nobody is there")

    async with trio.open_nursery() as nursery:

        @nursery.start_soon
        async def wait() -> None:
            with pytest.raises(StoreError) as refused:
                await changes.change(account.uid, write, leaves_home=True)
            assert refused.value.status == 404

        await trio.sleep(1)
        store.remove_account("alice")


async def test_an_error_of_work_that_nobody_waits_for_harms_nobody(autojump_clock: MockClock) -> None:
    work = Work()

    async def fail() -> None:
        await trio.sleep(5)
        raise ValueError("nobody hears this")

    async with work.open():
        with trio.move_on_after(1):
            await work.finish(fail)
        await trio.sleep(10)
        assert await work.finish(_answer) == "still serving"


async def _answer() -> str:
    return "still serving"


@pytest.fixture(scope="module")
def standin() -> Iterator[StandinServer]:
    with running_standin(work_s=3.0, creation_s=2.0, basic=True) as server:
        yield server


def hang_up_after(standin: StandinServer, method: str, path: str, body: bytes, user: str, kind: str) -> None:
    """Send a whole request, and leave without waiting for its answer."""
    where = urlsplit(standin.url)
    given = f"{user}:{ADMIN_PASSWORD if user == 'admin' else PASSWORD}"
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Length: {len(body)}\r\n"
        f"Content-Type: {kind}\r\nAccept: application/json, text/event-stream\r\nOCS-APIRequest: true\r\n"
        f"Authorization: Basic {base64.b64encode(given.encode()).decode()}\r\n\r\n"
    )
    with socket.create_connection((where.hostname or "", where.port or 0)) as connection:
        connection.sendall(head.encode() + body)
        # Long enough for the request to be read, and much shorter than it takes.
        time.sleep(0.15)


def ask(standin: StandinServer, method: str, path: str) -> httpx.Response:
    auth = ("admin", ADMIN_PASSWORD)
    url, params = f"{standin.url}{path}", {"format": "json"}
    return httpx.request(method, url, auth=auth, headers=OCS, params=params, timeout=60)


def wait_until(holds: Callable[[], object], timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.1)


NOTE = json.dumps({"title": "Plan", "content": "x", "category": ""}).encode()


@pytest.mark.parametrize(
    ("uid", "method", "path", "body"),
    [
        ("note", "POST", "/index.php/apps/notes/api/v1/notes", NOTE),
        ("file", "PUT", "/remote.php/dav/files/file/a.txt", b"text"),
    ],
)
def test_over_sockets_a_home_comes_back_after_its_user_was_deleted(
    standin: StandinServer, uid: str, method: str, path: str, body: bytes
) -> None:
    standin.add_user(uid, f"{uid}@example.org", PASSWORD)
    hang_up_after(standin, method, path, body, uid, "application/json")
    assert ask(standin, "DELETE", f"/ocs/v2.php/cloud/users/{uid}").status_code == 200
    assert ask(standin, "GET", f"/ocs/v2.php/cloud/users/{uid}").status_code == 404
    wait_until(lambda: uid in standin.get("/standin/holdings")["homes"])


@pytest.mark.parametrize("protocol", list(ProtocolChoice))
async def test_a_tool_call_is_carried_out_although_its_caller_and_the_session_are_gone(
    standin: StandinServer, protocol: ProtocolChoice
) -> None:
    person = Person(f"caller-{protocol.value}", Secret(PASSWORD))
    await trio.to_thread.run_sync(standin.add_user, person.uid, "", PASSWORD)
    connector = WireConnector(standin.mcp_url, 30, ssl.create_default_context(), protocol=protocol)
    with trio.fail_after(60):
        credentials = await BasicLogin().log_in(person)
        async with connector.open_session(person, credentials) as session:
            with trio.move_on_after(0.75):
                await session.call_tool(
                    "nc_notes_create_note", {"title": "T", "content": "c", "category": ""}
                )
        path = f"/ocs/v2.php/cloud/users/{person.uid}"
        await trio.to_thread.run_sync(ask, standin, "DELETE", path)
        holdings = partial(standin.get, "/standin/holdings")
        await trio.to_thread.run_sync(wait_until, lambda: person.uid in holdings()["homes"])


def test_over_sockets_a_user_whose_creator_hung_up_is_made_to_the_end(standin: StandinServer) -> None:
    form = f"userid=carl&password={PASSWORD}&email=Carl@Example.org&displayName=Carl".encode()
    kind = "application/x-www-form-urlencoded"
    hang_up_after(standin, "POST", "/ocs/v2.php/cloud/users", form, "admin", kind)

    def email() -> object:
        answer = ask(standin, "GET", "/ocs/v2.php/cloud/users/carl")
        return answer.status_code == 200 and answer.json()["ocs"]["data"]["email"]

    assert not email(), "not yet"
    wait_until(email)
