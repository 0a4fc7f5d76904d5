"""Telling comes back at once and never fails, whatever becomes of the reader."""

from __future__ import annotations

import fcntl
import io
import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from sim.runtime.channel import MAX_WAITING, Channel, ChannelStream, channel_of

PAGE = 4096
BOUND_S = 60.0


class Broken(io.StringIO):
    """A stream that cannot be written to."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def write(self, text: str) -> int:
        raise self.error


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Both ends of a small pipe. The writing end stays open: a thread may still be writing to it."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, PAGE)
    yield reader, writer
    with suppress(OSError):
        os.close(reader)


def test_texts_come_in_their_order_and_whole(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    channel = Channel(None, writer)
    for number in range(100):
        channel.tell(f"{number}\n")
    assert channel.flush(BOUND_S)
    assert os.read(reader, PAGE).decode().split() == [str(number) for number in range(100)]


def test_a_reader_that_takes_nothing_holds_nobody_up_and_is_not_waited_for_long(
    pipe: tuple[int, int],
) -> None:
    _, writer = pipe
    channel = Channel(None, writer)
    channel.tell("x" * 10 * PAGE)
    for _ in range(3):
        channel.show("a line")
    assert not channel.flush(0.1)
    assert channel.problem is None


def test_a_slow_reader_gets_everything(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    channel = Channel(None, writer)
    channel.tell("x" * 20 * PAGE)
    taken: list[bytes] = []

    def read() -> None:
        while sum(map(len, taken)) < 20 * PAGE:
            taken.append(os.read(reader, PAGE))

    thread = threading.Thread(target=read)
    thread.start()
    assert channel.flush(BOUND_S)
    thread.join(BOUND_S)
    assert b"".join(taken) == b"x" * 20 * PAGE


def test_a_reader_that_has_gone_is_no_error(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    os.close(reader)
    channel = Channel(None, writer)
    channel.tell("anything")
    assert not channel.flush(BOUND_S)
    assert isinstance(channel.problem, BrokenPipeError)
    channel.tell("more")
    channel.show("and more")


def test_of_lines_that_move_only_the_latest_waits(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    channel = Channel(None, writer)
    channel.tell("x" * 2 * PAGE)
    for number in range(1000):
        channel.show(f"line {number}")
    threading.Thread(target=channel.flush, args=(BOUND_S,)).start()
    said = b""
    while b"line 999\n" not in said:
        said += os.read(reader, PAGE)
    assert said.count(b"line") <= 2


def test_what_waits_is_bounded_and_what_is_dropped_is_counted(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    channel = Channel(None, writer)
    channel.tell("x" * 2 * PAGE)
    for number in range(2 * MAX_WAITING):
        channel.tell(f"{number}\n")
    said = b""
    last = f"\n{2 * MAX_WAITING - 1}\n".encode()
    while last not in said:
        said += os.read(reader, PAGE)
    assert b"lines were not taken in time" in said
    assert said.count(b"\n") <= MAX_WAITING + 2


@pytest.mark.parametrize("error", [BrokenPipeError(), OSError(28, "no space"), ValueError("closed file")])
def test_a_stream_without_a_descriptor_may_fail_as_it_likes(error: Exception) -> None:
    channel = channel_of(Broken(error))
    channel.tell("anything")
    channel.show("anything")
    channel.settle("anything")
    assert channel.problem is error
    assert not channel.flush(BOUND_S)


def test_a_process_without_a_stream_tells_nobody() -> None:
    channel_of(None).tell("anything")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_any_text_can_be_written_in_any_encoding(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "out"
    with path.open("w", encoding=encoding) as file:
        stream = ChannelStream(Channel(file, file.fileno()), file.fileno(), encoding)
        print("–×…│ \ud800 \U0001f600 é", file=stream)
        assert stream.channel.flush(BOUND_S)
    assert path.read_bytes().decode(encoding).endswith("\n")
