"""When a console shows a screen, and when plain lines; a terminal that takes nothing holds nobody up."""

from __future__ import annotations

import fcntl
import io
import math
import os
import pty
import signal
import struct
import termios
import tty
from collections.abc import Iterator, Mapping
from contextlib import suppress

import attrs
import pytest
import trio
from trio.testing import MockClock

from actors.errors import Outcome
from actors.events import Note, OnStage, Phase, PhaseBegan, RunEnded, StepBegan, ViolationKind
from sim.live.console import LiveConsole
from sim.live.run_course import Outlook
from sim.live.screen import STOPPING
from sim.measure.hub import Hub, Told
from sim.measure.tally import Tally
from sim.runtime.channel import Channel, ChannelStream
from tests.support.facts import call, execution, violation
from tests.support.glass import Glass

BOUND_S = 60.0
OUTLOOK = Outlook("a server", 1, {Phase.MEASURED: 60.0})
LAST_LINE = "Ctrl-C: stop in order"


class Pty:
    """A terminal of 80 by 24, and a stream that writes to it."""

    def __init__(self) -> None:
        self.reader, self.writer = pty.openpty()
        tty.setraw(self.writer)
        self.resize(80)

    def resize(self, columns: int, rows: int = 24) -> None:
        fcntl.ioctl(self.writer, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def stream(self, encoding: str = "utf-8") -> ChannelStream:
        channel = Channel(None, self.writer)
        channel.encoding = encoding
        return ChannelStream(channel, self.writer, encoding)

    def read(self) -> str:
        os.set_blocking(self.reader, False)
        chunks = []
        with suppress(BlockingIOError):
            while chunk := os.read(self.reader, 65536):
                chunks.append(chunk)
        return b"".join(chunks).decode().replace("\n", "\r\n")


@pytest.fixture
def terminal() -> Iterator[Pty]:
    terminal = Pty()
    yield terminal
    for descriptor in (terminal.reader, terminal.writer):
        with suppress(OSError):
            os.close(descriptor)


async def play(console: LiveConsole, seconds: int = 2) -> None:
    """So many seconds of a load, each looked at late enough to be drawn."""
    hub = Hub(Tally())
    with hub.subscribe() as told:
        hub.emit(PhaseBegan(Phase.MEASURED, trio.current_time()))
        for second in range(seconds):
            hub.emit(OnStage(trio.current_time(), "", 2, 2))
            for number in range(10 + second):
                hub.emit(call(0.01, execution=number))
            await trio.sleep(1)
            hub.close_window()
        for each in told.take():
            console.take(each)
            console._shown_at -= 10.0


@pytest.mark.parametrize(
    ("environment", "options", "encoding"),
    [
        ({}, {}, "utf-8"),
        ({"NO_COLOR": "1"}, {}, "utf-8"),
        ({}, {"verbose": True}, "utf-8"),
        ({}, {}, "latin-1"),
    ],
)
async def test_a_screen_is_shown_where_it_can_be_and_is_wanted(
    terminal: Pty,
    environment: Mapping[str, str],
    options: dict[str, bool],
    encoding: str,
    autojump_clock: MockClock,
) -> None:
    stream = terminal.stream(encoding)
    console = LiveConsole(False, **options, stream=stream, environment=environment)
    console.outlook = OUTLOOK
    await play(console)
    assert stream.channel.flush(BOUND_S)
    is_plain = bool(environment or options) or encoding != "utf-8"
    text = terminal.read()
    assert (LAST_LINE in text) is not is_plain
    assert "measured" in text


async def test_nothing_is_shown_when_it_is_to_be_quiet(terminal: Pty, autojump_clock: MockClock) -> None:
    stream = terminal.stream()
    console = LiveConsole(True, stream=stream, environment={})
    console.outlook = OUTLOOK
    await play(console)
    console.leave()
    assert terminal.read() == ""


@pytest.mark.parametrize("size", [(30, 24), (80, 8)])
async def test_a_terminal_that_is_too_small_gets_one_line(
    terminal: Pty, size: tuple[int, int], autojump_clock: MockClock
) -> None:
    terminal.resize(*size)
    stream = terminal.stream()
    console = LiveConsole(False, stream=stream, environment={})
    console.outlook = OUTLOOK
    await play(console, 4)
    assert stream.channel.flush(BOUND_S)
    glass = Glass(size[0], size[1])
    glass.feed(terminal.read())
    assert len(glass.lines) == 1


async def test_lines_stand_above_the_screen_and_one_line_stays_of_it(
    terminal: Pty, autojump_clock: MockClock
) -> None:
    stream = terminal.stream()
    console = LiveConsole(False, stream=stream, environment={})
    console.outlook = OUTLOOK
    await play(console)
    console.say("what somebody has to say")
    assert stream.channel.flush(BOUND_S)
    glass = Glass(80)
    glass.feed(terminal.read())
    lines = glass.text.splitlines()
    assert lines[0] == "what somebody has to say" and lines[-1] == LAST_LINE
    assert glass.text.count("simulate  ") == 1
    console.leave()
    glass.feed(terminal.read())
    assert [line.split()[:2] for line in glass.text.splitlines()] == [
        ["what", "somebody"],
        ["2.0s", "measured"],
    ]


async def test_what_the_next_ctrl_c_does_is_true_as_soon_as_one_has_been_taken(
    terminal: Pty, autojump_clock: MockClock
) -> None:
    stream = terminal.stream()
    console = LiveConsole(False, stream=stream, environment={})
    taken: list[int] = []
    console.outlook = attrs.evolve(OUTLOOK, signals=lambda: len(taken))
    await play(console)
    for after in STOPPING[1:]:
        taken.append(signal.SIGINT)
        console._shown_at = math.inf  # Just drawn: no window is due for long.
        console.take(Note("taken", at=trio.current_time()))
        assert stream.channel.flush(BOUND_S)
        glass = Glass(80)
        glass.feed(terminal.read())
        assert glass.text.splitlines()[-1] == after


async def test_nothing_of_it_is_left_behind_when_the_terminal_gets_narrower(
    terminal: Pty, autojump_clock: MockClock
) -> None:
    stream = terminal.stream()
    console = LiveConsole(False, stream=stream, environment={})
    console.outlook = OUTLOOK
    await play(console)
    assert stream.channel.flush(BOUND_S)
    wide = Glass(80)
    wide.feed(terminal.read())
    # As most terminals do, it breaks lines anew that have become too long.
    narrow = Glass(50)
    narrow.feed(wide.text.replace("\n", "\r\n"))
    terminal.resize(50)
    console.leave()
    narrow.feed(terminal.read())
    assert [line.split()[:2] for line in narrow.text.splitlines()] == [["2.0s", "measured"]]


async def test_a_terminal_that_takes_nothing_holds_nobody_up(
    terminal: Pty, autojump_clock: MockClock
) -> None:
    stream = terminal.stream()
    stream.channel.tell("x" * 10**6)
    console = LiveConsole(False, stream=stream, environment={})
    console.outlook = OUTLOOK
    await play(console, 50)
    # What has not been taken is replaced, not kept.
    assert len(stream.channel._items) <= 2
    os.close(terminal.reader)
    terminal.reader = os.open(os.devnull, os.O_RDONLY)
    console.leave()


async def test_in_a_pipe_a_wait_is_said_every_few_seconds_and_not_at_each_look(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sim.live.console.time.monotonic", trio.current_time)
    stream = io.StringIO()
    console = LiveConsole(False, stream=stream, environment={})
    with trio.move_on_after(60):
        await console.keep_up()
    assert 8 <= stream.getvalue().count("still waiting") <= 12


async def much_that_is_told() -> list[Told]:
    """Of a load in which some calls go wrong, and one story."""
    hub = Hub(Tally())
    with hub.subscribe() as told:
        hub.emit(StepBegan(1, 2, "a", "a step", trio.current_time()))
        hub.emit(PhaseBegan(Phase.WARMUP, trio.current_time()))
        hub.emit(PhaseBegan(Phase.MEASURED, trio.current_time()))
        for outcome in (*Outcome, Outcome.OK, Outcome.OK):
            hub.emit(call(0.01, outcome, text=outcome.value))
            await trio.sleep(1)
            hub.close_window()
        hub.emit(execution())
        hub.emit(execution(violations=(violation(ViolationKind.LOST_UPDATE),)))
        hub.emit(Note("a note", at=trio.current_time()))
        hub.emit(RunEnded(trio.current_time(), "it is over"))
        hub.close_window()
        return told.take()


@pytest.mark.parametrize("verbose", [True, False])
async def test_what_a_console_does_not_want_to_be_told_would_change_nothing_that_it_shows(
    terminal: Pty, verbose: bool, autojump_clock: MockClock
) -> None:
    """Nobody is woken for each call that went well: there are many, and whoever makes them would wait."""
    everything, shown = await much_that_is_told(), []
    for wanted in (False, True):
        stream = terminal.stream()
        console = LiveConsole(False, verbose=verbose, stream=stream, environment={})
        console.outlook = OUTLOOK
        for each in everything:
            if not wanted or console.wants(each):
                console.take(each)
        assert stream.channel.flush(BOUND_S)
        course = console._course
        shown.append((terminal.read(), course.last_error, course.last_violation, course.calls, course.kinds))
    assert shown[0] == shown[1]
    assert sum(not console.wants(each) for each in everything) == 4, "three calls that went well, and a story"
