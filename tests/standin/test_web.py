"""The web side as Nextcloud's clients know it: OCS, Notes and WebDAV."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.standin.conftest import Client

USERS = "/ocs/v2.php/cloud/users"
SHARES = "/ocs/v2.php/apps/files_sharing/api/v1/shares"
NOTES = "/index.php/apps/notes/api/v1/notes"
FILES = "/remote.php/dav/files/alice"
JSON = {"format": "json"}


@pytest.mark.parametrize(("version", "http", "shown"), [("v1.php", 200, 102), ("v2.php", 400, 102)])
async def test_the_two_versions_of_ocs_report_a_failure_each_in_its_own_way(
    client: Client, version: str, http: int, shown: int
) -> None:
    async with client("admin") as admin:
        form = {"userid": "alice", "password": "long-enough-password"}
        answer = await admin.post(f"/ocs/{version}/cloud/users", params=JSON, data=form)
    assert answer.status_code == http
    assert answer.json()["ocs"]["meta"]["statuscode"] == shown


async def test_users_are_managed_by_the_admin_alone(client: Client) -> None:
    form = {"userid": "carl", "password": "Long-enough-passw0rd", "displayName": "C", "email": "C@c"}
    async with client("alice") as alice, client("admin") as admin, client("") as nobody:
        assert (await alice.post(USERS, params=JSON, data=form)).status_code == 403
        assert (await nobody.get(USERS, params=JSON)).status_code == 401
        assert (await admin.post(USERS, params=JSON, data=form)).status_code == 200
        found = (await admin.get(USERS, params={**JSON, "search": "car"})).json()
        assert found["ocs"]["data"]["users"] == ["carl"]
        assert (await admin.get(f"{USERS}/carl", params=JSON)).json()["ocs"]["data"]["email"] == "c@c"
        assert (await admin.delete(f"{USERS}/carl", params=JSON)).status_code == 200
        assert (await admin.delete(f"{USERS}/carl", params=JSON)).status_code == 404


async def test_a_changing_request_without_the_api_header_is_refused(client: Client) -> None:
    async with client("admin") as admin:
        del admin.headers["OCS-APIRequest"]
        answer = await admin.post(USERS, params=JSON, data={"userid": "x", "password": "long-enough-pw"})
    assert answer.status_code == 412


@pytest.mark.parametrize(
    "password",
    ["Sh0rt!", "no-upper-c4se", "NO-LOWER-C4SE", "No-numeric-one", "NoSpecial0ne", "Mine-is-alic3"],
)
async def test_a_password_that_the_policy_does_not_like_is_refused(client: Client, password: str) -> None:
    async with client("admin") as admin:
        answer = await admin.post(USERS, params=JSON, data={"userid": "Alic3", "password": password})
    assert answer.status_code == 400
    assert answer.json()["ocs"]["meta"]["statuscode"] == 107


async def test_without_a_wish_for_json_ocs_answers_xml(client: Client) -> None:
    async with client("alice") as alice:
        answer = await alice.get("/ocs/v2.php/cloud/user")
    assert answer.headers["content-type"].startswith("application/xml")
    assert "<id>alice</id>" in answer.text


async def test_notes_are_kept_with_etags(client: Client) -> None:
    async with client("alice") as alice, client("bob") as bob:
        made = (await alice.post(NOTES, json={"title": "Plan", "content": "one", "category": ""})).json()
        url = f"{NOTES}/{made['id']}"
        stale = await alice.put(url, json={"content": "two"}, headers={"If-Match": '"nonsense"'})
        assert stale.status_code == 412
        good = await alice.put(url, json={"content": "two"}, headers={"If-Match": f'"{made["etag"]}"'})
        assert good.json()["content"] == "two"
        assert (await bob.get(url)).status_code == 404
        assert (await alice.delete(url)).status_code == 200
        assert (await alice.get(url)).status_code == 404


async def test_shares_are_made_changed_and_taken_back(client: Client) -> None:
    async with client("alice") as alice, client("bob") as bob:
        await alice.put(f"{FILES}/a.txt", content=b"a")
        form = {"path": "/a.txt", "shareType": "0", "shareWith": "bob", "permissions": "31"}
        made = (await alice.post(SHARES, params=JSON, data=form)).json()["ocs"]["data"]
        assert made["permissions"] == 19
        mine = (await bob.get(SHARES, params={**JSON, "shared_with_me": "true"})).json()["ocs"]["data"]
        assert [share["id"] for share in mine] == [made["id"]]
        url = f"{SHARES}/{made['id']}"
        assert (await alice.put(url, params={**JSON, "permissions": "1"})).status_code == 200
        assert (await alice.delete(url, params=JSON)).status_code == 200
        assert (await alice.get(url, params=JSON)).status_code == 404


async def test_webdav_does_what_a_file_client_needs(client: Client) -> None:
    async with client("alice") as alice:
        assert (await alice.request("MKCOL", f"{FILES}/Räume")).status_code == 201
        assert (await alice.request("MKCOL", f"{FILES}/Räume")).status_code == 405
        written = await alice.put(f"{FILES}/Räume/a b.txt", content=b"text")
        assert written.status_code == 201
        listed = await alice.request("PROPFIND", f"{FILES}/Räume", headers={"Depth": "1"})
        assert listed.status_code == 207
        assert quote("/remote.php/dav/files/alice/Räume/a b.txt") in listed.text
        target = {"Destination": f"http://cloud{FILES}/moved.txt"}
        moved = await alice.request("MOVE", f"{FILES}/Räume/a b.txt", headers=target)
        assert moved.status_code == 201
        again = {**target, "Overwrite": "F"}
        await alice.put(f"{FILES}/other.txt", content=b"x")
        assert (await alice.request("COPY", f"{FILES}/other.txt", headers=again)).status_code == 412
        assert (await alice.get(f"{FILES}/moved.txt")).content == b"text"
        assert (await alice.delete(f"{FILES}/moved.txt")).status_code == 204
        missing = await alice.get(f"{FILES}/moved.txt")
        assert missing.status_code == 404
        assert "Sabre\\DAV\\Exception\\NotFound" in missing.text


async def test_webdav_keeps_conditions(client: Client) -> None:
    async with client("alice") as alice:
        first = await alice.put(f"{FILES}/a.txt", content=b"1")
        new_only = {"If-None-Match": "*"}
        assert (await alice.put(f"{FILES}/a.txt", content=b"2", headers=new_only)).status_code == 412
        matching = {"If-Match": first.headers["etag"]}
        assert (await alice.put(f"{FILES}/a.txt", content=b"2", headers=matching)).status_code == 204
        assert (await alice.put(f"{FILES}/a.txt", content=b"3", headers=matching)).status_code == 412


async def test_nobody_reaches_the_files_of_another(client: Client) -> None:
    async with client("alice") as alice, client("bob") as bob:
        await alice.put(f"{FILES}/secret.txt", content=b"s")
        assert (await bob.get(f"{FILES}/secret.txt")).status_code == 404


async def test_the_principal_of_the_caller_is_told(client: Client) -> None:
    async with client("alice") as alice:
        answer = await alice.request("PROPFIND", "/remote.php/dav/", headers={"Depth": "0"})
    assert "/remote.php/dav/principals/users/alice/" in answer.text


async def test_the_mcp_endpoint_sends_strangers_to_the_login(client: Client) -> None:
    async with client("") as nobody:
        answer = await nobody.post("/mcp", json={})
        assert answer.status_code == 401
        url = answer.headers["www-authenticate"].partition('resource_metadata="')[2].rstrip('"')
        metadata = (await nobody.get(url)).json()
    assert metadata["resource"] == "http://cloud/mcp"
    assert "notes.read" in metadata["scopes_supported"]
