"""What was recorded is written down, played by many, and finds what the hand-written stories find."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from actors.events import Ending
from sim.recording.document import read_recording
from sim.recording.story.story_text import workflow_text
from sim.standin.faults import FaultKind, FaultSpec
from tests.recording.sittings import SITTINGS, recorded_at_the_standin, share_and_read
from tests.support.faults import explain, play_all
from tests.support.house import ROOT
from tests.support.processes import simulate
from tests.support.tapes import boards
from workflows.base import Workflow
from workflows.catalogue import load_file

SEEDS = 6
NOWHERE = {"NEXTCLOUD_HOST": "", "NEXTCLOUD_PASSWORD": ""}
FOUND = [
    FaultSpec(FaultKind.LOST_UPDATE, 0.3),
    FaultSpec(FaultKind.DUPLICATE, 0.3),
    FaultSpec(FaultKind.PERMISSION_LEAK, 0.5),
    FaultSpec(FaultKind.WRONG_BODY, 0.15),
    FaultSpec(FaultKind.STALE_READ, 0.3, 0.5),
    FaultSpec(FaultKind.IS_ERROR, 0.1),
    FaultSpec(FaultKind.SUCCESS_FALSE, 0.1),
]


async def written_into(folder: Path) -> list[Workflow]:
    """The workflow of each session, in a file of its own."""
    found = []
    for session in SITTINGS:
        path = folder / f"{session.__name__}.py"
        path.write_text(workflow_text(await recorded_at_the_standin(session), session.__name__), "utf-8")
        found += load_file(path)
    return found


@pytest.mark.parametrize("total", [200, pytest.param(800, marks=pytest.mark.soak)])
async def test_twenty_users_play_them_without_a_failure_and_nothing_is_left(
    autojump_clock: object, total: int, tmp_path: Path
) -> None:
    workflows = await written_into(tmp_path)
    files = [word for workflow in workflows for word in ("--workflows", f"{workflow.name}.py")]
    mix = ",".join(f"{workflow.name}=1" for workflow in workflows)
    load = (
        "--users",
        "20",
        "--iterations",
        str(total),
        "--duration",
        "7200",
        "--warmup",
        "0",
        "--think",
        "1s",
    )
    words = ("--virtual", *files, "--mix", mix, *load, "--output", "run.json", "--no-history")
    finished = simulate(words, NOWHERE, tmp_path)
    assert finished.returncode == 0, finished.stderr[-2000:]
    result = json.loads((tmp_path / "run.json").read_text())
    for workflow in workflows:
        played = result["workflows"][workflow.name]
        assert played["total_executions"] > total / 10
        assert (played["failed_executions"], played["leftovers"]) == (0, 0)
    assert result["summary"]["total_workflows"] == total
    assert all(not told["violations"] for told in result["consistency"].values())


@pytest.mark.parametrize("spec", FOUND, ids=lambda spec: spec.kind.value)
async def test_each_injected_fault_is_reported_under_its_kind_or_could_not_be_seen(
    autojump_clock: object, spec: FaultSpec, tmp_path: Path
) -> None:
    workflows, became = await written_into(tmp_path), Counter[str]()
    for seed in range(SEEDS):
        trial = await play_all(spec, seed=seed, workflows=workflows)
        became += explain(trial)
        # A removal that fails leaves what goes with its user.
        assert trial.left == {} or spec.kind in (FaultKind.IS_ERROR, FaultKind.SUCCESS_FALSE)
    print(f"\n{spec.kind.value}: {dict(became)}")
    assert sum(count for what, count in became.items() if what.startswith("reported")) >= 3


async def test_on_a_sound_server_every_step_is_made_and_nothing_is_found(
    autojump_clock: object, tmp_path: Path
) -> None:
    workflows = await written_into(tmp_path)
    trial = await play_all(seed=1, workflows=workflows)
    assert {execution.ending for execution in trial.facts.executions} == {Ending.SUCCEEDED}
    made = {(call.workflow, call.step) for call in trial.facts.calls}
    only_after_conflicts = {"reget_note", "reget_note_again"}
    for workflow in workflows:
        named = {step for step in workflow.steps if step not in only_after_conflicts}
        assert named <= {step for name, step in made if name == workflow.name}
    assert trial.left == {}


async def test_the_page_shows_what_is_written(autojump_clock: object) -> None:
    """Else: put what `workflow_text` gives into docs/recorded-workflows.md."""
    recording = await recorded_at_the_standin(share_and_read)
    page = (ROOT / "docs" / "recorded-workflows.md").read_text("utf-8")
    assert f"```python\n{workflow_text(recording, 'holiday_plans')}```" in page


async def test_boards_that_the_standin_does_not_have_are_played_by_many_from_the_recording_itself(
    tmp_path: Path,
) -> None:
    recording = read_recording(boards().write(tmp_path / "boards.jsonl"))
    (tmp_path / "boards.py").write_text(workflow_text(recording, "boards"), "utf-8")
    load = ("--users", "10", "--iterations", "60", "--duration", "3600", "--warmup", "0", "--think", "1s")
    played = ("--workflows", "boards.py", "--mix", "boards=1", "--standin-option", "from=boards.jsonl")
    finished = simulate(
        ("--virtual", *played, *load, "--output", "run.json", "--no-history"), NOWHERE, tmp_path
    )
    assert finished.returncode == 0, finished.stderr[-2000:]
    told = json.loads((tmp_path / "run.json").read_text())["workflows"]["boards"]
    assert (told["total_executions"], told["failed_executions"], told["leftovers"]) == (60, 0, 0)
