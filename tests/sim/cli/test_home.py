"""Where the system names no home directory, there is one all the same, and it is nobody else's."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from sim.cli.home import see_to_a_home
from sim.config.usage import UsageError


@pytest.fixture(autouse=True)
def _no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(number: int) -> None:
        raise KeyError(number)

    monkeypatch.setenv("HOME", "")
    monkeypatch.delenv("HOME")
    monkeypatch.setattr("pwd.getpwuid", nobody)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_it_is_the_same_one_each_time_and_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    see_to_a_home()
    home = Path.home()
    assert home.parent == tmp_path
    assert home.stat().st_mode & 0o077 == 0
    monkeypatch.delenv("HOME")
    see_to_a_home()
    assert Path.home() == home


@pytest.mark.parametrize("kind", ["a link", "open to others", "a file"])
def test_what_somebody_else_may_have_put_there_is_not_taken(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / f"nextcloud-mcp-simulate-{os.getuid()}"
    match kind:
        case "a link":
            (tmp_path / "elsewhere").mkdir()
            place.symlink_to(tmp_path / "elsewhere")
        case "open to others":
            place.mkdir()
            place.chmod(0o777)
        case _:
            place.touch()
    with pytest.raises(UsageError, match="set HOME"):
        see_to_a_home()
    assert "HOME" not in os.environ


@pytest.mark.parametrize("said", ["", ".", "home", "~"])
def test_a_home_that_is_no_absolute_path_is_none(
    said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", said)
    see_to_a_home()
    assert Path.home().parent == tmp_path
