"""What a person sees while a run goes on: numbered set-up steps, then one line that moves."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TextIO

import trio

from actors.errors import Outcome
from actors.measurement import Fact, Measurement, SetupTiming
from sim.measure.recorder import Recorder

TERMINAL_INTERVAL_S = 0.5
PIPE_INTERVAL_S = 5.0


class Progress:
    """Writes to standard error; a terminal gets one line that is rewritten, a pipe gets plain lines.

    Args:
        quiet: say nothing at all.
    """

    def __init__(self, quiet: bool, stream: TextIO | None = None) -> None:
        self._stream = stream if stream is not None else sys.stderr
        self._quiet = quiet
        self._is_terminal = self._stream.isatty()
        self._open_line = False

    def say(self, text: str) -> None:
        """A line of its own."""
        if self._quiet:
            return
        self._end_line()
        self._stream.write(f"{text}\n")
        self._stream.flush()

    def step(self, number: int, of: int, text: str) -> None:
        """`Step 2/6: …`."""
        self.say(f"Step {number}/{of}: {text}")

    def count(self, text: str, done: int, of: int) -> None:
        """How far a step is; in a pipe only its end is told."""
        if self._quiet or not (self._is_terminal or done == of):
            return
        self._rewrite(f"  [{done}/{of}] {text}")
        if done == of:
            self._end_line()

    async def follow(self, recorder: Recorder, users: Callable[[], int]) -> None:
        """Show how the run goes until cancelled."""
        interval = TERMINAL_INTERVAL_S if self._is_terminal else PIPE_INTERVAL_S
        last_calls, last_at = recorder.calls, trio.current_time()
        try:
            while not self._quiet:
                await trio.sleep(interval)
                now = trio.current_time()
                rate = (recorder.calls - last_calls) / (now - last_at)
                last_calls, last_at = recorder.calls, now
                self._rewrite(self._line(recorder, users(), rate))
            await trio.sleep_forever()
        finally:
            self._end_line()

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
        shown = "–" if p95 is None else f"{1000 * p95:.0f} ms"
        return (
            f"{elapsed:6.1f}s  {recorder.phase.value:8}  {users} users  {recorder.calls} operations  "
            f"{rate:.1f}/s  {recorder.errors} errors  p95 {shown}"
        )

    def _rewrite(self, text: str) -> None:
        if self._is_terminal:
            self._stream.write(f"\r\x1b[K{text}")
            self._open_line = True
        else:
            self._stream.write(f"{text}\n")
        self._stream.flush()

    def _end_line(self) -> None:
        if self._open_line:
            self._stream.write("\n")
            self._open_line = False
