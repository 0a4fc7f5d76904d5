"""The proxy stands for the login server: for the one address it puts the other, and trusts nobody more."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import trio

from tests.support.bare_server import server
from tests.support.recorder import recording, say


def replying(pages: dict[str, Any], heard: list[tuple[str, bytes]]) -> Any:
    """A server that has these documents, and notes what it is asked for."""

    async def serve(stream: trio.SocketStream) -> None:
        data = b""
        while b"\r\n\r\n" not in data:
            data += await stream.receive_some(65536)
        target = data.split(b" ")[1].decode()
        heard.append((target, data))
        page = pages.get(target.partition("?")[0])
        status, content = (b"200 OK", json.dumps(page).encode()) if page is not None else (b"404 No", b"")
        head = b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        await stream.send_all(head % (status, len(content)) + content)

    return serve


def metadata(origin: str, issuer: str | None = None) -> dict[str, Any]:
    return {
        "issuer": issuer or origin,
        "authorization_endpoint": f"{origin}/authorize?tenant=1",
        "token_endpoint": f"{origin}/token",
        "registration_endpoint": f"{origin}/register",
        "pushed_authorization_request_endpoint": f"{origin}/par",
        "authorization_response_iss_parameter_supported": True,
    }


async def get(port: int, path: str, more: str = "") -> tuple[dict[str, str], Any]:
    raw = await say(port, f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{more}\r\n".encode())
    return parted(raw)


async def post(port: int, path: str, body: bytes, more: str = "") -> tuple[dict[str, str], Any]:
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return parted(await say(port, head.encode() + body))


def parted(raw: bytes) -> tuple[dict[str, str], Any]:
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    found = json.loads(body) if body[:2] == b'{"' else body.decode()
    return {"status": first.split(" ")[1], **headers}, found


async def test_what_asks_for_a_token_asks_for_one_that_is_good_for_the_server() -> None:
    pages: dict[str, Any] = {}
    heard: list[tuple[str, bytes]] = []
    async with server(replying(pages, heard)) as url, recording(url) as recorder:
        origin, port, mine = url.removesuffix("/mcp"), recorder.port, f"http://127.0.0.1:{recorder.port}"
        pages["/.well-known/oauth-protected-resource/mcp"] = {
            "resource": url,
            "authorization_servers": [origin],
        }
        pages["/.well-known/oauth-authorization-server"] = metadata(origin)
        pages["/register"] = {"client_id": "c1", "redirect_uris": ["altered"]}
        pages["/token"] = {"access_token": "t"}
        _, resource = await get(port, "/.well-known/oauth-protected-resource/mcp")
        assert resource == {"resource": recorder.url, "authorization_servers": [mine]}
        _, found = await get(port, "/.well-known/oauth-authorization-server")
        assert found["issuer"] == mine
        assert "pushed_authorization_request_endpoint" not in found
        asked = {"redirect_uris": ["http://127.0.0.1:7/cb"]}
        _, client = await post(
            port, urlsplit(found["registration_endpoint"]).path, json.dumps(asked).encode()
        )
        assert client == {"client_id": "c1", **asked}
        callback = json.loads(heard[-1][1].partition(b"\r\n\r\n")[2])["redirect_uris"][1]

        where = urlsplit(found["authorization_endpoint"]).path
        query = f"client_id=c1&redirect_uri=http%3A//127.0.0.1%3A7/cb&state=mine&resource={mine}/mcp"
        headers, _ = await get(port, f"{where}?{query}")
        to = urlsplit(headers["Location"])
        sent = dict(parse_qsl(to.query))
        assert f"{to.scheme}://{to.netloc}{to.path}" == f"{origin}/authorize"
        assert (sent["tenant"], sent["resource"], sent["redirect_uri"]) == ("1", url, callback)
        assert sent["state"] != "mine"

        back = urlsplit(callback).path
        headers, _ = await get(port, f"{back}?code=k1&state={sent['state']}&iss={origin}")
        assert (
            headers["Location"]
            == f"http://127.0.0.1:7/cb?code=k1&state=mine&iss=http%3A%2F%2F127.0.0.1%3A{port}"
        )
        form = f"grant_type=authorization_code&code=k1&redirect_uri=http://127.0.0.1:7/cb&resource={mine}/mcp"
        _, tokens = await post(
            port, urlsplit(found["token_endpoint"]).path, form.encode(), "Authorization: Basic x\r\n"
        )
        assert tokens == {"access_token": "t"}
        told = dict(parse_qsl(heard[-1][1].partition(b"\r\n\r\n")[2].decode()))
        assert (told["resource"], told["redirect_uri"]) == (url, callback)
        assert b"Authorization: Basic x" in heard[-1][1]


async def test_an_answer_that_nobody_waits_for_or_of_another_server_goes_nowhere() -> None:
    pages: dict[str, Any] = {}
    async with server(replying(pages, [])) as url, recording(url) as recorder:
        origin, port = url.removesuffix("/mcp"), recorder.port
        pages["/.well-known/oauth-authorization-server"] = metadata(origin)
        pages["/register"] = {"client_id": "c1"}
        await post(port, "/simulate-login/0/registration", b'{"redirect_uris": ["http://127.0.0.1:7/cb"]}')
        query = "client_id=c1&redirect_uri=http://127.0.0.1:7/cb"
        headers, _ = await get(port, f"/simulate-login/0/authorization?{query}")
        state = parse_qs(urlsplit(headers["Location"]).query)["state"][0]
        for answer in ("code=k", "code=k&state=other", f"code=k&state={state}&iss=https://evil.example"):
            headers, text = await get(port, f"/simulate-login/0/callback?{answer}")
            assert (headers["status"], "Location" in headers) == ("400", False), text


@pytest.mark.parametrize("names_itself", [True, False])
async def test_a_client_that_did_not_register_here_is_let_pass_and_told_of_once(names_itself: bool) -> None:
    pages: dict[str, Any] = {}
    async with server(replying(pages, [])) as url, recording(url) as recorder:
        origin, port = url.removesuffix("/mcp"), recorder.port
        said = {"authorization_response_iss_parameter_supported": names_itself}
        pages["/.well-known/oauth-authorization-server"] = metadata(origin) | said
        query = "client_id=fixed%1b&redirect_uri=http://127.0.0.1:7/cb&state=s"
        for _ in range(2):
            headers, _ = await get(port, f"/simulate-login/0/authorization?{query}")
            sent = dict(parse_qsl(urlsplit(headers["Location"]).query))
            assert (sent["redirect_uri"], sent["state"]) == ("http://127.0.0.1:7/cb", "s")
        assert len(recorder.told) == names_itself
        assert all("did not register here" in told and "\x1b" not in told for told in recorder.told)


async def test_a_login_server_elsewhere_is_left_alone_unless_the_person_named_it() -> None:
    pages: dict[str, Any] = {}
    theirs: dict[str, Any] = {}
    heard: list[tuple[str, bytes]] = []
    asked: list[tuple[str, bytes]] = []
    async with server(replying(pages, asked)) as url, server(replying(theirs, heard)) as other:
        origin = other.removesuffix("/mcp")
        pages["/.well-known/oauth-protected-resource"] = {
            "resource": url,
            "authorization_servers": [f"{origin}/a"],
        }
        theirs["/.well-known/oauth-authorization-server/a"] = metadata(origin, f"{origin}/a")
        async with recording(url) as recorder:
            _, resource = await get(recorder.port, "/.well-known/oauth-protected-resource")
            assert resource["authorization_servers"] == [f"{origin}/a"]
            (told,) = recorder.told
            assert told.startswith(f"logins go to {origin}, past this proxy;")
            assert told.endswith(f"say --login-origin {origin}")
            assert not heard
        async with recording(url, origin) as recorder:
            _, resource = await get(
                recorder.port, "/.well-known/oauth-protected-resource", "Authorization: Bearer x\r\n"
            )
            (issuer,) = resource["authorization_servers"]
            path = urlsplit(issuer).path
            _, found = await get(recorder.port, f"/.well-known/oauth-authorization-server{path}")
            assert found["issuer"] == issuer
            assert not any(b"Bearer" in data for _, data in (*heard, *asked))


async def test_whoever_calls_it_localhost_is_told_no_other_name() -> None:
    pages: dict[str, Any] = {}
    async with server(replying(pages, [])) as url, recording(url) as recorder:
        port, mine = recorder.port, f"http://localhost:{recorder.port}"
        pages["/.well-known/oauth-protected-resource"] = {
            "resource": url,
            "authorization_servers": [url.removesuffix("/mcp")],
        }
        raw = await say(
            port,
            f"GET /.well-known/oauth-protected-resource HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n".encode(),
        )
        assert parted(raw)[1] == {"resource": f"{mine}/mcp", "authorization_servers": [mine]}


async def test_metadata_of_another_issuer_is_not_made_to_look_right() -> None:
    pages: dict[str, Any] = {}
    async with server(replying(pages, [])) as url, recording(url) as recorder:
        found = metadata("https://evil.example")
        pages["/.well-known/oauth-authorization-server"] = found
        _, seen = await get(recorder.port, "/.well-known/oauth-authorization-server")
        assert seen == found


async def test_endpoints_elsewhere_are_not_sent_what_clients_send() -> None:
    pages: dict[str, Any] = {}
    async with server(replying(pages, [])) as url, recording(url) as recorder:
        origin = url.removesuffix("/mcp")
        found = {**metadata(origin), "token_endpoint": "https://evil.example/token"}
        pages["/.well-known/oauth-authorization-server"] = found
        _, seen = await get(recorder.port, "/.well-known/oauth-authorization-server")
        assert seen["token_endpoint"] == "https://evil.example/token"
        headers, _ = await post(recorder.port, "/simulate-login/0/token", b"code=k")
        assert headers["status"] == "400"


async def test_a_refusal_leads_to_the_proxys_own_description() -> None:
    async def refuse(stream: trio.SocketStream) -> None:
        await stream.receive_some(65536)
        here = stream.socket.getsockname()[1]
        challenge = f'Bearer error="x", resource_metadata="http://127.0.0.1:{here}/.well-known/p", scope="a"'
        await stream.send_all(
            f"HTTP/1.1 401 No\r\nWWW-Authenticate: {challenge}\r\nContent-Length: 0\r\n\r\n".encode()
        )

    async with server(refuse) as url, recording(url) as recorder:
        headers, _ = await post(recorder.port, "/mcp", b"{}")
    assert (
        f'resource_metadata="http://127.0.0.1:{recorder.port}/.well-known/p", scope="a"'
        in headers["WWW-Authenticate"]
    )


@pytest.mark.parametrize(
    "odd", ["7", '"x"', "[]", '{"resource": 7, "authorization_servers": [7, null, {}]}', "{"]
)
async def test_odd_documents_are_passed_on_and_break_nothing(odd: str) -> None:
    async def serve(stream: trio.SocketStream) -> None:
        await stream.receive_some(65536)
        await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(odd), odd.encode()))

    async with server(serve) as url, recording(url) as recorder:
        for path in ("oauth-protected-resource", "oauth-authorization-server", "openid-configuration/x"):
            headers, _ = await get(recorder.port, f"/.well-known/{path}")
            assert headers["status"] == "200"
        headers, _ = await get(recorder.port, "/simulate-login/0/authorization?a=b")
        assert headers["status"] == "400"
