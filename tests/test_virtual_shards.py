"""The same run from one, two and four shards on the virtual clock, from the command line to the report."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sim.cli.main import execute
from sim.runtime.exit import ExitCode
from tests.support.processes import ROOT, simulate

NOTHING = {"NEXTCLOUD_HOST": "", "NEXTCLOUD_PASSWORD": ""}
REGIONS = ("--region", "eu=60%:rtt=20ms,jitter=5ms", "--region", "ap=40%:rtt=220ms,jitter=40ms,loss=0.5%")
ALONE = (
    *("--virtual", "--stage", "5s:12,20s:12,5s:3", "--workload", "baseline", "--think", "exp:1s"),
    *("--server-model", "servers=100,service=lognormal:30ms,0.5", *REGIONS),
)
"""Users who have nothing to do with each other, and a server whose workers nobody waits for."""
COUNTED = (
    "calls",
    "outcomes",
    "phases",
    "executions",
    "checks",
    "failures",
    "tools",
    "regions",
    "workflows",
    "users",
)
TOLERANCE = 0.002
QUANTILES = {"min", "mean", "median", "p90", "p95", "p99", "max"}


def run(
    state: Path, *arguments: str, code: int = 0, hash_seed: str = "random"
) -> tuple[bytes, dict[str, Any]]:
    state.mkdir(exist_ok=True)
    said = (*arguments, "--output", "run.json", "--quiet", "--no-history")
    finished = simulate(said, {**NOTHING, "PYTHONHASHSEED": hash_seed}, state)
    assert finished.returncode == code, finished.stderr
    content = (state / "run.json").read_bytes()
    return content, json.loads(content)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[int, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("runs")
    return {k: run(folder / str(k), *ALONE, "--seed", "3", "--shards", str(k))[1] for k in (1, 2, 4)}


def leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, f"{path}.{name}")
    else:
        yield path, value


def is_time(path: str) -> bool:
    return path.rpartition(".")[2] in QUANTILES


@pytest.mark.parametrize("k", [2, 4])
def test_every_count_is_that_of_one_process(runs: dict[int, dict[str, Any]], k: int) -> None:
    for part in COUNTED:
        counts = [{path: n for path, n in leaves(runs[each][part]) if not is_time(path)} for each in (1, k)]
        assert counts[0] == counts[1], part
    assert runs[k]["summary"] == runs[1]["summary"]
    assert runs[1]["calls"]["total"] > 500


@pytest.mark.parametrize("k", [2, 4])
def test_every_quantile_is_that_of_one_process(runs: dict[int, dict[str, Any]], k: int) -> None:
    compared = 0
    for part in ("calls", "tools", "regions", "workflows", "users"):
        there = dict(leaves(runs[k][part]))
        for path, seconds in leaves(runs[1][part]):
            if is_time(path) and isinstance(seconds, float):
                assert there[path] == pytest.approx(seconds, rel=TOLERANCE), (part, path)
                compared += 1
    assert compared > 200


@pytest.mark.parametrize("k", [2, 4])
def test_every_second_and_every_level_is_that_of_one_process(runs: dict[int, dict[str, Any]], k: int) -> None:
    def seconds(run: dict[str, Any]) -> list[tuple[object, ...]]:
        names = ("phase", "operations", "errors", "workflows", "users", "wanted", "there", "bins", "outcomes")
        rows = [tuple(row[name] for name in names) for row in run["timeseries"]["rows"]]
        return [row for row in rows if row[0] in ("warmup", "measured")]

    def levels(run: dict[str, Any]) -> list[tuple[object, ...]]:
        return [(each["wanted"], round(each["seconds"], 6), each["operations"]) for each in run["levels"]]

    assert seconds(runs[k]) == seconds(runs[1])
    assert levels(runs[k]) == levels(runs[1]) != []
    assert len(seconds(runs[1])) >= 30


@pytest.mark.parametrize("k", [2, 4])
def test_each_shard_is_in_the_result_with_its_part(runs: dict[int, dict[str, Any]], k: int) -> None:
    shards = runs[k]["shards"]
    assert [each["shard"] for each in shards] == list(range(1, k + 1))
    assert sum(each["users"] for each in shards) == 12
    assert sum(each["calls"] for each in shards) == runs[k]["calls"]["total"]
    assert [each["start_skew"] for each in shards] == pytest.approx([0.0] * k, abs=1e-9)
    assert [each["lost"] for each in shards] == [""] * k
    assert runs[1]["shards"] == []
    # The crowd is the same, so the runs can be compared.
    assert runs[k]["comparable"] == runs[1]["comparable"]


def test_one_seed_gives_one_file_in_two_shards_whatever_pythons_hashes_are(tmp_path: Path) -> None:
    mixed = ("--virtual", "--users", "10", "--duration", "4s", "--shards", "2", "--seed", "1")
    first, report = run(tmp_path / "a", *mixed, hash_seed="0")
    again, _ = run(tmp_path / "b", *mixed, hash_seed="4711")
    assert first == again
    assert report["calls"]["successful"] > 50


def test_a_limit_is_judged_on_all_shards_together_and_ends_all(tmp_path: Path) -> None:
    limit = ("--threshold", "calls: count<300 abort after 5s")
    _, report = run(tmp_path, *ALONE, "--seed", "3", "--shards", "2", *limit, code=99)
    assert report["stopped"].startswith("threshold broken after ")
    assert 300 <= report["calls"]["total"] < 450
    assert all(each["calls"] < 300 for each in report["shards"])
    assert report["summary"]["duration"] < 29


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (("--users", "7", "--shards", "3", "--workload", "collaboration"), "largest cast, and one more"),
        (("--users", "8", "--shards", "0"), "--shards"),
        (("--users", "8", "--shards", "many"), "--shards"),
        (("--users", "8", "--shards", "2", "--cluster", "tls://host:8786"), "--cluster"),
        (("--users", "40", "--shards", "4", "--iterations", "3"), "--iterations 3"),
    ],
)
def test_what_cannot_be_cut_is_one_line_before_anything_runs(
    said: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["--virtual", "--quiet", *said]) == ExitCode.USAGE
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert words in lines[0]


IMPORTED = """
import sys
from sim.cli.main import execute
execute(sys.argv[1:])
print(sorted(name for name in ("dask", "distributed", "tornado") if name in sys.modules), file=sys.stderr)
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("--virtual", "--users", "2", "--duration", "1s", "--no-history", "--quiet"),
        ("--virtual", "--users", "8", "--duration", "1s", "--shards", "2", "--no-history", "--quiet"),
    ],
)
def test_nothing_of_dask_is_imported_before_processes_are_asked_for(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stderr.splitlines()[-1] == "[]"


def test_tools_that_are_called_without_a_story_need_one_user_and_one_more(tmp_path: Path) -> None:
    tools = ("--virtual", "--users", "4", "--duration", "2s", "--tools", "nc_notes_search_notes=1")
    _, report = run(tmp_path, *tools, "--shards", "2")
    assert [each["users"] for each in report["shards"]] == [2, 2]
    assert report["tools"]["nc_notes_search_notes"]["total"] > 20
