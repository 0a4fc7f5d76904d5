"""What a person sees while a run goes on: numbered set-up steps, then a screen, or one line that moves.

The screen is for terminals that are large enough and can redraw; a pipe, `TERM=dumb`, `NO_COLOR` and
`--verbose` get plain lines.
"""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Mapping, Sequence
from typing import TextIO

import trio

from actors.errors import Outcome
from actors.events import (
    Call,
    Execution,
    Judged,
    Note,
    Phase,
    PhaseBegan,
    Removed,
    RunEnded,
    SetupStep,
    SetupTiming,
    StepBegan,
    StepEnded,
)
from actors.text import harmless
from sim.live.run_course import SHORT_S, Course, Limit, Outlook
from sim.live.screen import MIN_COLUMNS, MIN_ROWS, drawn, frame
from sim.live.strokes import NEEDED
from sim.measure.hub import Subscription, Told
from sim.measure.snapshot import Snapshot
from sim.runtime.channel import Channel, channel_of

TERMINAL_INTERVAL_S = 0.5
PIPE_INTERVAL_S = 5.0
LIMITS_INTERVAL_S = 3.0
"""How often thresholds are judged for who looks on: it takes the sketches of the whole run."""
LEAVE_S = 0.5
"""How long the terminal may take nothing before what comes next is written all the same."""
SILENCE_S = 6.0
"""How long nothing is said before it is said that something is being waited for."""
MAX_SAID = 1000
PLAYED = (Phase.WARMUP, Phase.MEASURED, Phase.GRACE)


VERBS = {
    SetupStep.CREATE_USER: "created",
    SetupStep.LOGIN: "logged in",
    SetupStep.PROVISION: "granted access",
}


