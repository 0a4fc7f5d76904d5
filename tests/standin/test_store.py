"""What two users see of each other's files and notes."""

from __future__ import annotations

import pytest

from sim.standin.application import Standin
from sim.standin.store_errors import StoreError


def refused(status: int) -> pytest.RaisesExc[StoreError]:
    return pytest.RaisesExc(StoreError, check=lambda error: error.status == status)


def test_a_shared_note_is_mounted_among_the_recipients_notes_under_the_same_id(server: Standin) -> None:
    note = server.notes.create("alice", "Plan", "text", "Team")
    with refused(404):
        server.notes.get("bob", note.id)
    share = server.store.share("alice", "/Notes/Team/Plan.md", "bob", 1)
    seen = server.notes.get("bob", note.id)
    assert (seen.content, seen.category, seen.readonly) == ("text", "", True)
    assert share.target == "/Notes/Plan.md"
    assert note.id in [each.id for each in server.notes.all_of("bob")]


def test_a_shared_file_from_elsewhere_lands_in_the_recipients_root(server: Standin) -> None:
    server.store.write_file("alice", "/data.bin", b"\x00")
    assert server.store.share("alice", "/data.bin", "bob", 1).target == "/data.bin"
    assert server.store.access("bob", "/data.bin").node.data == b"\x00"


def test_permissions_bind_the_recipient_and_follow_the_owner(server: Standin) -> None:
    note = server.notes.create("alice", "Plan", "old", "")
    share = server.store.share("alice", "/Notes/Plan.md", "bob", 1)
    with refused(403):
        server.notes.update("bob", note.id, None, content="new")
    server.store.change_share("alice", share.id, 3)
    assert server.notes.update("bob", note.id, None, content="new").content == "new"
    assert server.notes.get("alice", note.id).content == "new"
    server.store.unshare("alice", share.id)
    with refused(404):
        server.notes.get("bob", note.id)


def test_all_permissions_on_a_file_are_those_that_a_file_can_have(server: Standin) -> None:
    server.store.write_file("alice", "/a.txt", b"a")
    assert server.store.share("alice", "/a.txt", "bob", 31).permissions == 19


def test_sharing_again_answers_the_same_share_with_its_old_permissions(server: Standin) -> None:
    server.store.write_file("alice", "/a.txt", b"a")
    first = server.store.share("alice", "/a.txt", "bob", 1)
    assert server.store.share("alice", "/a.txt", "bob", 31) is first
    assert first.permissions == 1


def test_a_name_that_is_taken_gets_a_number(server: Standin) -> None:
    server.notes.create("bob", "Plan", "bobs own", "")
    note = server.notes.create("alice", "Plan", "alices", "")
    server.store.share("alice", "/Notes/Plan.md", "bob", 1)
    assert server.notes.get("bob", note.id).title == "Plan (2)"
    assert server.notes.create("alice", "Plan", "", "").title == "Plan (2)"


def test_characters_that_no_file_name_may_have_are_taken_out_of_titles(server: Standin) -> None:
    assert server.notes.create("alice", "a/b: c*?", "", "").title == "ab c"


def test_the_owners_deletion_is_for_all_and_the_recipients_only_for_himself(server: Standin) -> None:
    note = server.notes.create("alice", "Plan", "text", "")
    server.store.share("alice", "/Notes/Plan.md", "bob", 15)
    server.notes.delete("bob", note.id)
    assert server.notes.get("alice", note.id).content == "text"
    with refused(404):
        server.notes.get("bob", note.id)
    server.store.share("alice", "/Notes/Plan.md", "bob", 15)
    server.notes.delete("alice", note.id)
    with refused(404):
        server.notes.get("bob", note.id)
    assert not server.store.shares


def test_a_stale_etag_is_412_and_the_current_one_is_taken(server: Standin) -> None:
    note = server.notes.create("alice", "Plan", "one", "")
    two = server.notes.update("alice", note.id, note.etag, content="two")
    with refused(412):
        server.notes.update("alice", note.id, note.etag, content="three")
    assert server.notes.update("alice", note.id, two.etag, content="three").content == "three"


def test_who_passes_a_share_on_loses_it_for_those_behind_him_too(server: Standin) -> None:
    server.store.add_account("carl", "a-long-password")
    note = server.notes.create("alice", "Plan", "text", "")
    first = server.store.share("alice", "/Notes/Plan.md", "bob", 31)
    server.store.share("bob", "/Notes/Plan.md", "carl", 31)
    assert server.notes.get("carl", note.id).content == "text"
    server.store.unshare("alice", first.id)
    with refused(404):
        server.notes.get("carl", note.id)


def test_a_user_goes_with_his_files_and_every_share_by_or_with_him(server: Standin) -> None:
    server.notes.create("alice", "Plan", "text", "")
    server.store.share("alice", "/Notes/Plan.md", "bob", 1)
    server.store.remove_account("alice")
    assert server.holdings()["users"] == ["bob"]
    assert (server.holdings()["notes"], server.holdings()["shares"]) == (0, 0)
    server.store.add_account("alice", "another-password")
    assert list(server.notes.all_of("alice")) == []


def test_writing_over_a_file_needs_the_condition_that_was_asked_for(server: Standin) -> None:
    access, created = server.store.write_file("alice", "/a.txt", b"one")
    assert created
    with refused(412):
        server.store.write_file("alice", "/a.txt", b"two", only_new=True)
    with refused(412):
        server.store.write_file("alice", "/a.txt", b"two", if_match="not-it")
    server.store.write_file("alice", "/a.txt", b"two", if_match=access.node.etag)
    with refused(409):
        server.store.write_file("alice", "/nowhere/a.txt", b"three")
