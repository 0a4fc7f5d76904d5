"""The history loses nothing: killed half-way, with two writers, on a full disk, from another release."""

from __future__ import annotations

import gzip
import os
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import attrs
import pytest

from sim.report.history.chosen_runs import Chooser, NoSuchRun
from sim.report.history.keeping import keep_run
from sim.report.history.run_index import kept_runs, make_anew, read_run
from sim.report.history.run_store import RunStore, history_folder
from sim.report.result import SCHEMA_VERSION
from sim.report.result_json import to_json
from tests.support.made_runs import Made, made_run
from tests.support.processes import ROOT

SMALL = Made(seconds=10)
RUN = made_run("store/1", SMALL, label="main")


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "history")


def keep(store: RunStore, count: int = 1, limit: int = 200, **fields: object) -> list[str]:
    return [
        store.keep(attrs.evolve(RUN, seed=i, **fields), limit, lambda i=i: float(i)) for i in range(count)
    ]


def test_a_kept_run_is_read_back_and_nobody_else_can(store: RunStore) -> None:
    (name,) = keep(store)
    assert store.read(name) == attrs.evolve(RUN, seed=0)
    assert stat.S_IMODE(store.path(name).stat().st_mode) == 0o600
    assert stat.S_IMODE(store.path(name).parent.stat().st_mode) == 0o700
    assert name == f"19700101T000000Z-0-{RUN.comparable[:8]}"


def test_runs_of_the_same_second_lie_beside_each_other(store: RunStore) -> None:
    names = [store.keep(RUN, 200, lambda: 5.0) for _ in range(3)]
    assert len(set(names)) == len(store.names()) == 3


def test_the_last_are_kept_and_pinned_ones_and_baselines_for_ever(store: RunStore) -> None:
    first, second, third = keep(store, 3)
    store.pin(first, pinned=True)
    store.set_baseline("main", [second])
    for i in range(10, 15):
        store.keep(attrs.evolve(RUN, seed=i), 2, lambda i=i: float(i))
    assert {first, second} < set(store.names())
    assert third not in store.names()
    assert len(store.names()) == 4
    store.pin(first, pinned=False)
    store.drop_old(2)
    assert first not in store.names()


def test_what_a_newer_release_has_kept_is_left_alone_and_said(store: RunStore) -> None:
    (name,) = keep(store)
    newer = store.path(name).with_name(f"20990101T000000Z-1-x.v{SCHEMA_VERSION + 1}.json.gz")
    newer.write_bytes(gzip.compress(b'{"schema_version": %d}' % (SCHEMA_VERSION + 1)))
    (told,) = [run for run in kept_runs(store) if run.problem]
    assert "newer release" in told.problem
    store.drop_old(1)
    assert newer.exists()
    assert store.path(name).exists()


@pytest.mark.parametrize(
    "content", [b"", b"\x1f\x8b\x08 cut", b"{}", b"[]", b"\xff\xfe", b'{"schema_version": true}']
)
def test_a_broken_file_is_told_in_one_line_and_costs_no_other_run(store: RunStore, content: bytes) -> None:
    name, other = keep(store, 2)
    store.path(name).write_bytes(content)
    broken, sound = kept_runs(store)
    assert broken.problem
    assert "\n" not in broken.problem
    assert (sound.name, sound.problem) == (other, "")
    with pytest.raises(NoSuchRun):
        Chooser(store).results([name])
    assert len(Chooser(store).results([other])) == 1


@pytest.mark.parametrize("harm", ["missing", "garbage", "old", "folder"])
def test_the_index_is_made_of_the_files_whatever_it_was(store: RunStore, harm: str) -> None:
    keep(store, 3)
    expected = kept_runs(store)
    index = store.folder / "index.sqlite"
    match harm:
        case "missing":
            index.unlink()
        case "garbage":
            index.write_bytes(Random(4).randbytes(20_000))
        case "old":
            with sqlite3.connect(index) as old:
                old.execute("PRAGMA user_version = 77")
        case "folder":
            index.unlink()
            (index / "x").mkdir(parents=True)
    assert kept_runs(store) == expected
    assert [run.name for run in expected] == store.names()
    assert expected == [read_run(store, name) for name in store.names()]


