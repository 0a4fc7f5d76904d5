"""Comparing at the command line: two sides, formats, and what a shell is told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from sim.cli.compare_command import sides_of
from sim.cli.main import execute
from sim.cli.repeating import Planned, turns
from sim.report.history.run_store import RunStore, history_folder
from sim.report.result_json import to_json
from sim.runtime.exit import ExitCode
from tests.support.made_runs import Made, named_runs, with_violations

WORSE = Made(tail=1.5)
VIRTUAL = ("--virtual", "--users", "2", "--duration", "4", "--warmup", "0", "--think", "exp:50ms")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to stand in, with a history of its own, and five runs before and after."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    for side, made in (("before", Made()), ("same", Made()), ("worse", WORSE)):
        (tmp_path / side).mkdir()
        for name, result in named_runs(f"cli/{side}", 5, made):
            (tmp_path / side / Path(name).name).write_text(to_json(result))
    return tmp_path


def compare(*words: str) -> int:
    return execute(["compare", *words])


def test_worse_has_an_exit_code_of_its_own(place: Path) -> None:
    assert compare("before", "--with", "worse") == ExitCode.WORSE == 98
    assert compare("worse", "--with", "before") == ExitCode.OK


def test_inconclusive_fails_only_where_it_is_to(place: Path) -> None:
    assert compare("before", "--with", "same") == ExitCode.OK
    assert compare("before", "--with", "same", "--strict") == ExitCode.INCONCLUSIVE == 6


def test_runs_stand_on_the_side_on_which_they_were_said(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, after = ([f"{side}/{side}{i}.json" for i in (1, 2)] for side in ("before", "same"))
    assert compare(*before, "--with", *after, "-f", "json") == ExitCode.OK
    told = json.loads(capsys.readouterr().out)
    assert [told[side]["label"] for side in ("before", "after")] == [" ".join(before), " ".join(after)]


@pytest.mark.parametrize(
    ("words", "sides"),
    [
        (("a", "\0with", "b", "c"), (["a"], ["b", "c"])),
        (("a", "b", "\0with", "c"), (["a", "b"], ["c"])),
    ],
)
def test_what_comes_before_with_is_before(words: Sequence[str], sides: object) -> None:
    assert sides_of(tuple(words), None) == sides
    assert sides_of(("pr",), "main") == sides_of(("\0with", "pr"), "main") == ([], ["pr"])


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ((), "which runs?"),
        (("before",), "which runs?"),
        (("before", "--with"), "which runs?"),
        (("before", "--with", "same", "--with", "worse"), "said twice"),
        (("before", "--with", "nobody"), "no file, and no run of the history"),
        (("--baseline", "main", "same"), "no baseline 'main'"),
        (("before", "--with", "same", "--gate", "speed"), "no metric 'speed'"),
        (("before", "--with", "same", "--format", "jsno"), "no format 'jsno'"),
        (("before", "--with", "same", "--write", "x"), "FORMAT:FILE"),
        (("before", "--with", "same", "--run-noise", "5"), "has no '%'"),
        (("before", "--with", "before"), "stands on both sides"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    place: Path, capsys: pytest.CaptureFixture[str], words: Sequence[str], problem: str
) -> None:
    assert compare(*words) == ExitCode.USAGE
    (line,) = capsys.readouterr().err.splitlines()
    assert problem in line


def test_every_file_is_written_and_one_that_cannot_be_hides_no_verdict(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--write", "markdown:c.md", "--write", "html:c.html", "--write", "junit:no/such/folder.xml")
    assert compare("before", "--with", "worse", *words) == ExitCode.WORSE
    assert "no/such/folder.xml" in capsys.readouterr().err
    assert Path("c.md").read_text().startswith("<!-- simulate:compare -->")
    assert Path("c.html").read_text().startswith("<!doctype html>")


def test_a_violation_fails_a_single_run(place: Path) -> None:
    (_, clean), (_, bad) = named_runs("cli/violation", 2)
    Path("a.json").write_text(to_json(clean))
    Path("b.json").write_text(to_json(with_violations(bad, permission_leak=1)))
    assert compare("a.json", "--with", "b.json") == ExitCode.WORSE


def test_a_run_is_kept_and_can_be_named_pinned_and_compared_with(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed in ("1", "2"):
        assert execute([*VIRTUAL, "--seed", seed, "--label", "main", "--quiet"]) == ExitCode.OK
    assert execute([*VIRTUAL, "--seed", "3", "--no-history", "--quiet"]) == ExitCode.OK
    store = RunStore(history_folder())
    first, second = store.names()
    assert execute(["baseline", "set", "main", "main"]) == ExitCode.OK
    assert store.baselines() == {"main": [first, second]}
    assert execute(["history", "--pin", second]) == ExitCode.OK
    capsys.readouterr()
    assert execute(["history"]) == ExitCode.OK
    shown = capsys.readouterr().out
    assert first in shown
    assert "[main]" in shown
    assert execute(["history", "--format", "json"]) == ExitCode.OK
    assert [run["label"] for run in json.loads(capsys.readouterr().out)["runs"]] == ["main", "main"]
    assert execute(["baseline", "remove", "main"]) == ExitCode.OK
    assert execute(["baseline", "show", "main"]) == ExitCode.USAGE


def test_a_history_that_cannot_be_kept_costs_one_line_and_no_run(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(place / "file"))
    assert execute([*VIRTUAL, "--seed", "1", "--quiet", "--output", "run.json"]) == ExitCode.OK
    assert Path("run.json").exists()
    (line,) = [each for each in capsys.readouterr().err.splitlines() if "history" in each]
    assert "could not be kept" in line


def test_two_targets_are_run_in_turn_and_each_pair_has_one_seed() -> None:
    a, b = Planned("A", {}, {}), Planned("B", {}, {})
    order = turns([a, b], 4, 7)
    assert "".join(turn.place.name for turn in order) == "ABBAABBA"
    assert [turn.seed for turn in order] == [7, 7, 8, 8, 9, 9, 10, 10]


def test_a_repeated_run_says_how_runs_differ(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert execute(["repeat", "2", *VIRTUAL, "--seed", "1", "--quiet"]) == ExitCode.OK
    told = capfd.readouterr()
    assert "calls.p95" in told.out
    assert len(RunStore(history_folder()).names()) == 2


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("x",), "repeat: "),
        (("0",), "at least 1"),
        (("2", "--against", "http://127.0.0.1:9/mcp"), "Say --url too"),
        (("2", "--against-host", "http://127.0.0.1:9"), "Say --against too"),
        (("2", "--virtual", "--output", "x.json"), "--output: not for several runs"),
    ],
)
def test_a_repetition_that_cannot_be_is_refused(
    place: Path, capsys: pytest.CaptureFixture[str], words: Sequence[str], problem: str
) -> None:
    assert execute(["repeat", *words]) == ExitCode.USAGE
    assert problem in capsys.readouterr().err
