"""Workflows of one's own that have bugs, in whole runs: the run goes on, or ends in order."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.processes import simulate

NOTHING = {"NEXTCLOUD_HOST": "", "NEXTCLOUD_PASSWORD": ""}
VIRTUAL = (
    "--virtual",
    "--users",
    "4",
    "--duration",
    "60",
    "--warmup",
    "0",
    "--think",
    "1s",
    "--output",
    "run.json",
)
BUGGY = '''
from workflows import workflow

@workflow(steps={"look_{i}": "nc_notes_search_notes"})
async def buggy(run, user):
    """Writes a number into the name of a step."""
    await user.does(f"look_{1}", query="x")
'''
PLACE = "workflow_error: my_flows.py:7: NoSuchStep: no step 'look_1'; the table has: look_{i}"


def test_a_bug_is_a_failed_execution_and_all_others_go_on(tmp_path: Path) -> None:
    (tmp_path / "my_flows.py").write_text(
        BUGGY.replace("await user", "if run.random.random() < 0.5: await user")
    )
    mixed = ("--workflows", "my_flows.py", "--mix", "buggy=1,baseline=1")
    finished = simulate((*VIRTUAL, *mixed), NOTHING, tmp_path)
    assert "Traceback" not in finished.stderr
    report = json.loads((tmp_path / "run.json").read_text())
    buggy, baseline = report["workflows"]["buggy"], report["baseline"]
    assert 0 < buggy["failed_executions"] < buggy["total_executions"]
    [(failure, count)] = buggy["failures"].items()
    assert failure.startswith(PLACE)
    assert count == buggy["failed_executions"]
    assert baseline["total_operations"] > 50
    assert report["summary"]["duration"] > 50


def test_a_workflow_that_only_ever_fails_by_its_own_fault_ends_the_run_in_order(tmp_path: Path) -> None:
    (tmp_path / "my_flows.py").write_text(BUGGY)
    for words, at_least in (((), 10), (("--fail-fast",), 1)):
        mixed = ("--workflows", "my_flows.py", "--mix", "buggy=1,baseline=3", *words)
        finished = simulate((*VIRTUAL, *mixed), NOTHING, tmp_path)
        assert "Traceback" not in finished.stderr
        report = json.loads((tmp_path / "run.json").read_text())
        assert at_least <= report["workflows"]["buggy"]["failed_executions"] < at_least + 5
        assert PLACE in json.dumps(report["workflows"]["buggy"]["failures"], ensure_ascii=False)
