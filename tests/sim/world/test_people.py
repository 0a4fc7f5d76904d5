"""Names and passwords: those that are made, and those that a file says."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.errors import SetupError
from actors.new_password import new_password
from actors.ports import Person
from actors.secret import Secret
from sim.config.accounts_file import read_accounts
from sim.world.people import regrouped


def accounts(tmp_path: Path, content: bytes) -> dict[str, str]:
    path = tmp_path / "accounts"
    path.write_bytes(content)
    return {name: password.reveal() for name, password in read_accounts(path)}


def test_a_password_has_a_sign_of_every_kind_that_policies_ask_for() -> None:
    for least in (0, 10, 50):
        for _ in range(50):
            text = new_password(least).reveal()
            assert len(text) == max(32, least)
            assert any(c.islower() for c in text)
            assert any(c.isupper() for c in text)
            assert any(c.isdigit() for c in text)
            assert not text.isalnum()
            assert text.isascii()


@pytest.mark.parametrize(
    ("content", "read"),
    [
        (b"ann pw\n", {"ann": "pw"}),
        (b"\xef\xbb\xbfann pw\r\nbob pw2\r\n", {"ann": "pw", "bob": "pw2"}),
        (b"Ann Smith\tpass word\n", {"Ann Smith": "pass word"}),
        (b"ann   pass word \n# bob x\n\n", {"ann": "pass word"}),
        ("ann p\x0cw\x85x\u2028bob y\n".encode(), {"ann": "p\x0cw\x85x\u2028bob y"}),
        (b"ann@example.org p:w#1\n", {"ann@example.org": "p:w#1"}),
    ],
)
def test_accounts_are_read_as_they_are_meant(tmp_path: Path, content: bytes, read: dict[str, str]) -> None:
    assert accounts(tmp_path, content) == read


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"Alice one\nalice two\n", "line 2: alice stands there twice"),
        (b"ann\n", "line 1"),
        (b"ann\t\n", "line 1"),
        ("ann pw\nb\u200bob secret-password\n".encode(), "line 2"),
        ("ann pw\n".encode("utf-16"), "cannot be read"),
    ],
)
def test_what_will_not_do_is_refused_by_its_line_and_shows_no_password(
    tmp_path: Path, content: bytes, words: str
) -> None:
    with pytest.raises(SetupError, match=words) as caught:
        accounts(tmp_path, content)
    assert "secret-password" not in str(caught.value)


def test_people_keep_their_groups_whatever_they_are_called_now() -> None:
    old = [Person(name, Secret("x")) for name in "abc"]
    new = [Person(name, Secret("x")) for name in "ade"]
    groups = regrouped({"one": old[:2], "two": old[2:]}, new)
    assert {name: [p.uid for p in people] for name, people in groups.items()} == {
        "one": ["a", "d"],
        "two": ["e"],
    }