class LiveConsole:
    """Tells on standard error; a terminal gets a screen that is redrawn, a pipe gets plain lines.

    It neither raises nor waits, whatever becomes of the stream (`sim.runtime.channel`).

    Args:
        quiet: say nothing at all.
        verbose: a line for every step of the set-up, for every call that failed, and for every threshold
            whose verdict changes.

    Attributes:
        outlook: what is asked of the run; without it there is no screen.
    """

    def __init__(
        self,
        quiet: bool,
        *,
        verbose: bool = False,
        stream: TextIO | None = None,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._channel = channel_of(stream if stream is not None else sys.stderr)
        self._quiet = quiet
        self._verbose = verbose
        self._draws = not verbose and not environment.get("NO_COLOR") and can_draw(self._channel)
        self._told = 0
        self._done = 0
        self._last = ""
        self._course = Course()
        self._shown_at = self._judged_at = -math.inf
        self._limits: Sequence[Limit] = ()
        self._is_drawn = False
        self._drawn_signals = 0
        self.outlook: Outlook | None = None

    def wants(self, told: Told) -> bool:
        """All but what went well of the load: that is told by windows, once a second."""
        match told:
            case Call():
                return told.outcome is not Outcome.OK
            case Execution():
                return bool(told.violations)
            case _:
                return True

    async def follow(self, told: Subscription) -> None:
        """Tell what is told, to its end."""
        try:
            async for each in told:
                self.take(each)
        finally:
            self._end_screen()
            self._channel.settle()

    def leave(self) -> None:
        """Let what stands on the terminal be taken back before another stream writes to it."""
        self._end_screen()
        self._channel.settle()
        if self._channel.is_terminal:
            self._channel.flush(LEAVE_S)

    def say(self, text: str) -> None:
        """A line of its own."""
        if not self._quiet:
            self._told += 1
            self._channel.tell(f"{printable(text)}\n")

    async def keep_up(self) -> None:
        """Redraw while nothing is told; where there is no screen, say every few seconds that something is
        being waited for, and how long already. Until cancelled.
        """
        told, since = self._told, trio.current_time()
        while True:
            await trio.sleep(TERMINAL_INTERVAL_S)
            self._redraw()
            if self._told != told:
                told, since = self._told, trio.current_time()
            elif (
                not self._quiet
                and trio.current_time() - since >= SILENCE_S
                and self._is_due(self._interval_s)
            ):
                self._channel.show(f"  … still waiting, {trio.current_time() - since:.0f}s")

    def take(self, told: Told) -> None:
        """One event, or one window."""
        self._course.take(told)
        match told:
            case StepBegan():
                self._done, self._last = 0, ""
                self.say(f"Step {told.number}/{told.of}: {told.text}")
            case PhaseBegan(phase=Phase.WARMUP):
                self.say("Running")
            case StepEnded(ok=True) if self._last:
                self._settle(self._last)
            case SetupTiming(step=step, outcome=Outcome.OK) if step in VERBS and self._is_bringing_up:
                self._done += 1
                self._last = f"  [{self._done}] {told.user} {VERBS[step]}"
                self._show(self._last)
            case Removed(ok=True):
                line = f"  [{told.done}/{told.of}] removed"
                if told.done == told.of:
                    self._settle(line)
                else:
                    self._show(line)
            case Note():
                self.say(told.text)
                self._redraw()
            case RunEnded():
                self._end_screen()
            case Snapshot():
                self._take_window(told)
            case SetupTiming() | Call() | Judged() if self._verbose:
                self._log(told)
            case _:
                pass

    @property
    def _is_bringing_up(self) -> bool:
        return not self._verbose and not self._is_drawn

    def _take_window(self, snapshot: Snapshot) -> None:
        if snapshot.phase not in PLAYED or snapshot.seconds <= SHORT_S:
            return
        if self._draws and self.outlook is not None:
            self._redraw(begins=True)
            return
        if self._is_due(self._interval_s):
            self._show(load_line(self._course), also_in_pipe=True)

    @property
    def _interval_s(self) -> float:
        return TERMINAL_INTERVAL_S if self._channel.is_terminal else PIPE_INTERVAL_S

    def _is_due(self, interval_s: float) -> bool:
        # Of whoever looks on: on the virtual clock an hour may pass in a second.
        now = time.monotonic()
        if now - self._shown_at < interval_s * 0.9:
            return False
        self._shown_at = now
        return True

    def _redraw(self, *, begins: bool = False) -> None:
        """The screen anew, where it is due; it begins with the first window of the load."""
        if self._quiet or self.outlook is None or not (begins or self._is_drawn):
            return
        signals = self.outlook.signals()
        # What the next Ctrl-C does has to be true at once.
        if not self._is_due(TERMINAL_INTERVAL_S) and signals == self._drawn_signals:
            return
        self._told += 1
        self._is_drawn, self._drawn_signals = True, signals
        size = self._channel.size
        if size[0] < MIN_COLUMNS or size[1] < MIN_ROWS:
            self._show(load_line(self._course))
            return
        if self._shown_at - self._judged_at >= LIMITS_INTERVAL_S:
            self._judged_at, self._limits = self._shown_at, self.outlook.limits()
        lines = frame(self._course, self.outlook, self._limits, trio.current_time(), size)
        self._channel.draw(drawn(lines, size[0]))

    def _end_screen(self) -> None:
        """One line stays of it."""
        if self._is_drawn:
            self._is_drawn, self.outlook = False, None
            self._settle(load_line(self._course))

    def _log(self, event: SetupTiming | Call | Judged) -> None:
        match event:
            case Judged():
                self._log_verdict(event)
            case SetupTiming():
                took = f"{event.finished - event.started:.3f}s"
                line = f"  {event.step.value} {event.user} {took} {event.outcome.value} {event.text}"
                self.say(line.rstrip())
            case Call(outcome=outcome) if outcome is not Outcome.OK:
                line = f"  {event.user} {event.workflow}.{event.step} {outcome.value} {event.text}"
                self.say(line.rstrip())

    def _log_verdict(self, event: Judged) -> None:
        when = "at the end" if event.is_final else f"after {self._course.since_start(event.at):.1f}s"
        self.say(f"  threshold {'holds' if event.held else 'BROKEN'} {when}: {event.text}")

    def _show(self, line: str, *, also_in_pipe: bool = False) -> None:
        if not self._quiet and (self._channel.redraws or also_in_pipe):
            self._told += 1
            self._channel.show(self._cut(line))

    def _settle(self, line: str) -> None:
        if not self._quiet:
            self._told += 1
            self._channel.settle(self._cut(line))

    def _cut(self, line: str) -> str:
        """To what the terminal holds: a longer line would not be rewritten, but left behind."""
        columns = self._channel.columns
        return printable(line) if columns is None else printable(line)[: columns - 1]


def can_draw(channel: Channel) -> bool:
    """Whether a screen can be shown there, and its characters written."""
    try:
        NEEDED.encode(channel.encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return channel.redraws and min(channel.size) > 0


def load_line(course: Course) -> str:
    """How the load goes, in one line: of the phase that lasts. Empty before the first window."""
    window = course.window
    if window is None:
        return ""
    p95 = course.service.quantile(0.95)
    shown = "–" if p95 is None else f"{1000 * p95:.0f}ms"
    rate = window.leaves.ended_calls / window.seconds if window.seconds else 0.0
    return (
        f"{window.started + window.seconds - course.started:6.1f}s  {window.phase.value:8}  "
        f"{course.there} users  {course.calls} operations  "
        f"{rate:.1f}/s  {course.errors} errors  p95 {shown}"
    )


def printable(text: str) -> str:
    """`text` as it is when all of it can be shown in one line; what comes from elsewhere may be anything."""
    return text if text.isprintable() else harmless(text, MAX_SAID)
