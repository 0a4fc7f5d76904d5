"""Stories that were recorded once are played by many, without one tool of the stand-in's own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from actors.events import Ending
from sim.cli.main import execute
from sim.standin.behaviour import StandinOptions
from sim.standin.inside import StandinInside
from sim.standin.toolbox import ToolAnswer, as_text
from tests.support.in_process import Facts, StoreConnector
from tests.support.stories import play_once
from tests.support.tapes import Taping
from workflows.catalogue import BUILT_IN

STORIES = ("note_share", "permission_escalation", "fan_out", "hand_over_chain", "review_cycle")
"""Those that do the same each time, and of which several do not append at once."""
PEOPLE = {"alice": "p1", "bob": "p2", "carol": "p3"}


async def recorded(story: str, file: Path) -> Path:
    """One execution of a story, as a recording has it."""
    tape = Taping()
    for name, who in PEOPLE.items():
        tape.person(who, name)

    def note(uid: str, tool: str, arguments: Mapping[str, Any], answer: ToolAnswer) -> ToolAnswer:
        said = answer.structured if answer.structured is not None else as_text(answer)
        tape.call(PEOPLE[uid], tool, said, failed=answer.is_error, **arguments)
        return answer

    connector, facts = StoreConnector(*PEOPLE, tamper=note), Facts()
    workflow = next(each for each in BUILT_IN if each.name == story)
    execution = await play_once(workflow, connector, facts)
    assert execution.ending is Ending.SUCCEEDED
    return tape.write(file)


@pytest.mark.parametrize("story", STORIES)
def test_a_recorded_story_is_played_by_many_at_once(story: str, tmp_path: Path) -> None:
    clock = trio.testing.MockClock(autojump_threshold=0)
    tape = trio.run(recorded, story, tmp_path / "tape.jsonl", clock=clock)
    own = StandinInside(StandinOptions(), now=lambda: 0.0).toolbox.tools
    words = [f"from={tape}", *(f"tools_left_out={tool}" for tool in own)]
    served = [f"--standin-option={word}" for word in words]
    crowd = ["--virtual", "--users", "9", "--iterations", "20", "--warmup", "0", "--seed", "3"]
    file = tmp_path / "run.json"
    assert execute([*crowd, *served, "--mix", f"{story}=1", "-o", str(file), "--quiet", "--no-history"]) == 0
    result = json.loads(file.read_text())
    assert result["workflows"][story]["successful_executions"] == 20
    assert result["workflows"][story]["leftovers"] == 0
