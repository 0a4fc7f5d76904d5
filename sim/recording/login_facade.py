"""Lets clients log in through the proxy: it stands for the authorization server (see `login_documents`).

What clients send is passed on to origins that the person named, and to no other: an authorization server
elsewhere is left for the client to go to by itself. Nothing is kept but which answers belong to whom, and
that only while a login lasts.
"""

from __future__ import annotations

import re
import secrets
from collections import OrderedDict
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

import attrs

from actors.login.trust import Origin, origin_of, origin_text, same_address
from actors.text import harmless
from sim.recording.http_heads import RequestHead, value_in
from sim.recording.login_documents import (
    OWN,
    SERVER_KINDS,
    Fields,
    LoginUnderWay,
    RealServer,
    as_document,
    callback_of,
    fields_of,
    for_server,
    hash_of,
    looking_for,
    put,
    read_object,
    redirected,
    server_metadata,
    with_fields,
)
from sim.recording.rewriting import Addresses, without
from sim.recording.server_place import Instead, Order, ServerPlace, Unreachable, WholeAnswer, fetch, path_of

PROTECTED = "/.well-known/oauth-protected-resource"
MAX_SERVERS, MAX_LOGINS = 20, 1000
MAX_REDIRECTS = 5
SAYS_ISSUER = "authorization_response_iss_parameter_supported"
_OWN_ENDPOINT = re.compile(OWN + r"/(\d{1,4})/(authorization|token|registration|callback)")
_PLAIN = ((b"Content-Type", b"text/plain; charset=utf-8"),)


