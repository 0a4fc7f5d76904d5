"""State lies in one place for an account, wherever it starts the command, never where it happens to be."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from sim.runtime.state_folder import state_folder
from tests.support.homeless import take_home_away


@pytest.mark.parametrize("named", [None, "", " ", ".", "state", "./state", "~/state", "../state"])
@pytest.mark.parametrize("home", ["/home/of/somebody", "", "home", None])
def test_it_is_never_below_the_working_directory(
    named: str | None, home: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("XDG_STATE_HOME", named), ("HOME", home)):
        monkeypatch.setenv(name, "")
        if value is None:
            monkeypatch.delenv(name)
        else:
            monkeypatch.setenv(name, value)
    found = []
    for place in ("here", "there"):
        (tmp_path / place).mkdir()
        monkeypatch.chdir(tmp_path / place)
        found.append(state_folder())
    assert found[0] == found[1]
    assert found[0].is_absolute()
    assert not found[0].is_relative_to(tmp_path)


def test_an_absolute_one_is_taken_as_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert state_folder().parent == tmp_path


def test_an_account_without_a_home_has_one_that_is_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_home_away(monkeypatch, tmp_path)
    folder = state_folder()
    assert folder.parent == tmp_path
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder.chmod(0o777)
    with pytest.raises(OSError, match="alone"):
        state_folder()
