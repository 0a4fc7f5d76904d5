"""The null server: as hard as the protocol asks, and the same tools as at the other endpoint."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from itertools import pairwise
from typing import Any

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.answer import Json
from actors.errors import CallError, Outcome
from actors.login.basic import Password
from actors.ports import Connector, Person
from actors.sdk.sdk_connector import SdkConnector
from actors.secret import Secret
from actors.tool_results import tool_error
from actors.wire.wire_connector import WireConnector
from sim.standin.application import Standin
from sim.standin.behaviour import StandinOptions
from sim.standin.null_connection import MAX_REQUEST_BYTES, NullConnection
from sim.standin.null_server import open_null_server
from tests.support.processes import running_standin, simulate

PERSON = Person("user_1", Secret("user_1"))
HELLO = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-06-18"}}
LIST = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}


class Written(asyncio.Transport):
    """A transport that keeps what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.data = b""
        self.is_closed = False

    def write(self, data: Any) -> None:
        self.data += data

    def close(self) -> None:
        self.is_closed = True


class Client:
    """Speaks to a null endpoint without a socket, over one connection."""

    def __init__(self, **options: Any) -> None:
        self.standin = Standin(StandinOptions(null_mcp=True, people=2, json_response=True, **options))
        self.endpoint = self.standin.null_endpoint()
        self.session = ""
        self.connect()

    def connect(self) -> None:
        self.transport = Written()
        self.connection = NullConnection(self.endpoint.answer)
        self.connection.connection_made(self.transport)

    def send(self, *pieces: bytes) -> bytes:
        """What came back."""
        self.transport.data = b""
        for piece in pieces:
            self.connection.data_received(piece)
        return self.transport.data

    def post(self, body: object, uid: str = "user_1", **headers: str) -> tuple[int, dict[str, Any]]:
        said = self.send(self.request(body, uid, **headers))
        head, _, rest = said.partition(b"\r\n\r\n")
        return int(head.split()[1]), json.loads(rest) if rest else {}

    def request(self, body: object, uid: str = "user_1", method: str = "POST", **headers: str) -> bytes:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        shown = {"content-type": "application/json", "mcp-session-id": self.session, **more}
        if uid:
            shown["authorization"] = f"Basic {base64.b64encode(f'{uid}:{uid}'.encode()).decode()}"
        lines = [f"{name}: {value}" for name, value in shown.items() if value]
        head = "\r\n".join((f"{method} /mcp HTTP/1.1", *lines, f"content-length: {len(content)}", "\r\n"))
        return head.encode() + content

    def begin(self) -> None:
        said = self.send(self.request(HELLO))
        self.session = said.partition(b"mcp-session-id: ")[2].partition(b"\r\n")[0].decode()
        assert self.session

    def call(self, name: str, uid: str = "user_1", **arguments: object) -> dict[str, Any]:
        params = {"name": name, "arguments": arguments}
        status, answer = self.post({"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": params}, uid)
        assert status == 200
        result: dict[str, Any] = answer["result"]
        return result


@pytest.fixture
def client() -> Client:
    made = Client()
    made.begin()
    return made


async def story(*connectors: Connector) -> list[Json]:
    """What a user of each kind of endpoint sees, without what differs by its time and numbers."""
    seen: list[Json] = []
    for one in connectors:
        async with one.open_session(PERSON, Password(PERSON)) as session:
            tools = await session.list_tools()
            made: Any = await session.call_tool(
                "nc_notes_create_note", {"title": "Ünï", "content": "a\nb", "category": ""}
            )
            note: Any = await session.call_tool("nc_notes_get_note", {"note_id": made["id"]})
            shared: Any = await session.call_tool("nc_share_list", {})
            listed: Any = await session.call_tool("nc_webdav_list_directory", {"path": "/"})
            with pytest.raises(CallError) as refused:
                await session.call_tool("nc_notes_get_note", {"note_id": 4711})
            with pytest.raises(CallError) as wrong:
                await session.call_tool("nc_notes_get_note", {"note": 1})
            await session.call_tool("nc_notes_delete_note", {"note_id": made["id"]})
            settings = await session.read_resource("notes://settings")
            names = [one["name"] for one in listed["files"]]
            seen.append([sorted(tools), note["title"], note["content"], shared, names, settings])
            seen[-1] += [str(refused.value), refused.value.status, str(wrong.value)]  # type: ignore[operator]
    return seen


@pytest.mark.parametrize("json_response", [True, False])
def test_both_clients_see_what_the_other_endpoint_shows(json_response: bool) -> None:
    tls = ssl.create_default_context()

    async def main() -> None:
        with trio.fail_after(60):
            async with open_null_server(1, json_response=json_response) as server:
                with running_standin(basic=True, people=1, json_response=json_response) as standin:
                    null, usual = server.mcp_url, f"{standin.url}/mcp"
                    ours, theirs = await story(WireConnector(null, 30, tls), WireConnector(usual, 30, tls))
                    assert ours == theirs
                    assert await server.calls() == 7
                    if json_response:  # of events the SDK leaves its generators to the collector
                        assert await story(SdkConnector(null, 30, tls)) == [ours]
                    assert server.users == ("user_1",)

    trio.run(main)


