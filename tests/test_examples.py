"""The examples under docs/ do what they say: on a sound server they succeed and leave nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.events import Ending
from tests.support.house import ROOT
from tests.support.in_process import Facts, StoreConnector
from tests.support.stories import play_once
from workflows.catalogue import load_file

EXAMPLES = sorted((ROOT / "docs" / "examples").glob("*.py"))


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 2


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
async def test_an_example_succeeds_makes_all_its_steps_and_tidies_up(
    autojump_clock: object, path: Path
) -> None:
    [workflow] = load_file(path)
    crowd = ("ann", "bob", "cem", "dana")[: workflow.cast_size(4, 3)]
    connector, facts = StoreConnector(*crowd), Facts()
    execution = await play_once(workflow, connector, facts)
    assert (execution.ending, execution.failure, execution.violations) == (Ending.SUCCEEDED, "", ())
    made = {call.step.rpartition("_")[0] if call.step[-1].isdigit() else call.step for call in facts.calls}
    assert {step.removesuffix("_{i}") for step in workflow.steps} <= made
    assert connector.leftovers() == {}
