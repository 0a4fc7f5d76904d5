"""What a share of a file can grant, and what an etag of a note covers."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from sim.standin.application import Standin
from sim.standin.behaviour import StandinOptions
from sim.standin.note_store import StoredNote
from sim.standin.store_errors import StoreError
from tests.standin.conftest import Client
from tests.standin.test_store import refused

SHARES = "/ocs/v2.php/apps/files_sharing/api/v1/shares"
JSON = {"format": "json"}


@pytest.mark.parametrize(
    ("asked", "granted"), [(1, 1), (3, 3), (15, 3), (17, 17), (19, 19), (31, 19), (0, 1)]
)
def test_on_a_file_creation_grants_what_a_file_can_have(server: Standin, asked: int, granted: int) -> None:
    server.store.write_file("alice", "/a.txt", b"a")
    assert server.store.share("alice", "/a.txt", "bob", asked).permissions == granted


@pytest.mark.parametrize("permissions", [1, 15, 31])
def test_on_a_folder_everything_can_be_granted(server: Standin, permissions: int) -> None:
    server.store.make_folder("alice", "/a")
    share = server.store.share("alice", "/a", "bob", permissions)
    assert share.permissions == permissions
    assert server.store.change_share("alice", share.id, 31).permissions == 31


@pytest.mark.parametrize("permissions", [1, 3, 17, 19])
def test_on_a_file_an_update_takes_what_a_file_can_have(server: Standin, permissions: int) -> None:
    server.store.write_file("alice", "/a.txt", b"a")
    share = server.store.share("alice", "/a.txt", "bob", 1)
    assert server.store.change_share("alice", share.id, permissions).permissions == permissions


@pytest.mark.parametrize("permissions", [5, 9, 15, 31])
async def test_on_a_file_an_update_refuses_what_is_beyond_and_changes_nothing(
    client: Client, server: Standin, permissions: int
) -> None:
    note = server.notes.create("alice", "Plan", "text", "")
    share = server.store.share("alice", "/Notes/Plan.md", "bob", 1)
    async with client("alice") as alice:
        params = {**JSON, "permissions": str(permissions)}
        answer = await alice.put(f"{SHARES}/{share.id}", params=params)
    assert answer.status_code == 404
    assert answer.json()["ocs"]["meta"]["message"] == "Cannot increase permissions of /Notes/Plan.md"
    told = await server.tools.call(
        "alice", "nc_share_update", {"share_id": share.id, "permissions": permissions}
    )
    assert told.is_error and "Cannot increase permissions of /Notes/Plan.md (HTTP 404)" in told.text
    assert share.permissions == 1 and server.notes.get("bob", note.id).readonly


def test_nobody_passes_on_more_than_they_have(server: Standin) -> None:
    server.store.add_account("carl", "x")
    server.store.make_folder("alice", "/a")
    server.store.share("alice", "/a", "bob", 17)
    with refused(404):
        server.store.share("bob", "/a", "carl", 31)
    assert server.store.share("bob", "/a", "carl", 1).permissions == 1


def test_a_recipient_cannot_change_the_share(server: Standin) -> None:
    server.store.write_file("alice", "/a.txt", b"a")
    share = server.store.share("alice", "/a.txt", "bob", 19)
    with refused(403):
        server.store.change_share("bob", share.id, 1)


def test_the_etag_of_a_recipient_changes_with_their_permissions_and_back(server: Standin) -> None:
    note = server.notes.create("alice", "Plan", "text", "")
    share = server.store.share("alice", "/Notes/Plan.md", "bob", 1)
    read_only = server.notes.get("bob", note.id).etag
    server.store.change_share("alice", share.id, 3)
    writable = server.notes.get("bob", note.id).etag
    assert writable != read_only
    with refused(412):
        server.notes.update("bob", note.id, read_only, content="new")
    server.store.change_share("alice", share.id, 1)
    assert server.notes.get("bob", note.id).etag == read_only
    assert server.notes.get("alice", note.id).etag == note.etag, "the owner's stays"


BASE = StoredNote(id=7, title="T", content="c", category="", modified=100, readonly=False)


@pytest.mark.parametrize(
    "other",
    [
        StoredNote(8, "T", "c", "", 100, False),
        StoredNote(7, "U", "c", "", 100, False),
        StoredNote(7, "T", "d", "", 100, False),
        StoredNote(7, "T", "c", "x", 100, False),
        StoredNote(7, "T", "c", "", 101, False),
        StoredNote(7, "T", "c", "", 100, True),
    ],
)
def test_an_etag_covers_everything_that_is_seen_of_a_note(other: StoredNote) -> None:
    assert other.etag != BASE.etag
    assert StoredNote(7, "T", "c", "", 100, False).etag == BASE.etag


@pytest.mark.parametrize(("race_s", "later_s", "passes"), [(0, 0, False), (1, 0.5, True), (1, 1.5, False)])
async def test_two_writes_with_one_etag_both_pass_only_within_the_race(
    autojump_clock: MockClock, race_s: float, later_s: float, passes: bool
) -> None:
    standin = Standin(StandinOptions(etag_race_s=race_s), now=trio.current_time)
    standin.store.add_account("alice", "x")
    note = standin.notes.create("alice", "Plan", "one", "")
    standin.notes.update("alice", note.id, note.etag, content="two")
    await trio.sleep(later_s)
    if passes:
        assert standin.notes.update("alice", note.id, note.etag, content="three").content == "three"
    else:
        with pytest.raises(StoreError):
            standin.notes.update("alice", note.id, note.etag, content="three")


ODD = [
    ("GET", "/ocs/v2.php/no/such/thing", {}, 404, 998),
    ("GET", "/ocs/v1.php/no/such/thing", {}, 200, 998),
    ("POST", SHARES, {"path": "/nowhere", "shareWith": "bob", "permissions": "1"}, 404, 404),
    ("POST", SHARES, {"path": "/", "shareWith": "bob", "permissions": "many"}, 400, 400),
    ("PUT", f"{SHARES}/4711", {"permissions": "1"}, 404, 404),
    ("PUT", f"{SHARES}/4711", {}, 400, 400),
    ("GET", "/ocs/v2.php/cloud/users/alice", {}, 200, 200),
]


@pytest.mark.parametrize(("method", "path", "form", "http", "code"), ODD)
async def test_whatever_ocs_is_asked_it_answers_in_an_envelope(
    client: Client, method: str, path: str, form: dict[str, str], http: int, code: int
) -> None:
    async with client("admin" if "users" in path else "alice") as asker:
        answer = await asker.request(method, path, params=JSON, data=form)
    assert (answer.status_code, answer.json()["ocs"]["meta"]["statuscode"]) == (http, code)


@pytest.mark.parametrize("text", ["lic", "ALICE", "example.org", "Alice"])
async def test_the_search_for_users_finds_substrings_of_ids_names_and_addresses(
    client: Client, text: str
) -> None:
    async with client("admin") as admin:
        answer = await admin.get("/ocs/v2.php/cloud/users", params={**JSON, "search": text})
    assert "alice" in answer.json()["ocs"]["data"]["users"]