def test_the_index_follows_the_files(store: RunStore) -> None:
    first, second = keep(store, 2)
    assert len(kept_runs(store)) == 2
    store.path(first).unlink()
    assert [run.name for run in kept_runs(store)] == [second]
    store.path(second).write_bytes(gzip.compress(to_json(attrs.evolve(RUN, label="other")).encode()))
    assert [run.label for run in kept_runs(store)] == ["other"]
    make_anew(store)
    assert [run.label for run in kept_runs(store)] == ["other"]


def test_the_history_has_no_secret_in_it(store: RunStore) -> None:
    """What is kept is the document of a run, which has none; and nothing beside it."""
    (name,) = keep(store)
    kept_runs(store)
    assert gzip.decompress(store.path(name).read_bytes()).decode() == to_json(attrs.evolve(RUN, seed=0))
    files = {path.name for path in store.folder.rglob("*") if path.is_file()}
    assert files == {"index.sqlite", store.path(name).name}


@contextmanager
def full_disk(limit: int) -> Iterator[None]:
    """A file cannot become longer than this: writing fails as on a full disk, with another number."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


@pytest.mark.parametrize("limit", [0, 1, 500, 2_000])
def test_a_full_disk_is_one_line_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert keep_run(RUN, 200) == ""
    store = RunStore(history_folder())
    before = kept_runs(store)
    with full_disk(limit):
        problem = keep_run(attrs.evolve(RUN, seed=9), 200)
        assert [run.name for run in kept_runs(store)] == [run.name for run in before]
    assert problem.startswith("the run could not be kept in the history: ")
    assert "\n" not in problem
    assert kept_runs(store) == before
    assert not list(store.folder.rglob(".new-*"))


def test_a_folder_that_belongs_to_nobody_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    assert "could not be kept" in keep_run(RUN, 200)


WRITER = """
import sys
from pathlib import Path
from sim.report.history.chosen_runs import read_file
from sim.report.history.run_index import kept_runs
from sim.report.history.run_store import RunStore
store, result = RunStore(Path(sys.argv[1])), read_file(Path(sys.argv[2]))[1]
print("ready", flush=True)
for _ in range(int(sys.argv[3])):
    print(store.keep(result, 10_000), flush=True)
    kept_runs(store)
"""


def writer(store: RunStore, times: int) -> subprocess.Popen[str]:
    source = store.folder.parent / "run.json"
    source.write_text(to_json(RUN))
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(store.folder), str(source), str(times)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    return process


def told_by(process: subprocess.Popen[str]) -> list[str]:
    """Names that were told to be kept; a last line that was cut off is none."""
    with process:
        return [
            line.strip() for line in process.stdout.read().splitlines(keepends=True) if line.endswith("\n")
        ]


def test_two_writers_lose_nothing_of_each_other(store: RunStore) -> None:
    both = [writer(store, 8) for _ in range(2)]
    told = [name for process in both for name in told_by(process)]
    assert len(told) == len(set(told)) == 16
    assert store.names() == sorted(told) == [run.name for run in kept_runs(store) if not run.problem]


@pytest.mark.parametrize("moments", [4, pytest.param(50, marks=pytest.mark.soak)])
def test_whoever_is_killed_while_writing_leaves_whole_runs_only(store: RunStore, moments: int) -> None:
    random, told = Random(f"{moments}/kill"), []
    for _ in range(moments):
        process = writer(store, 1_000)
        time.sleep(random.uniform(0.0, 0.12))
        process.kill()
        told += told_by(process)
    runs = kept_runs(store)
    assert [run for run in runs if run.problem] == []
    assert set(told) <= {run.name for run in runs}
    for path in store.folder.rglob(".new-*"):
        os.utime(path, (0, 0))
    store.keep(RUN, 10_000)
    assert not list(store.folder.rglob(".new-*"))
