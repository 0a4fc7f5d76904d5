"""`--verbose`: what is logged, and what is not."""

from __future__ import annotations

import io

from actors.errors import Outcome
from actors.events import Call, Judged, SetupStep, SetupTiming
from sim.live.console import LiveConsole


def test_set_up_steps_and_failed_calls_are_logged_and_good_calls_are_not() -> None:
    stream = io.StringIO()
    progress = LiveConsole(quiet=False, verbose=True, stream=stream)
    progress.take(SetupTiming(SetupStep.LOGIN, "alice", Outcome.OK, 1.0, 1.5))
    progress.take(Call("story", "good", "tool", "alice", 1, Outcome.OK, 0.0, 1.0))
    progress.take(Call("story", "bad", "tool", "alice", 1, Outcome.TOOL_ERROR, 0.0, 1.0, text="no"))
    assert stream.getvalue().splitlines() == [
        "  login alice 0.500s ok",
        "  alice story.bad tool_error no",
    ]


def test_a_threshold_whose_verdict_changes_is_logged_and_only_when_asked_for() -> None:
    facts = [Judged(5.0, "t", False, "t: 2s"), Judged(9.0, "t", True, "t: 1s", is_final=True)]
    for verbose, lines in (
        (True, ["  threshold BROKEN after 0.0s: t: 2s", "  threshold holds at the end: t: 1s"]),
        (False, []),
    ):
        stream = io.StringIO()
        console = LiveConsole(quiet=False, verbose=verbose, stream=stream)
        for fact in facts:
            console.take(fact)
        assert stream.getvalue().splitlines() == lines