class LoginFacade:
    """Answers what has to do with logins.

    Args:
        places: origins that the person named, the MCP server's among them.
        tell: told what the person at the terminal is to know.
    """

    def __init__(
        self, addresses: Addresses, places: dict[Origin, ServerPlace], tell: Callable[[str], None]
    ) -> None:
        self._addresses = addresses
        self._places = places
        self._tell = tell
        self._servers = [RealServer(addresses.server.text, 0, "")]
        self._issuers: dict[int, str] = {}
        self._endpoints: dict[tuple[int, str], str] = {}
        self._clients: OrderedDict[str, None] = OrderedDict()
        self._logins: OrderedDict[str, LoginUnderWay] = OrderedDict()
        self._codes: OrderedDict[str, str] = OrderedDict()
        self._left_alone: set[str] = set()
        self._naming: set[int] = set()
        """Servers that say their name in their answers."""

    def handler(self, request: RequestHead) -> Instead | None:
        """Who answers this request; None for the server itself."""
        path = request.target.partition(b"?")[0].decode("ascii")
        if request.method in (b"GET", b"HEAD"):
            if path == PROTECTED or path.startswith(f"{PROTECTED}/"):
                return self._protected
            if self._described(path) is not None:
                return self._metadata
        return self._own if _OWN_ENDPOINT.fullmatch(path) else None

    async def _protected(self, request: RequestHead, body: bytes) -> WholeAnswer:
        """The metadata of the MCP server (RFC 9728, 2), for the proxy's address."""
        order = Order(request.method, request.target, tuple(without(request.headers, b"authorization")))
        answer = await fetch(self._addresses.server, order)
        found, addresses = read_object(answer.body) if answer.status == 200 else None, self._called(request)
        if found is None:
            return self._passed_on(answer, request)
        if isinstance(found.get("resource"), str):
            found["resource"] = addresses.to_client(found["resource"].encode()).decode()
        servers = found.get("authorization_servers")
        if isinstance(servers, list):
            found["authorization_servers"] = [self._stood_for(each, addresses.proxy) for each in servers]
        return as_document(200, found)

    def _stood_for(self, issuer: object, proxy: str) -> object:
        """The proxy's name for this authorization server; its own where nobody named its origin."""
        if not isinstance(issuer, str) or origin_of(issuer) not in self._places:
            self._leave_alone(issuer)
            return issuer
        known = next((each for each in self._servers if same_address(each.issuer, issuer)), None)
        if known is None:
            if len(self._servers) >= MAX_SERVERS:
                return issuer
            number = len(self._servers)
            known = RealServer(issuer, number, f"{OWN}/{number}")
            self._servers.append(known)
        return f"{proxy}{known.mine}"

    def _leave_alone(self, issuer: object) -> None:
        where = origin_text(issuer) if isinstance(issuer, str) else "nowhere"
        if where not in self._left_alone and len(self._left_alone) < MAX_SERVERS:
            self._left_alone.add(where)
            self._tell(
                f"logins go to {where}, past this proxy; where tokens are refused afterwards, "
                f"say --login-origin {where}"
            )

    def _described(self, path: str) -> tuple[RealServer, str] | None:
        """The authorization server that this path describes to clients, and the path of the original.

        Both ways of naming it: RFC 8414, 3.1 (between host and path), and OpenID Connect Discovery, 4.
        """
        for server in self._servers:
            real = urlsplit(server.issuer).path.rstrip("/")
            for kind in SERVER_KINDS:
                known = f"/.well-known/{kind}"
                if path == f"{known}{server.mine}":
                    return server, f"{known}{real}"
                if server.mine and path == f"{server.mine}{known}":
                    return server, f"{real}{known}"
        # What clients of 2025-03-26 try, who know nothing but the server's address.
        guessed = any(path.startswith(f"/.well-known/{kind}/") for kind in SERVER_KINDS)
        return (self._servers[0], path) if guessed else None

    async def _metadata(self, request: RequestHead, body: bytes) -> WholeAnswer:
        described = self._described(request.target.partition(b"?")[0].decode("ascii"))
        assert described is not None
        server, path = described
        answer = await self._followed(server, request.method, path)
        found = read_object(answer.body) if answer.status == 200 else None
        if found is None or not self._is_of(server, found.get("issuer")):
            # A client holds the name against the one that it asked, and sees that it is another.
            return self._passed_on(answer, request)
        self._issuers[server.number] = found["issuer"]
        if found.get(SAYS_ISSUER) is True:
            self._naming.add(server.number)
        trusted = {}
        for name in ("authorization", "token", "registration"):
            url = found.get(f"{name}_endpoint")
            origin = origin_of(url) if isinstance(url, str) else None
            # A person is sent to log in wherever the server says; what clients send goes to known places.
            trusted[f"{name}_endpoint"] = origin in self._places or (name == "authorization" and bool(origin))
            if isinstance(url, str) and trusted[f"{name}_endpoint"]:
                self._endpoints[server.number, name] = url
        return as_document(200, server_metadata(found, server, self._called(request).proxy, trusted))

    def _is_of(self, server: RealServer, issuer: object) -> bool:
        """Whether metadata with this issuer is that of `server` (RFC 8414, 3.3). The one at the root of the
        MCP server's origin was named by nobody, so it may have a path."""
        if not isinstance(issuer, str):
            return False
        return same_address(issuer, server.issuer) or (
            not server.number and origin_of(issuer) == origin_of(server.issuer)
        )

    async def _followed(self, server: RealServer, method: bytes, path: str) -> WholeAnswer:
        """The document there, or where the same origin keeps it. Nothing but the address is sent."""
        place = self._places[origin_of(server.issuer) or self._addresses.server.origin]
        target = path.encode("ascii")
        for _ in range(MAX_REDIRECTS):
            answer = await fetch(place, Order(method, target, ((b"Accept", b"application/json"),)))
            location = _header(answer, b"location")
            url = f"{place.text}{location}" if location.startswith("/") else location
            if answer.status not in (301, 302, 307, 308) or origin_of(url) != place.origin:
                return answer
            target = path_of(url)
        raise Unreachable("it redirects again and again")

    async def _own(self, request: RequestHead, body: bytes) -> WholeAnswer:
        path, _, query = request.target.decode("ascii").partition("?")
        found = _OWN_ENDPOINT.fullmatch(path)
        assert found is not None
        number, name = int(found[1]), found[2]
        if number >= len(self._servers):
            return _no("no such login server")
        server = self._servers[number]
        if name == "callback":
            return self._called_back(server, fields_of(query))
        if (number, name) not in self._endpoints:
            await self._metadata(looking_for(server), b"")
        url = self._endpoints.get((number, name))
        if url is None:
            return _no(f"the login server has no {name} endpoint")
        match name:
            case "authorization":
                return self._authorize(server, url, fields_of(query), self._called(request))
            case "token":
                return await self._token(server, url, request, body)
            case _:
                return await self._register(server, url, request, body)

    def _authorize(self, server: RealServer, url: str, asked: Fields, addresses: Addresses) -> WholeAnswer:
        """On to the real page. A client that registered here gets its answer by way of the proxy, which
        stands for the issuer that is named in it (RFC 9207)."""
        given = dict(asked)
        asked = for_server(asked, self._addresses)
        if given.get("client_id") in self._clients and "redirect_uri" in given:
            state = secrets.token_urlsafe(24)
            self._logins[state] = LoginUnderWay(given["redirect_uri"], given.get("state"), server, addresses)
            _bound(self._logins)
            asked = put(put(asked, "redirect_uri", callback_of(server, addresses)), "state", None)
            asked = [*asked, ("state", state)]
        elif server.number in self._naming:
            self._warn_of(given.get("client_id", ""))
        return redirected(with_fields(url, asked))

    def _warn_of(self, client: str) -> None:
        """Of a client whose answer goes past the proxy, with the name of a server that it does not know."""
        shown = f"client {harmless(client, 60)}"
        if shown not in self._left_alone and len(self._left_alone) < MAX_SERVERS:
            self._left_alone.add(shown)
            self._tell(
                f"{shown} did not register here: where it refuses the answer of its login (RFC 9207), "
                "have it register anew (clear what it has stored, or take another --port)"
            )

    def _called_back(self, server: RealServer, answer: Fields) -> WholeAnswer:
        """Back to the client, if it is the answer of the server that was asked."""
        given = dict(answer)
        login = self._logins.pop(given.get("state", ""), None)
        if login is None or login.server is not server:
            return _no("nobody waits for this answer")
        issuer = given.get("iss")
        if issuer is not None and issuer != self._issuers.get(server.number):
            return _no(f"the answer is of another login server, {harmless(issuer, 100)}")
        if code := given.get("code"):
            self._codes[hash_of(code)] = callback_of(server, login.addresses)
            _bound(self._codes)
        answer = put(answer, "state", login.state)
        if issuer is not None:
            answer = put(answer, "iss", f"{login.addresses.proxy}{server.mine}")
        return redirected(with_fields(login.redirect_uri, answer))

    async def _token(self, server: RealServer, url: str, request: RequestHead, body: bytes) -> WholeAnswer:
        asked = for_server(fields_of(body), self._addresses)
        if callback := self._codes.get(hash_of(dict(asked).get("code", ""))):
            asked = put(asked, "redirect_uri", callback)
        return self._passed_on(await self._send(url, request, urlencode(asked).encode("ascii")), request)

    async def _register(self, server: RealServer, url: str, request: RequestHead, body: bytes) -> WholeAnswer:
        """A client registers (RFC 7591): with the proxy's address beside its own."""
        asked = read_object(body)
        if asked is None or not isinstance(asked.get("redirect_uris"), list):
            return self._passed_on(await self._send(url, request, body), request)
        own = asked["redirect_uris"]
        changed = as_document(
            200, {**asked, "redirect_uris": [*own, callback_of(server, self._called(request))]}
        ).body
        answer = await self._send(url, request, changed)
        found = read_object(answer.body)
        if answer.status not in (200, 201) or found is None or not isinstance(found.get("client_id"), str):
            return self._passed_on(answer, request)
        self._clients[found["client_id"]] = None
        _bound(self._clients)
        if "redirect_uris" in found:
            found["redirect_uris"] = own
        return as_document(answer.status, found)

    async def _send(self, url: str, request: RequestHead, body: bytes) -> WholeAnswer:
        place = self._places[origin_of(url) or self._addresses.server.origin]
        return await fetch(place, Order(request.method, path_of(url), request.headers, body))

    def _called(self, request: RequestHead) -> Addresses:
        return self._addresses.called(request.value(b"host").lower())

    def _passed_on(self, answer: WholeAnswer, request: RequestHead) -> WholeAnswer:
        headers = self._called(request).answer_headers(answer.headers)
        return attrs.evolve(answer, headers=tuple(without(headers, b"content-length", b"transfer-encoding")))


def _header(document: WholeAnswer, name: bytes) -> str:
    return value_in(document.headers, name).decode("latin-1")


def _no(text: str) -> WholeAnswer:
    return WholeAnswer(400, _PLAIN, f"simulate record: {text}\n".encode())


def _bound(kept: OrderedDict[str, None] | OrderedDict[str, str] | OrderedDict[str, LoginUnderWay]) -> None:
    if len(kept) > MAX_LOGINS:
        kept.popitem(last=False)
