"""What is deleted lies in the trash until it is deleted there."""

from __future__ import annotations

import pytest

from sim.standin.application import Standin
from sim.standin.state import MAX_TRASH
from sim.standin.store_errors import StoreError
from tests.standin.conftest import Client

FILES = "/remote.php/dav/files/alice"
TRASH = "/remote.php/dav/trashbin/alice/trash"
TIME = 1_000_000
"""When everything happens at the server of these tests."""


async def test_a_deleted_file_and_a_deleted_note_lie_in_the_trash_by_name_and_time(
    client: Client, server: Standin
) -> None:
    note = server.notes.create("alice", "Plan", "x", "")
    server.store.share("alice", "/Notes/Plan.md", "bob", 1)
    async with client("alice") as alice:
        await alice.put(f"{FILES}/a b.txt", content=b"a")
        await alice.delete(f"{FILES}/a b.txt")
        await alice.delete(f"/index.php/apps/notes/api/v1/notes/{note.id}")
        listed = await alice.request("PROPFIND", f"{TRASH}/", headers={"Depth": "1"})
    assert listed.status_code == 207
    assert f"<d:href>{TRASH}/a%20b.txt.d{TIME}</d:href>" in listed.text
    assert f"<d:href>{TRASH}/Plan.md.d{TIME}</d:href>" in listed.text
    assert "<nc:trashbin-original-location>Notes/Plan.md</nc:trashbin-original-location>" in listed.text
    assert server.holdings()["trash"] == [f"alice:Plan.md.d{TIME}", f"alice:a b.txt.d{TIME}"]
    assert server.store.account("alice").trash[f"Plan.md.d{TIME}"].shares == 1


async def test_it_stays_until_it_is_deleted_there_one_by_one_or_all_at_once(
    client: Client, server: Standin
) -> None:
    for name in ("a", "b", "c"):
        server.store.write_file("alice", f"/{name}", b"x")
        server.store.delete("alice", f"/{name}")
    async with client("alice") as alice:
        assert (await alice.delete(f"{TRASH}/a.d{TIME}")).status_code == 204
        assert (await alice.delete(f"{TRASH}/a.d{TIME}")).status_code == 404
        assert server.holdings()["trash"] == [f"alice:b.d{TIME}", f"alice:c.d{TIME}"]
        assert (await alice.delete(TRASH)).status_code == 204
    assert server.holdings()["trash"] == []


async def test_nobody_reaches_the_trash_of_another(client: Client, server: Standin) -> None:
    server.store.write_file("alice", "/a", b"x")
    server.store.delete("alice", "/a")
    async with client("bob") as bob:
        assert (await bob.delete(f"{TRASH}/a.d{TIME}")).status_code == 404
        assert (await bob.delete(TRASH)).status_code == 404
    assert server.holdings()["trash"] == [f"alice:a.d{TIME}"]


def test_two_of_one_name_at_one_time_both_lie_there(server: Standin) -> None:
    for _ in range(2):
        server.store.write_file("alice", "/a", b"x")
        server.store.delete("alice", "/a")
    assert server.holdings()["trash"] == [f"alice:a.d{TIME}", f"alice:a.d{TIME + 1}"]


def test_who_only_gives_up_a_share_throws_nothing_away(server: Standin) -> None:
    server.store.write_file("alice", "/a", b"x")
    server.store.share("alice", "/a", "bob", 1)
    server.store.delete("bob", "/a")
    assert server.holdings()["trash"] == []


def test_a_trash_bin_holds_so_much_and_no_more(server: Standin) -> None:
    for number in range(MAX_TRASH + 5):
        server.store.write_file("alice", f"/{number}", b"")
        server.store.delete("alice", f"/{number}")
    trash = server.store.account("alice").trash
    assert len(trash) == MAX_TRASH and next(iter(trash)).startswith("5.d")


def test_the_trash_goes_with_its_user(server: Standin) -> None:
    server.store.write_file("alice", "/a", b"x")
    server.store.delete("alice", "/a")
    server.store.remove_account("alice")
    assert server.holdings()["trash"] == []
    with pytest.raises(StoreError):
        server.store.account("alice")
