"""The ledger: what is in it survives everything, and no file that isn't one is ever touched."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.errors import SetupError
from actors.secret import Secret
from sim.clean import ledger_file
from sim.clean.ledger import NeverBegun, NoLedger, StillAlive, look_at_living, open_ledger, take_over
from sim.clean.ledger_file import ledger_folder
from sim.clean.ledger_text import HEAD_BEGINS, EntryState, read_text
from tests.sim.clean.support import head
from tests.support.homeless import take_home_away

PRECIOUS = {
    "notes": b"my precious notes\n",
    "json": b'{"a": 1}\n',
    "json lines of somebody": b'{"level": "info"}\n{"level": "warn"}\n',
    "binary": bytes(range(256)),
    "one letter": b"x",
    "blank lines": b"\n\n",
    "torn at both ends": b'{"run": {"mark": \nmy text\n',
    "an entry without a head": b'{"intended": ["user", "p_user_1"]}\n',
}


@pytest.mark.parametrize("content", PRECIOUS.values(), ids=PRECIOUS.keys())
def test_a_file_that_is_no_ledger_is_left_as_it_is(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "precious.txt"
    path.write_bytes(content)
    with pytest.raises(SetupError, match="precious"), open_ledger(head(), path):
        pass
    for is_only_looked_at in (True, False):
        with pytest.raises(NoLedger), take_over(path, is_only_looked_at=is_only_looked_at):
            pass
    assert path.read_bytes() == content


@given(content=st.binary(min_size=1, max_size=200))
def test_no_content_whatever_is_taken_unless_a_ledger_begins_it(content: bytes) -> None:
    text = read_text(content)
    assert text.head is None or content.lstrip().startswith(HEAD_BEGINS[:2])


def test_links_and_what_is_no_regular_file_are_refused(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"")
    (tmp_path / "link").symlink_to(target)
    (tmp_path / "dangling").symlink_to(tmp_path / "new")
    os.mkfifo(tmp_path / "fifo")
    for name in ("link", "dangling", "fifo"):
        with pytest.raises(SetupError, match=name), open_ledger(head(), tmp_path / name):
            pass
    assert target.read_bytes() == b""
    assert not (tmp_path / "new").exists()
    with pytest.raises(SetupError, match="no regular file"), open_ledger(head(), Path("/dev/null")):
        pass


def test_an_empty_file_becomes_a_ledger_that_only_its_owner_reads(tmp_path: Path) -> None:
    path = tmp_path / "mine"
    path.touch(mode=0o666)
    path.chmod(0o666)
    with open_ledger(head(), path) as ledger:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        ledger.keep_secret("oauth_client", "one", Secret("token"))
        (secret,) = tmp_path.glob("mine.*.secret")
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [], "a run that left nothing leaves no files"


def test_the_first_record_after_a_torn_line_begins_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "died.jsonl"
    with open_ledger(head(), path) as ledger:
        ledger.intend("user", "p_user_1")
        ledger.intend("user", "p_user_2")
    with path.open("ab") as file:
        file.write(b'{"created": ["user", "p_us')
    with take_over(path) as ledger:
        ledger.removed("user", "p_user_1")
    with take_over(path) as ledger:
        assert [entry.name for entry in ledger.entries] == ["p_user_2"]
        assert not ledger.damaged


def test_a_damaged_line_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "died.jsonl"
    with open_ledger(head(), path) as ledger:
        ledger.intend("user", "p_user_1")
    with path.open("ab") as file:
        file.write(b"\xff\xfe not ours\n[1]\n")
    with take_over(path) as ledger:
        assert ledger.damaged == (3, 4)
        ledger.removed("user", "p_user_1")
    assert path.exists(), "what it named in that line is not known"


def test_a_ledger_of_a_newer_release_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "newer.jsonl"
    for record in ({"run": {"mark": "m"}, "version": 99}, {"run": {"mark": "m", "soul": "x"}, "version": 2}):
        path.write_text(json.dumps(record) + '\n{"dreamt": ["user", "x"]}\n')
        with pytest.raises(NoLedger, match="newer"), take_over(path):
            pass
        with pytest.raises(SetupError, match="newer"), open_ledger(head(), path):
            pass


def test_a_ledger_of_an_earlier_release_is_read(tmp_path: Path) -> None:
    path = tmp_path / "old.jsonl"
    run = {
        "mark": "m",
        "nextcloud_url": "http://x",
        "admin": "a",
        "prefix": "p",
        "accounts": "",
        "passing": False,
    }
    path.write_text(json.dumps({"run": run}) + '\n{"created": ["user", "p_user_1"]}\n')
    with take_over(path) as ledger:
        (entry,) = ledger.entries
        assert (entry.name, entry.state) == ("p_user_1", EntryState.CREATED)


@pytest.mark.parametrize("content", [b"", HEAD_BEGINS[:3], HEAD_BEGINS + b' {"mark": "sim-'])
def test_a_run_that_died_before_its_first_line_had_not_begun(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "young.jsonl"
    path.write_bytes(content)
    with pytest.raises(NeverBegun), take_over(path):
        pass
    with open_ledger(head(), path):
        pass


def test_only_looking_deletes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with open_ledger(head(passing=True), path) as ledger:
        ledger.intend("user", "p_user_1")
        ledger.keep_secret("user", "p_user_1", Secret("x"))
    before = sorted(tmp_path.iterdir())
    with take_over(path, is_only_looked_at=True) as ledger:
        ledger.forget_all()
    assert sorted(tmp_path.iterdir()) == before
    with take_over(path) as ledger:
        ledger.forget_all()
    assert list(tmp_path.iterdir()) == [], "its secrets go with it"


def test_a_ledger_that_lives_is_left_alone_and_can_be_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with open_ledger(head(), path) as ledger:
        ledger.intend("user", "p_user_1")
        with pytest.raises(StillAlive), take_over(path):
            pass
        with pytest.raises(SetupError, match="alive"), open_ledger(head(), path):
            pass
        text = look_at_living(path)
        assert text is not None
        assert [name for _, name in text.entries] == ["p_user_1"]
    assert look_at_living(path) is None, "its run is dead"


def test_a_lock_on_a_file_that_was_unlinked_meanwhile_counts_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.jsonl"
    lock, unlinked = fcntl.flock, []

    def unlink_first(handle: int, how: int) -> None:
        if not unlinked:
            unlinked.append(path)
            path.unlink()
        lock(handle, how)

    monkeypatch.setattr(fcntl, "flock", unlink_first)
    with open_ledger(head(), path) as ledger:
        ledger.intend("user", "p_user_1")
        assert unlinked
        assert "p_user_1" in path.read_text()


def test_a_full_disk_stops_creating_and_not_removing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.jsonl"
    with open_ledger(head(), path) as ledger:
        ledger.intend("user", "p_user_1")

        def full(handle: int, content: bytes) -> None:
            os.write(handle, content[:7])
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(ledger_file, "write_all", full)
            with pytest.raises(SetupError, match="No space left"):
                ledger.intend("user", "p_user_2")
            ledger.created("user", "p_user_1")
            ledger.keep_secret("user", "p_user_1", Secret("token"))
            ledger.removed("user", "p_user_3")
        assert [entry.name for entry in ledger.entries] == ["p_user_1"]
        assert ledger.secret("user", "p_user_1") == Secret("token")
        assert "No space left" in ledger.trouble
        ledger.created("user", "p_user_4")
    with take_over(path) as ledger:
        assert {entry.name for entry in ledger.entries} == {"p_user_1", "p_user_4"}
        assert not ledger.damaged


def test_an_account_without_a_place_for_ledgers_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_home_away(monkeypatch, tmp_path / "absent")
    with pytest.raises(SetupError, match=r"absent.*XDG_STATE_HOME") as caught:
        ledger_folder()
    assert "\n" not in str(caught.value)