def test_a_whole_run_against_it_is_as_any_other(tmp_path: Any) -> None:
    arguments = ["--users", "20", "--duration", "1", "--think", "0.2s", "--standin-option", "null_mcp"]
    done = simulate([*arguments, "--output", "run.json"], {}, tmp_path)
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "run.json").read_text())
    assert report["calls"]["failed"] == 0
    assert report["calls"]["total"] > 20


def test_without_a_password_a_session_opens_and_every_tool_fails(client: Client) -> None:
    told = client.call("nc_share_list", uid="")
    assert told["isError"] is True
    assert tool_error(told["content"][0]["text"]).outcome is Outcome.AUTHORIZATION


def test_a_wrong_password_or_a_user_who_is_gone_is_nobody(client: Client) -> None:
    assert client.call("nc_share_list")["isError"] is False
    assert client.call("nc_share_list", uid="user_3")["isError"] is True
    client.standin.store.remove_account("user_1")
    assert client.call("nc_share_list")["isError"] is True


def test_what_is_counted_is_what_was_called(client: Client) -> None:
    client.call("nc_share_list")
    client.call("nc_notes_get_note", note_id=4711)
    assert client.standin.counts["tool:nc_share_list:ok"] == 1
    assert client.standin.counts["tool:nc_notes_get_note:error"] == 1
    assert client.standin.counts["user:user_1"] == 2


@settings(deadline=None)
@given(st.data())
def test_requests_may_come_in_any_pieces_and_several_at_once(data: st.DataObject) -> None:
    client = Client()
    client.begin()
    stream = client.request(LIST) + client.request({**LIST, "id": 5}) + client.request({**LIST, "id": "x"})
    cuts = sorted(data.draw(st.sets(st.integers(1, len(stream) - 1), max_size=8)))
    edges = [0, *cuts, len(stream)]
    said = client.send(*(stream[begin:end] for begin, end in pairwise(edges)))
    assert said.count(b"HTTP/1.1 200 OK") == 3
    places = [said.index(b'"id":%b' % number) for number in (b"2", b"5", b'"x"')]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", -32700),
        (b"\xff\xfe", -32700),
        (b"", -32700),
        (b"[]", -32600),
        (b'{"id":1}', -32600),
        (b'{"jsonrpc":"2.0","id":[],"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}', -32600),
    ],
)
def test_what_is_no_message_is_refused_with_json_rpcs_code(client: Client, body: bytes, code: int) -> None:
    status, answer = client.post(body)
    assert (status, answer["error"]["code"]) == (400, code)
    assert client.post(LIST)[0] == 200, "and the connection goes on"


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("no/such", {}, -32601),
        ("server/discover", {}, -32601),
        ("tools/call", {}, -32602),
        ("tools/call", {"name": "nc_share_list", "arguments": []}, None),
        ("tools/call", {"name": "nc_share_list", "arguments": [1]}, -32602),
        ("resources/read", {"uri": "nc://none"}, -32002),
    ],
)
def test_what_cannot_be_done_is_a_json_rpc_error(
    client: Client, method: str, params: object, code: int | None
) -> None:
    status, answer = client.post({"jsonrpc": "2.0", "id": 4, "method": method, "params": params})
    assert status == 200
    assert answer["id"] == 4
    assert answer.get("error", {}).get("code") == code


def test_sessions_are_heeded(client: Client) -> None:
    assert client.post(LIST, mcp_session_id="")[0] == 400
    assert client.post(LIST, mcp_session_id="another")[0] == 404
    assert client.post({"jsonrpc": "2.0", "method": "notifications/initialized"}) == (202, {})
    assert b" 200 OK" in client.send(client.request(b"", method="DELETE"))
    assert b" 404 " in client.send(client.request(b"", method="DELETE"))
    assert client.post(LIST)[0] == 404


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (b"GET /mcp HTTP/1.1\r\nhost: x\r\n\r\n", 405),
        (b"POST /other HTTP/1.1\r\ncontent-length: 0\r\n\r\n", 404),
        (b"POST /mcp HTTP/1.1\r\ncontent-length: 0\r\n\r\n", 415),
        (b"no http at all\r\n\r\n", 400),
        (b"POST /mcp HTTP/1.1\r\ncontent-length: -1\r\n\r\n", 400),
    ],
)
def test_other_requests_get_the_status_that_http_has_for_them(
    client: Client, text: bytes, status: int
) -> None:
    assert client.send(text).split()[1] == str(status).encode()
    assert client.transport.is_closed == (status == 400)


def test_a_request_without_end_is_cut_off(client: Client) -> None:
    head = b"POST /mcp HTTP/1.1\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    piece = b"%x\r\n%b\r\n" % (2**20, b"x" * 2**20)
    said = client.send(head, *[piece] * (MAX_REQUEST_BYTES // 2**20 + 1))
    assert b" 413 " in said
    assert client.transport.is_closed


def test_who_asks_for_it_has_the_connection_closed(client: Client) -> None:
    said = client.send(client.request(LIST, connection="close"))
    assert b" 200 OK" in said
    assert client.transport.is_closed


@pytest.mark.parametrize("more", [{"login_flow": True}, {"work_s": 1.0}, {"maintenance": True}])
def test_what_it_would_not_heed_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"leave out {next(iter(more))}"):
        StandinOptions(null_mcp=True, **more)
