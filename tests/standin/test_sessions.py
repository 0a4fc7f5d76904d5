"""Sessions that answers to Basic begin: whoever brings the cookie back is its user, or is refused."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from sim.standin.application import Standin
from sim.standin.behaviour import StandinOptions
from tests.standin.conftest import PASSWORDS, Client

NOTES = "/index.php/apps/notes/api/v1/notes"
OCS = "/ocs/v2.php/cloud/user"
JSON = {"format": "json"}
Jar = Callable[[], httpx.AsyncClient]


@pytest.fixture
def jar(client: Client) -> Jar:
    """Makes a client that keeps cookies and sends nothing else by itself."""

    def make() -> httpx.AsyncClient:
        http = client("")
        del http.headers["OCS-APIRequest"]
        return http

    return make


def auth(uid: str) -> tuple[str, str]:
    return uid, PASSWORDS[uid]


def files(uid: str) -> str:
    return f"/remote.php/dav/files/{uid}/"


@pytest.mark.parametrize("path", [OCS, NOTES, "/remote.php/dav/files/alice/"])
async def test_every_answer_to_basic_begins_a_session(client: Client, path: str) -> None:
    async with client("alice") as alice:
        answer = await alice.request("PROPFIND" if "dav" in path else "GET", path)
    assert answer.is_success and "nc_session_standin" in answer.headers["set-cookie"]


@pytest.mark.parametrize("method", ["PROPFIND", "PUT", "DELETE", "MKCOL"])
@pytest.mark.parametrize("uid", ["alice", "bob"])
async def test_a_session_begun_outside_dav_spoils_dav_requests_that_are_no_get(
    jar: Jar, method: str, uid: str
) -> None:
    async with jar() as http:
        await http.get(OCS, auth=auth("alice"))
        refused = await http.request(method, files(uid), auth=auth(uid))
        assert refused.status_code == 401 and "CSRF check not passed." in refused.text


@pytest.mark.parametrize("cure", ["no cookies", "the header", "begun by WebDAV"])
async def test_what_keeps_dav_requests_from_being_spoiled(jar: Jar, cure: str) -> None:
    async with jar() as http:
        if cure == "begun by WebDAV":
            await http.request("PROPFIND", files("alice"), auth=auth("alice"))
        else:
            await http.get(OCS, auth=auth("alice"))
        headers = {"OCS-APIRequest": "true"} if cure == "the header" else {}
        if cure == "no cookies":
            http.cookies.clear()
        answer = await http.request("PROPFIND", files("alice"), auth=auth("alice"), headers=headers)
    assert answer.status_code == 207


async def test_the_session_is_who_asks_whatever_password_stands_beside_it(jar: Jar) -> None:
    async with jar() as http:
        await http.get(OCS, auth=auth("alice"))
        answer = await http.get(OCS, auth=auth("bob"), params=JSON)
        assert answer.json()["ocs"]["data"]["id"] == "alice"
        others = await http.request(
            "PROPFIND", files("bob"), auth=auth("bob"), headers={"OCS-APIRequest": "true"}
        )
        assert others.status_code == 404, "for alice there is no such place"


async def test_notes_look_at_the_password_where_nothing_proves_the_session(jar: Jar) -> None:
    async with jar() as http:
        await http.get(OCS, auth=auth("alice"))
        note = {"title": "Bob's", "content": "", "category": ""}
        made = (await http.post(NOTES, json=note, auth=auth("bob"))).json()
        assert (await http.get(f"{NOTES}/{made['id']}", auth=auth("bob"))).status_code == 200
        http.cookies.clear()
        assert (await http.get(f"{NOTES}/{made['id']}", auth=auth("alice"))).status_code == 404


async def test_a_session_dies_with_its_user(jar: Jar, server: Standin) -> None:
    async with jar() as http:
        await http.get(OCS, auth=auth("alice"))
        server.store.remove_account("alice")
        server.identity.forget_user("alice")
        assert (await http.get(OCS, params=JSON)).status_code == 401


async def test_sessions_of_programs_are_no_logins_that_somebody_left_behind(
    jar: Jar, server: Standin
) -> None:
    async with jar() as http:
        await http.get(OCS, auth=auth("alice"))
    assert server.holdings()["logins"] == []


async def test_an_option_leaves_sessions_out() -> None:
    options = StandinOptions(admin_password="x", session_cookies=False)
    transport = httpx.ASGITransport(Standin(options).application())
    async with httpx.AsyncClient(transport=transport, base_url="http://cloud", auth=("admin", "x")) as http:
        assert "set-cookie" not in (await http.get(OCS)).headers


async def test_wrong_passwords_slow_every_door_down_and_then_close_it(client: Client) -> None:
    async with client("") as http:
        for attempt in range(11):
            door = (OCS, NOTES, files("alice"))[attempt % 3]
            method = "PROPFIND" if "dav" in door else "GET"
            assert (await http.request(method, door, auth=("alice", "wrong"))).status_code == 401
        for door in (OCS, NOTES, files("alice")):
            method = "PROPFIND" if "dav" in door else "GET"
            assert (await http.request(method, door, auth=auth("alice"))).status_code == 429
        assert "Reached maximum delay" in (await http.get(OCS, auth=auth("alice"), params=JSON)).text


async def test_what_is_typed_to_log_in_need_not_be_the_user_id(jar: Jar) -> None:
    typed = ("Alice@Example.ORG", PASSWORDS["alice"])
    async with jar() as http:
        told = (await http.get(OCS, auth=typed, params=JSON)).json()["ocs"]["data"]
        assert told["id"] == "alice"
        http.cookies.clear()
        assert (await http.request("PROPFIND", files("alice"), auth=typed)).status_code == 207
        http.cookies.clear()
        assert (await http.request("PROPFIND", files(typed[0]), auth=typed)).status_code == 404
