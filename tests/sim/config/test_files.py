"""Files under several names."""

from __future__ import annotations

from pathlib import Path

from sim.config.files import is_same_file


def test_a_file_is_the_same_by_any_name_and_before_it_exists(tmp_path: Path) -> None:
    one = tmp_path / "one"
    assert is_same_file(one, tmp_path / "." / "one")
    one.touch()
    (tmp_path / "link").symlink_to(one)
    (tmp_path / "hard").hardlink_to(one)
    assert is_same_file(tmp_path / "link", one)
    assert is_same_file(tmp_path / "hard", one)
    assert not is_same_file(one, tmp_path / "two")
