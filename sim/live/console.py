"""What a person sees while a run goes on: numbered set-up steps, then one line that moves."""

from __future__ import annotations

import math
import sys
import time
from collections import deque
from typing import TextIO

import trio

from actors.errors import Outcome
from actors.events import (
    Call,
    Judged,
    Note,
    Phase,
    PhaseBegan,
    Removed,
    SetupStep,
    SetupTiming,
    StepBegan,
    StepEnded,
)
from actors.text import harmless
from sim.measure.hub import Subscription, Told
from sim.measure.sketch import Sketch
from sim.measure.snapshot import Snapshot
from sim.runtime.channel import channel_of

TERMINAL_INTERVAL_S = 0.4
PIPE_INTERVAL_S = 5.0
SILENCE_S = 6.0
"""How long nothing is said before it is said that something is being waited for."""
MAX_SAID = 1000
RECENT = 10
"""So many windows are "lately"."""
SHORT_S = 0.2
"""A window that was closed out of turn says little."""
PLAYED = (Phase.WARMUP, Phase.MEASURED, Phase.GRACE)


VERBS = {
    SetupStep.CREATE_USER: "created",
    SetupStep.LOGIN: "logged in",
    SetupStep.PROVISION: "granted access",
}


class LiveConsole:
    """Tells on standard error; a terminal gets one line that is rewritten, a pipe gets plain lines.

    It neither raises nor waits, whatever becomes of the stream (`sim.runtime.channel`).

    Args:
        quiet: say nothing at all.
        verbose: a line for every step of the set-up, for every call that failed, and for every threshold
            whose verdict changes.
    """

    def __init__(self, quiet: bool, *, verbose: bool = False, stream: TextIO | None = None) -> None:
        self._channel = channel_of(stream if stream is not None else sys.stderr)
        self._quiet = quiet
        self._verbose = verbose
        self._told = 0
        self._done = 0
        self._last = ""
        self._load = LoadLine()
        self._shown_at = -math.inf

    async def follow(self, told: Subscription) -> None:
        """Tell what is told, to its end."""
        async for each in told:
            self.take(each)
        self._channel.settle()

    def say(self, text: str) -> None:
        """A line of its own."""
        if not self._quiet:
            self._told += 1
            self._channel.tell(f"{printable(text)}\n")

    async def watch_silence(self) -> None:
        """Say every few seconds that something is being waited for, and how long already; until cancelled."""
        told, since = self._told, trio.current_time()
        while True:
            await trio.sleep(SILENCE_S)
            if self._told != told:
                told, since = self._told, trio.current_time()
            elif not self._quiet:
                self._channel.show(f"  … still waiting, {trio.current_time() - since:.0f}s")

    def take(self, told: Told) -> None:
        """One event, or one window."""
        match told:
            case StepBegan():
                self._done, self._last = 0, ""
                self.say(f"Step {told.number}/{told.of}: {told.text}")
            case PhaseBegan(phase=Phase.WARMUP):
                self.say("Running")
            case StepEnded(ok=True) if self._last:
                self._settle(self._last)
            case SetupTiming(step=step, outcome=Outcome.OK) if step in VERBS and not self._verbose:
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
            case Snapshot():
                self._take_window(told)
            case SetupTiming() | Call() | Judged() if self._verbose:
                self._log(told)
            case _:
                pass

    def _take_window(self, snapshot: Snapshot) -> None:
        self._load.add(snapshot)
        interval = TERMINAL_INTERVAL_S if self._channel.is_terminal else PIPE_INTERVAL_S
        # Of whoever looks on: on the virtual clock an hour may pass in a second.
        now = time.monotonic()
        if snapshot.phase in PLAYED and snapshot.seconds > SHORT_S and now - self._shown_at >= interval:
            self._shown_at = now
            self._show(self._load.text(), also_in_pipe=True)

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
        when = "at the end" if event.is_final else self._load.since_start(event.at)
        self.say(f"  threshold {'holds' if event.held else 'BROKEN'} {when}: {event.text}")

    def _show(self, line: str, *, also_in_pipe: bool = False) -> None:
        if not self._quiet and (self._channel.is_terminal or also_in_pipe):
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


class LoadLine:
    """How the load goes, in one line: of the phase that lasts, as windows tell."""

    def __init__(self) -> None:
        self._first: float | None = None
        self._phase: Phase | None = None
        self._calls = self._errors = 0
        self._latest: deque[Snapshot] = deque(maxlen=RECENT)

    def add(self, snapshot: Snapshot) -> None:
        """One more window."""
        if self._first is None:
            self._first = snapshot.started
        if snapshot.phase is not self._phase:
            self._phase, self._calls, self._errors = snapshot.phase, 0, 0
        self._calls += snapshot.leaves.ended_calls
        self._errors += snapshot.leaves.ended_errors
        self._latest.append(snapshot)

    def since_start(self, instant: float) -> str:
        """`after 12.5s`, counted as the line does."""
        return f"after {instant - (instant if self._first is None else self._first):.1f}s"

    def text(self) -> str:
        """Empty before the first window."""
        if self._phase is None or self._first is None:
            return ""
        last = self._latest[-1]
        p95 = Sketch.merged(each.leaves.ended for each in self._latest).quantile(0.95)
        shown = "–" if p95 is None else f"{1000 * p95:.0f}ms"
        rate = last.leaves.ended_calls / last.seconds if last.seconds else 0.0
        return (
            f"{last.started + last.seconds - self._first:6.1f}s  {self._phase.value:8}  "
            f"{sum(last.there.values())} users  {self._calls} operations  "
            f"{rate:.1f}/s  {self._errors} errors  p95 {shown}"
        )


def printable(text: str) -> str:
    """`text` as it is when all of it can be shown in one line; what comes from elsewhere may be anything."""
    return text if text.isprintable() else harmless(text, MAX_SAID)
