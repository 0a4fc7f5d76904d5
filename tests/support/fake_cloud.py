"""Nextcloud's users as a real one makes them: in steps, by chance by half, and on after its caller has left.

For tests on the virtual clock: nothing here waits but by `trio.sleep`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, unquote

import attrs
import httpx
import trio

from actors.accounts import OcsAccounts
from actors.secret import Secret

URL = "http://cloud.test"
USERS = "/ocs/v2.php/cloud/users"
HTML = "<html><title>Bad gateway</title></html>"


@attrs.define
class Row:
    """A user who is there. `is_half`: the home is being made."""

    email: str | None = None
    is_half: bool = False


@attrs.frozen
class Birth:
    """How one creation goes: seconds until each step, counted from the request.

    Attributes:
        ends: `ok`, `half` (refused after the row, for good), `gateway` (504 before its end), `cut` (the
            connection breaks), `busy` (503, nothing done), `files`, `policy` (refused, nothing done),
            `twice` (sent again by something in between, whose second answer is passed on).
    """

    ends: str = "ok"
    row_s: float = 0.1
    home_s: float = 0.5
    email_s: float = 1.0


@attrs.define
class FakeCloud:
    """Answers OCS requests on users.

    Attributes:
        births: how creations go, one after another; then all go well.
        deaths: what DELETE does: `ok`, `gateway` (done, and 504), `lost` (502, not done), `html` (a page
            with 200, not done), `gzip` (an answer that cannot be read).
        looks: what GET of a user answers instead: `html404`, `gateway`; then as it is.
        wait_s: how long each request has to wait before it is looked at.
        ever: all who ever came into being through a creation.
    """

    rows: dict[str, Row] = attrs.Factory(dict)
    births: list[Birth] = attrs.Factory(list)
    deaths: list[str] = attrs.Factory(list)
    looks: list[str] = attrs.Factory(list)
    ever: set[str] = attrs.Factory(set)
    log: list[str] = attrs.Factory(list)
    homes: set[str] = attrs.Factory(set)
    wait_s: float = 0.0
    nursery: trio.Nursery | None = None

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=URL, transport=httpx.MockTransport(self.answer))

    async def answer(self, request: httpx.Request) -> httpx.Response:
        await trio.sleep(self.wait_s)
        path = request.url.path
        self.log.append(f"{request.method} {path}")
        uid = unquote(path.removeprefix(USERS).lstrip("/"))
        match request.method:
            case "POST":
                return await self._create(request)
            case "DELETE":
                return await self._outlive(lambda: self._delete(uid), 0.2)
            case "GET" if path.endswith("/cloud/capabilities"):
                return ocs(200, {"capabilities": {}})
            case "GET" if path.endswith("/cloud/user"):
                return ocs(200, {"id": "admin"})
            case "GET" if not uid:
                wanted = request.url.params.get("search", "").lower()
                return ocs(200, {"users": [each for each in self.rows if wanted in each.lower()]})
        await trio.sleep(0.02)
        return self._look(uid)

    def _look(self, uid: str) -> httpx.Response:
        if self.looks:
            answer = odd(self.looks.pop(0))
            if answer is not None:
                return answer
        row = self.rows.get(uid)
        if row is None:
            return ocs(998, [], "User does not exist")
        return ocs(996, [], "Internal error") if row.is_half else ocs(200, {"id": uid, "email": row.email})

    async def _create(self, request: httpx.Request) -> httpx.Response:
        form = parse_qs((await request.aread()).decode())
        birth = self.births.pop(0) if self.births else Birth()
        if birth.ends == "busy":
            return httpx.Response(503, text=HTML)
        if birth.ends == "twice":
            assert self.nursery is not None
            self.nursery.start_soon(self._bear, form, attrs.evolve(birth, ends="ok"))
            await trio.sleep(birth.row_s + 0.01)
            birth = Birth()
        return await self._outlive(lambda: self._bear(form, birth), birth.row_s / 2)

    async def _bear(self, form: dict[str, list[str]], birth: Birth) -> httpx.Response:
        uid = form["userid"][0]
        if uid.lower() in {each.lower() for each in self.rows}:
            return ocs(102, [], "User already exists")
        if birth.ends == "policy":
            return ocs(107, [], "Password needs to contain at least one special character.")
        if birth.ends == "files" or uid in self.homes:
            return ocs(101, [], "Login is invalid because files already exist for this user")
        await trio.sleep(birth.row_s)
        row = self.rows[uid] = Row(is_half=True)
        self.ever.add(uid)
        await trio.sleep(birth.home_s)
        row.is_half = False
        if birth.ends == "half":
            return ocs(101, [], "Bad request")
        await trio.sleep(birth.email_s)
        row.email = form["email"][0].lower()
        return {"gateway": httpx.Response(504, text=HTML)}.get(birth.ends) or (
            broken() if birth.ends == "cut" else ocs(200, {"id": uid})
        )

    async def _delete(self, uid: str) -> httpx.Response:
        how = self.deaths.pop(0) if self.deaths else "ok"
        if how in ("ok", "gateway", "gzip"):
            known = self.rows.pop(uid, None)
            answer = ocs(200, []) if known else ocs(998, [], "User does not exist")
            if how == "gzip":
                return httpx.Response(200, headers={"content-encoding": "gzip"}, content=b"no gzip")
            return answer if how == "ok" else httpx.Response(504, text=HTML)
        return httpx.Response(200 if how == "html" else 502, text=HTML)

    async def _outlive(self, work: Callable[[], Awaitable[httpx.Response]], pause_s: float) -> httpx.Response:
        """Carry it out whoever leaves meanwhile, as PHP does."""
        assert self.nursery is not None
        done = trio.Event()
        answers: list[httpx.Response | Exception] = []

        async def carry_out() -> None:
            await trio.sleep(pause_s)
            try:
                answers.append(await work())
            except httpx.HTTPError as error:
                answers.append(error)
            done.set()

        self.nursery.start_soon(carry_out)
        await done.wait()
        if isinstance(answers[0], Exception):
            raise answers[0]
        return answers[0]


def broken() -> httpx.Response:
    raise httpx.RemoteProtocolError("Server disconnected without sending a response.")


def odd(how: str) -> httpx.Response | None:
    match how:
        case "html404":
            return httpx.Response(404, text=HTML)
        case "gateway":
            return httpx.Response(502, text=HTML)
    return None


def ocs(code: int, data: Any, message: str = "") -> httpx.Response:
    status = code if code < 600 else 404 if code == 998 else 500
    status = 400 if code in (101, 102, 107) else status
    return httpx.Response(
        status, json={"ocs": {"meta": {"statuscode": code, "message": message}, "data": data}}
    )


@asynccontextmanager
async def running(cloud: FakeCloud) -> Iterator[OcsAccounts]:  # type: ignore[misc]
    """The cloud at work, and the administrator's way to it; what goes on is let come to its end."""
    async with trio.open_nursery() as nursery:
        cloud.nursery = nursery
        async with cloud.client() as http:
            yield OcsAccounts(http, "admin", Secret("admin-password"))
