"""Thirty recordings: what flows is carried, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from actors.events import Ending
from tests.recording.corpus import AMBIGUOUS, CORPUS
from tests.recording.replaying import replay
from tests.recording.tape import Tape


def test_the_corpus_is_thirty_recordings() -> None:
    assert len({make.__name__ for make in CORPUS}) == 30


@pytest.mark.parametrize("make", CORPUS, ids=lambda make: make.__name__)
async def test_with_every_value_renewed_each_argument_is_what_the_script_says(
    autojump_clock: object, make: Callable[[], Tape], tmp_path: Path
) -> None:
    played = await replay(make(), make.__name__, tmp_path)
    assert played.problems == []
    assert (played.execution.ending, played.execution.failure, played.execution.violations) == (
        Ending.SUCCEEDED,
        "",
        (),
    )
    assert played.left == []
    # One value of all of them may be another one, and the file says which.
    assert ("Ambiguous: row_id" in played.text) == (make is AMBIGUOUS)
    assert ("Ambiguous" in played.text) == (make is AMBIGUOUS)
