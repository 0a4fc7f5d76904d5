"""The recording is on disk line by line, its owner's alone, and whole up to wherever the disk ended."""

from __future__ import annotations

import errno
import os
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.recording.document import parse_recording, read_recording
from sim.recording.drafts import Draft
from sim.recording.pen import MAX_WAITING_BYTES, CannotRecord, Pen
from sim.recording.recorded_lines import Gap, Head, RecordedCall, RecordedEnd, RecordedLine

HEAD = Head(1, "simulate 0", "http://x/mcp", "2026-11-26T08:00:00Z")


def calls(number: int) -> list[RecordedLine]:
    return [RecordedCall(n, 0, "p1", n, "tools/call", "t", {"a": "x" * 50}) for n in range(number)]


def draft(line: RecordedLine) -> Draft:
    return Draft(lambda: line)


class Disk:
    """In the place of `os.write`: holds so many bytes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
        self.room = room
        self._write: Callable[[int, memoryview], int] = os.write
        monkeypatch.setattr("sim.recording.pen.os.write", self)

    def __call__(self, handle: int, data: memoryview) -> int:
        free = self.room - os.fstat(handle).st_size
        if free <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self._write(handle, data[:free])


def wait_for(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_lines_are_on_disk_as_they_come_and_their_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    pen = Pen(path, pytest.fail)
    for number, line in enumerate((HEAD, *calls(2)), 1):
        pen.write(draft(line))
        wait_for(lambda number=number: path.read_bytes().count(b"\n") == number)
    assert pen.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_nothing_is_written_over_and_no_link_followed(tmp_path: Path) -> None:
    kept, link = tmp_path / "kept", tmp_path / "link"
    kept.write_text("precious")
    link.symlink_to(tmp_path / "elsewhere")
    for path in (kept, link, tmp_path, tmp_path / "no" / "folder", tmp_path / "nul\0"):
        with pytest.raises(CannotRecord):
            Pen(path, pytest.fail)
    assert kept.read_text() == "precious"
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("room", range(200, 700, 37))
def test_wherever_a_disk_is_full_what_stands_there_is_whole(
    room: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, told = tmp_path / "r.jsonl", []
    Disk(monkeypatch, room)
    pen = Pen(path, told.append)
    for line in (HEAD, *calls(10), RecordedEnd(9, 10)):
        pen.write(draft(line))
    assert not pen.close()
    content = path.read_bytes()
    assert content.endswith(b"\n")
    read = parse_recording(content, "r")
    assert [call.n for call in read.calls] == list(range(len(read.calls)))
    assert pen.lost == 10 - len(read.calls) + (not read.is_whole)
    assert bool(read.gaps) == read.is_whole
    assert len(told) == 1
    assert "no space left" in told[0].lower()


def test_when_there_is_room_again_it_goes_on_and_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, told = tmp_path / "r.jsonl", []
    disk = Disk(monkeypatch, 300)
    pen = Pen(path, told.append)
    for line in (HEAD, *calls(6)):
        pen.write(draft(line))

    wait_for(lambda: pen.lost >= 4)
    disk.room = 10_000
    pen.write(draft(calls(8)[7]))
    assert not pen.close()
    read = read_recording(path)
    missing = 6 - (len(read.calls) - 1)
    assert read.calls[-1].n == 7
    assert [gap.reason for gap in read.gaps] == [f"{missing} lines could not be written"]
    assert len(told) == 1


def test_a_disk_that_hangs_holds_nobody_up_and_memory_is_bounded(tmp_path: Path) -> None:
    go_on = threading.Event()
    pen = Pen(tmp_path / "r.jsonl", pytest.fail)

    def wait() -> RecordedLine:
        go_on.wait(10)
        return HEAD

    pen.write(Draft(wait))
    size = MAX_WAITING_BYTES // 10
    for line in calls(20):
        pen.write(Draft(lambda line=line: line, size))
    go_on.set()
    pen.close()
    assert 10 <= pen.lost <= 11


def test_a_line_that_nobody_can_write_costs_itself_alone(tmp_path: Path) -> None:
    pen = Pen(tmp_path / "r.jsonl", pytest.fail)
    odd = RecordedCall(1, 1, "p1", 1, "tools/call", "t", {"a": float("nan"), "b": {1, 2}, "c": object()})
    pen.write(draft(HEAD))
    pen.write(draft(odd))
    wait_for(lambda: pen.lost)
    for gap in (Gap(1, "x"), Gap(2, "y")):
        pen.write(draft(gap))
    pen.close()
    reasons = [gap.reason for gap in read_recording(tmp_path / "r.jsonl").gaps]
    assert sorted(reasons) == ["1 line could not be written", "x", "y"]
