"""Runs of tools without a story, from the command line to the report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim.cli.main import execute

SEARCH, LIST, GET = "nc_notes_search_notes", "nc_webdav_list_directory", "nc_notes_get_note"
SHORT = ("--virtual", "--users", "4", "--duration", "20s", "--seed", "3", "--no-history", "--quiet")
ALONE = ("--tools", f"{SEARCH}=3,{LIST}")


def test_a_mix_of_tools_is_a_workflow_with_a_step_for_each_and_limits_on_it(tmp_path: Path) -> None:
    limit, file = f"tools.{SEARCH}: p(95)<10s", tmp_path / "run.json"
    assert execute([*SHORT, *ALONE, "--threshold", limit, "-o", str(file)]) == 0
    result = json.loads(file.read_text())
    assert set(result["workflows"]) == {"tools"}
    assert set(result["workflows"]["tools"]["steps"]) == {SEARCH, LIST}
    assert result["thresholds"][0]["passed"]
    assert execute([*SHORT, *ALONE, "--threshold", f"tools.{SEARCH}: p(95)<1us"]) == 99


def test_the_same_seed_gives_the_same_file(tmp_path: Path) -> None:
    files = [tmp_path / "a.json", tmp_path / "b.json"]
    for file in files:
        assert execute([*SHORT, *ALONE, "-o", str(file)]) == 0
    assert files[0].read_bytes() == files[1].read_bytes()


def share_of_tools(file: Path, *argv: str) -> float:
    assert execute([*SHORT, *argv, "-o", str(file)]) == 0
    workflows = json.loads(file.read_text())["workflows"]
    executed = {name: each["total_executions"] for name, each in workflows.items()}
    return float(executed["tools"] / sum(executed.values()))


def test_beside_workflows_each_tool_counts_with_its_weight_unless_the_mix_says_another(
    tmp_path: Path,
) -> None:
    file = tmp_path / "run.json"
    assert share_of_tools(file, *ALONE, "--mix", "baseline=4") == pytest.approx(0.5, abs=0.1)
    assert share_of_tools(file, *ALONE, "--mix", "baseline=1,tools=9") == pytest.approx(0.9, abs=0.1)
    assert share_of_tools(file, *ALONE, "--workload", "baseline") == pytest.approx(4 / 104, abs=0.05)
    assert share_of_tools(file, *ALONE) == 1


def test_a_recording_and_a_file_say_what_tools_are_called_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording, file = tmp_path / "morning.jsonl", tmp_path / "arguments.json"
    head = {
        "what": "recording",
        "version": 1,
        "made_by": "simulate",
        "url": "https://x",
        "began": "2026-11-26",
    }
    call = {"what": "call", "at": 1.0, "took": 0.1, "who": "p1", "method": "tools/call", "name": GET}
    lines = [
        head,
        {**call, "n": 1, "arguments": {"note_id": 5}, "outcome": "ok"},
        {**call, "n": 2, "arguments": {"note_id": 6}, "outcome": "tool_error"},
        {**call, "n": 3, "arguments": {"note_id": 7, "token": "<hidden>"}, "outcome": "ok"},
    ]
    recording.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    file.write_text(json.dumps({GET: [{"note_id": 5}]}))
    quick = ("--virtual", "--duration", "2s", "--warmup", "0", "--no-history", "--tools", GET)
    for each in (recording, file):
        result = tmp_path / f"{each.stem}-result.json"
        assert execute([*quick, "--arguments", str(each), "-o", str(result)]) == 3
        written = json.loads(result.read_text())
        assert written["config"]["stories"]["arguments"].startswith(f"{each.name} (sha256 ")
        failures = {
            kind for step in written["workflows"]["tools"]["steps"].values() for kind in step["outcomes"]
        }
        assert failures == {"tool_error/404"}, "the id of the recording, and no other, is asked for"
    assert execute([*quick]) == 3
    assert f"{GET} needs note_id, which nobody can invent (--arguments FILE" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("[]", "neither a recording nor JSON"),
        ("{", "neither a recording nor JSON"),
        ('{"nc_notes_get_note": 7}', "nc_notes_get_note: a list of objects is needed here"),
        ('{"nc_notes_get_note": []}', "nc_notes_get_note: a list of objects is needed here"),
        ('{"what": "recording", "version": 99}', "take a newer one"),
        ("\xff", "no text in UTF-8"),
    ],
)
def test_a_file_of_arguments_that_cannot_be_read_is_one_line_before_anything_is_created(
    content: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "arguments.json"
    file.write_bytes(content.encode("latin-1"))
    assert execute([*SHORT, *ALONE, "--arguments", str(file)]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert told in said[0]
    assert "arguments.json" in said[0]


def test_a_workflow_of_ones_own_may_not_have_the_name_of_the_mix_of_tools(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "from workflows import workflow\n\n\n"
        "@workflow(steps={'a': 'b'})\nasync def tools(scene, user):\n    await user.does('a')\n"
    )
    assert execute([*SHORT, *ALONE, "--workflows", str(file)]) == 2
    assert "there is a workflow 'tools' already" in capsys.readouterr().err
