"""Thirty recordings: what is written of each is played by several casts at a stand-in that serves it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import trio

from actors.events import Ending
from sim.standin.application import Standin
from sim.standin.behaviour import StandinOptions
from sim.standin.inside import StandinInside
from tests.recording.corpus import CORPUS
from tests.recording.replaying import workflow_of
from tests.recording.tape import Tape, write_down
from tests.support.in_process import Facts, StoreConnector, users_on_stage
from workflows.director import Budget, Director
from workflows.settings import Settings

CASTS = 3
ROUNDS = 2
OWN = frozenset(StandinInside(StandinOptions(), now=lambda: 0.0).toolbox.tools)
"""All tools that the stand-in has without a recording."""
STAYS = "makes stays: no tool was offered"


class ServedRecording(StoreConnector):
    """Sessions at a stand-in that has nothing but what the recording holds."""

    def __init__(self, file: Path, *uids: str) -> None:
        super().__init__()
        options = StandinOptions(from_=str(file), tools_left_out=OWN)
        self.standin = Standin(options, now=trio.current_time)
        for uid in uids:
            self.standin.store.add_account(uid, "a-long-password")


@pytest.mark.parametrize("make", CORPUS, ids=lambda make: make.__name__)
async def test_what_is_written_of_a_recording_is_played_against_it_and_nothing_fails_or_is_left(
    autojump_clock: object, make: Callable[[], Tape], tmp_path: Path
) -> None:
    tape, name = make(), make.__name__
    text, workflow, planner = workflow_of(tape, name, tmp_path)
    size = len(planner.cast.members)
    uids = [f"user-{place}" for place in range(1, CASTS * size + 1)]
    served = ServedRecording(write_down(tape.recording(), tmp_path / f"{name}.jsonl"), *uids)
    facts = Facts()
    with trio.fail_after(3600):
        async with (
            users_on_stage(served, facts, *uids) as (roster, users),
            trio.open_nursery() as nursery,
        ):
            director = Director(nursery, roster, facts, Settings(propagation_timeout_s=2), Budget())

            async def play(cast: int) -> None:
                for _ in range(ROUNDS):
                    await director.play(workflow, tuple(users[cast * size : (cast + 1) * size]))

            async with trio.open_nursery() as casts:
                for cast in range(CASTS):
                    casts.start_soon(play, cast)
    endings = [(execution.ending, execution.failure) for execution in facts.executions]
    assert endings == [(Ending.SUCCEEDED, "")] * (CASTS * ROUNDS)
    failed = [call for call in facts.calls if call.text and not call.is_expected]
    assert failed == []
    assert all(execution.leftovers == 0 for execution in facts.executions)
    if STAYS not in text:
        assert served.standin.holdings()["taped"] == []
