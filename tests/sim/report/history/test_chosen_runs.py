"""Runs are found by what people call them."""

from __future__ import annotations

import gzip
from pathlib import Path

import attrs
import pytest

from sim.report.history.chosen_runs import Chooser, NoSuchRun
from sim.report.history.run_store import RunStore
from sim.report.history.trends import series_of, sparkline
from sim.report.result_json import to_json
from tests.support.made_runs import Made, made_run

SMALL = Made(seconds=10)


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    made = RunStore(tmp_path / "history")
    for i in range(6):
        label = "main" if i < 4 else "pr"
        made.keep(
            made_run(f"chosen/{i}", SMALL, label=label, exit_code=130 if i == 0 else 0), 200, lambda i=i: i
        )
    return made


def test_by_label_baseline_name_beginning_and_last(store: RunStore) -> None:
    names, chooser = store.names(), Chooser(store)
    assert chooser.names("main") == names[1:4]  # the first was interrupted
    assert chooser.names("pr") == names[4:]
    assert chooser.names("last") == names[-1:]
    assert chooser.names("last:3") == names[-3:]
    assert chooser.names(names[2]) == chooser.names(names[2][:-1]) == [names[2]]
    store.set_baseline("pr", names[:2])
    assert chooser.names("pr") == names[:2]
    assert [name for name, _ in chooser.baseline("pr")] == names[:2]


@pytest.mark.parametrize("word", ["nobody", "", "1970", "19", "last:0"])
def test_what_names_no_run_or_several_is_said(store: RunStore, word: str) -> None:
    with pytest.raises(NoSuchRun):
        Chooser(store).names(word)


def test_files_and_folders_compressed_or_not(store: RunStore, tmp_path: Path) -> None:
    folder, text = tmp_path / "runs", to_json(made_run("chosen/1", SMALL))
    folder.mkdir()
    (folder / "a.json").write_text(text)
    (folder / "b.json.gz").write_bytes(gzip.compress(text.encode()))
    both = Chooser(store).results([str(folder)])
    assert [name for name, _ in both] == ["a.json", "b.json.gz"]
    assert both[0][1] == both[1][1]
    with pytest.raises(NoSuchRun, match=r"no \*\.json"):
        Chooser(store).results([str(store.folder)])


def test_files_need_no_history(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(to_json(made_run("chosen/1", SMALL)))
    assert len(Chooser(RunStore(tmp_path / "none")).results([str(tmp_path / "a.json")])) == 1


def test_the_spread_between_runs_is_known_from_five_others_of_the_same(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    runs = [made_run(f"spread/{i}", SMALL) for i in range(8)]
    for i, run in enumerate(runs[:6]):
        store.keep(run, 200, lambda i=i: i)
    store.keep(attrs.evolve(runs[6], comparable="another"), 200, lambda: 50.0)
    store.keep(attrs.evolve(runs[7], steered=True), 200, lambda: 60.0)
    known = Chooser(store).spread([made_run("spread/x", SMALL)])
    assert known["calls.p50"].df == 5
    assert 0.01 < known["calls.p50"].deviation < 0.2
    assert Chooser(store).spread([runs[0], runs[1]]) == {}  # four others are too few


def test_a_series_ends_where_another_configuration_begins_and_finds_its_changes(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    for i in range(24):
        made = Made(seconds=10, spread=0.02, slower=1.5 if i >= 14 else 1.0)
        key = "another" if i % 12 == 5 else "usual"
        store.keep(made_run(f"series/{i}", made, comparable=key), 200, lambda i=i: 1000.0 * i)
    found = {len(series.runs): series for series in series_of(Chooser(store).kept())}
    other, usual = found[2], found[22]
    assert (len(other.runs), len(usual.runs)) == (2, 22)
    (change,) = usual.changes("calls.p95")
    assert change.run == store.names()[14]
    assert change.is_worse
    assert change.change == pytest.approx(0.5, abs=0.15)
    assert usual.changes("throughput") == []


def test_a_sparkline_has_a_bar_a_run() -> None:
    assert sparkline([1.0, 2.0, 3.0]) == "▁▅█"
    assert sparkline([2.0, 2.0]) == "▁▁"
    assert sparkline([]) == ""
    assert len(sparkline([float(i) for i in range(500)])) == 60
