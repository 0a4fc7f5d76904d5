"""What a person sees while a run goes on: numbered set-up steps, then one line that moves."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TextIO

import trio

from actors.errors import Outcome
from actors.events import Event, Fact, Measurement, Note, Removed, SetupStep, SetupTiming, StepBegan
from actors.text import harmless
from sim.live.channel import channel_of
from sim.measure.recorder import Recorder

TERMINAL_INTERVAL_S = 0.5
PIPE_INTERVAL_S = 5.0
SILENCE_S = 6.0
"""How long nothing is said before it is said that something is being waited for."""
MAX_SAID = 1000


VERBS = {
    SetupStep.CREATE_USER: "created",
    SetupStep.LOGIN: "logged in",
    SetupStep.PROVISION: "granted access",
}


class Progress:
    """Tells on standard error; a terminal gets one line that is rewritten, a pipe gets plain lines.

    It neither raises nor waits, whatever becomes of the stream (`sim.live.channel`).

    Args:
        quiet: say nothing at all.
    """

    def __init__(self, quiet: bool, stream: TextIO | None = None) -> None:
        self._channel = channel_of(stream if stream is not None else sys.stderr)
        self._quiet = quiet
        self._told = 0
        self._done = 0

    def say(self, text: str) -> None:
        """A line of its own."""
        if not self._quiet:
            self._told += 1
            self._channel.tell(f"{printable(text)}\n")

    def step(self, number: int, of: int, text: str) -> None:
        """`Step 2/6: …`."""
        self.say(f"Step {number}/{of}: {text}")

    def count(self, text: str, done: int, of: int) -> None:
        """How far a step is; in a pipe only its end is told."""
        if self._quiet or not (self._channel.is_terminal or done == of):
            return
        self._told += 1
        line = f"  [{done}/{of}] {text}"
        if done == of:
            self._channel.settle(self._cut(line))
        else:
            self._channel.show(self._cut(line))

    async def follow(self, recorder: Recorder, users: Callable[[], int]) -> None:
        """Show how the run goes until cancelled."""
        interval = TERMINAL_INTERVAL_S if self._channel.is_terminal else PIPE_INTERVAL_S
        last_calls, last_at = recorder.calls, trio.current_time()
        try:
            while not self._quiet:
                await trio.sleep(interval)
                now = trio.current_time()
                rate = (recorder.calls - last_calls) / (now - last_at)
                last_calls, last_at = recorder.calls, now
                self._told += 1
                self._channel.show(self._cut(self._line(recorder, users(), rate)))
            await trio.sleep_forever()
        finally:
            self._channel.settle()

    async def watch_silence(self) -> None:
        """Say every few seconds that something is being waited for, and how long already; until cancelled."""
        told, since = self._told, trio.current_time()
        while True:
            await trio.sleep(SILENCE_S)
            if self._told != told:
                told, since = self._told, trio.current_time()
            elif not self._quiet:
                self._channel.show(f"  … still waiting, {trio.current_time() - since:.0f}s")

    def take(self, event: Event) -> None:
        match event:
            case StepBegan():
                self._of, self._done = event.text, 0
                self.step(event.number, event.of, event.text)
            case SetupTiming(step=step, outcome=Outcome.OK) if step in VERBS:
                self._done += 1
                self.say(f"  [{self._done}] {event.user} {VERBS[step]}")
            case Removed(ok=True):
                self.count("removed", event.done, event.of)
            case Note():
                self.say(event.text)
            case _:
                pass

    def log(self, fact: Fact) -> None:
        """`--verbose`: a line for every step of the set-up, and for every call that failed."""
        match fact:
            case SetupTiming():
                took = f"{fact.finished - fact.started:.3f}s"
                self.say(f"  {fact.step.value} {fact.user} {took} {fact.outcome.value} {fact.text}".rstrip())
            case Measurement(outcome=outcome) if outcome is not Outcome.OK:
                self.say(f"  {fact.user} {fact.workflow}.{fact.step} {outcome.value} {fact.text}".rstrip())
            case _:
                pass

    def _line(self, recorder: Recorder, users: int, rate: float) -> str:
        p95 = recorder.recent_p95()
        elapsed = trio.current_time() - recorder.started
        shown = "–" if p95 is None else f"{1000 * p95:.0f}ms"
        return (
            f"{elapsed:6.1f}s  {recorder.phase.value:8}  {users} users  {recorder.calls} operations  "
            f"{rate:.1f}/s  {recorder.errors} errors  p95 {shown}"
        )

    def _cut(self, line: str) -> str:
        """To what the terminal holds: a longer line would not be rewritten, but left behind."""
        columns = self._channel.columns
        return printable(line) if columns is None else printable(line)[: columns - 1]


def printable(text: str) -> str:
    """`text` as it is when all of it can be shown in one line; what comes from elsewhere may be anything."""
    return text if text.isprintable() else harmless(text, MAX_SAID)
