"""Thirty recordings: what is written of each is played by several casts at a stand-in that serves it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import trio

from actors.events import Ending
from sim.recording.document import Recording, parse_recording
from sim.recording.recorded_lines import hidden_as
from sim.standin.application import Standin
from sim.standin.behaviour import StandinOptions
from sim.standin.inside import StandinInside
from tests.recording.corpus import CORPUS
from tests.recording.corpus_apps import a_talk
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
    text, left = await played_by_all(make().recording(), make.__name__, tmp_path)
    if STAYS not in text:
        assert left == []


async def test_a_token_that_was_hidden_is_carried_all_the_same(
    autojump_clock: object, tmp_path: Path
) -> None:
    content = write_down(a_talk().recording(), tmp_path / "plain.jsonl").read_bytes()
    hidden = content.replace(b"w8ffxz2k", hidden_as(1).encode())
    assert hidden != content
    text, _ = await played_by_all(parse_recording(hidden, "hidden"), "hidden_talk", tmp_path)
    assert 'conversation.at("conversation", "token")' in text
    assert "hidden " not in text
    assert "left_out" not in text


async def played_by_all(recording: Recording, name: str, folder: Path) -> tuple[str, list[str]]:
    """What was written, and what is left when several casts have played it at once without a failure."""
    text, workflow, planner = workflow_of(recording, name, folder)
    size = len(planner.cast.members)
    uids = [f"user-{place}" for place in range(1, CASTS * size + 1)]
    served = ServedRecording(write_down(recording, folder / f"{name}.jsonl"), *uids)
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
    assert [call for call in facts.calls if call.text and not call.is_expected] == []
    assert all(execution.leftovers == 0 for execution in facts.executions)
    return text, served.standin.holdings()["taped"]
