"""Results go where they belong: files are replaced whole, all else is written into, nothing is lost."""

from __future__ import annotations

import errno
import os
import stat
import threading
from pathlib import Path

import pytest

from sim.report import destination
from sim.report.destination import deliver, save

RESULTS = '{"a": 1}\n'


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(destination, "UNREAD_S", 0.5)


def kept(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "state").rglob("results-*.json"))


def test_a_file_keeps_its_mode_and_its_name_and_nothing_else_is_left(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    path = folder / "run.json"
    path.write_text("older")
    path.chmod(0o640)
    deliver(RESULTS, path)
    assert path.read_text() == RESULTS
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(folder.iterdir()) == [path]


@pytest.mark.parametrize("exists", [True, False])
def test_a_link_stays_and_its_target_is_written(exists: bool, tmp_path: Path) -> None:
    target, link = tmp_path / "target.json", tmp_path / "link.json"
    if exists:
        target.write_text("older")
    link.symlink_to(target)
    deliver(RESULTS, link)
    assert link.is_symlink()
    assert target.read_text() == RESULTS


def test_a_pipe_is_written_into(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(path.read_text()))
    reader.start()
    deliver(RESULTS, path)
    reader.join(30)
    assert read == [RESULTS]
    assert path.is_fifo()


def test_a_pipe_that_nobody_reads_is_waited_for_within_a_bound_and_the_results_are_kept(
    tmp_path: Path,
) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    said = save(RESULTS, path)
    (file,) = kept(tmp_path)
    assert str(file) in said
    assert file.read_text() == RESULTS
    assert path.is_fifo()


@pytest.mark.skipif(os.geteuid() != 0, reason="device nodes are made by root")
def test_a_device_is_written_into_and_stays_one(tmp_path: Path) -> None:
    path = tmp_path / "null"
    os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    try:
        deliver(RESULTS, path)
    except OSError as error:
        # Mounted nodev: then it cannot be opened; all the more it is to stay.
        assert error.errno in (errno.EACCES, errno.EPERM)
    assert stat.S_ISCHR(path.stat().st_mode)


def test_the_null_device_of_the_machine_is_never_replaced() -> None:
    deliver(RESULTS, Path(os.devnull))
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


def test_a_full_disk_is_one_line_that_says_where_the_results_are(tmp_path: Path) -> None:
    said = save(RESULTS, Path("/dev/full"))
    (file,) = kept(tmp_path)
    assert "No space left on device" in said and str(file) in said
    assert "\n" not in said
    assert file.read_text() == RESULTS


def test_a_folder_that_has_gone_is_one_line_that_says_where_the_results_are(tmp_path: Path) -> None:
    said = save(RESULTS, tmp_path / "gone" / "run.json")
    (file,) = kept(tmp_path)
    assert "No such file or directory" in said and str(file) in said


def test_what_cannot_be_kept_anywhere_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "state").write_text("no folder")
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path / "state"))
    assert save(RESULTS, tmp_path / "gone" / "run.json").endswith("nor anywhere else")


def test_a_file_in_whose_place_none_can_be_put_is_written_into(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mounted.json"
    path.write_text("something longer than the results are")
    before = path.stat().st_ino

    def refuse(self: Path, target: Path) -> Path:
        raise OSError(errno.EBUSY, "Device or resource busy")

    monkeypatch.setattr(Path, "replace", refuse)
    deliver(RESULTS, path)
    assert path.read_text() == RESULTS
    assert path.stat().st_ino == before
    assert [file.name for file in tmp_path.iterdir()] == ["mounted.json"]
