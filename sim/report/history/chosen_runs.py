"""Runs by what people call them: files, folders, baselines, labels, names in the history."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from actors.text import harmless
from sim.report.compare.comparability import NamedResult
from sim.report.compare.estimates import MIN_FOR_ONE, Spread
from sim.report.compare.gauges import gauge
from sim.report.history.run_index import KeptRun, kept_runs
from sim.report.history.run_store import RunStore, unpacked
from sim.report.result import Result
from sim.report.result_json import BadResult, from_json

MIN_PREFIX = 4
_LAST = re.compile(r"last(?::([1-9]\d{0,3}))?")


class NoSuchRun(ValueError):
    """What was named is no run, or cannot be read; its text is one line."""


class Chooser:
    """Finds runs by name; asks the history only where a name is none of a file."""

    def __init__(self, store: RunStore) -> None:
        self._store = store
        self._kept: list[KeptRun] | None = None

    def results(self, words: Sequence[str]) -> list[NamedResult]:
        """All runs that these words name. Raises NoSuchRun."""
        return [named for word in words for named in self._of(word)]

    def baseline(self, name: str) -> list[NamedResult]:
        """Raises NoSuchRun."""
        runs = self._store.baselines().get(name)
        if not runs:
            raise NoSuchRun(f"no baseline {name!r}; simulate baseline show lists them")
        return [self._read(run) for run in runs]

    def names(self, word: str) -> list[str]:
        """The runs of the history that a word names. Raises NoSuchRun."""
        if word in (baselines := self._store.baselines()):
            return baselines[word]
        sound = [run for run in self.kept() if run.is_sound]
        if labelled := [run.name for run in sound if run.label == word]:
            return labelled
        if match := _LAST.fullmatch(word):
            last = [run.name for run in sound][-int(match[1] or 1) :]
            if not last:
                raise NoSuchRun("the history has no run")
            return last
        found = [run.name for run in self.kept() if run.name == word]
        found = found or [run.name for run in self.kept() if self._may_mean(run.name, word)]
        if len(found) != 1:
            many = (
                f"{len(found)} runs of the history begin so"
                if found
                else "no file, and no run of the history"
            )
            raise NoSuchRun(
                f"{word}: {many} (a file, a folder, a label, a baseline, last:5, or a run's name)"
            )
        return found

    def kept(self) -> list[KeptRun]:
        """The history. Raises NoSuchRun where it cannot be read."""
        if self._kept is None:
            try:
                self._kept = kept_runs(self._store)
            except OSError as error:
                raise NoSuchRun(f"the history: {error.strerror or error}") from None
        return self._kept

    def spread(self, compared: Sequence[Result]) -> dict[str, Spread]:
        """How runs of this configuration and target differ among themselves, where five are known."""
        model = compared[0]
        taken = {(result.seed, result.wall_clock.began) for result in compared}
        alike = [
            run
            for run in self.kept()
            if run.is_sound
            and (run.comparable, run.clock, run.target) == (model.comparable, model.clock, model.target)
            and (run.seed, run.began) not in taken
        ]
        return dict(_spreads(alike))

    def _of(self, word: str) -> Iterator[NamedResult]:
        path = Path(word)
        if path.is_dir():
            files = sorted([*path.glob("*.json"), *path.glob("*.json.gz")])
            if not files:
                raise NoSuchRun(f"{word}: no *.json and no *.json.gz is in it")
            yield from (read_file(file) for file in files)
        elif path.exists():
            yield read_file(path)
        else:
            yield from (self._read(name) for name in self.names(word))

    def _read(self, name: str) -> NamedResult:
        try:
            return name, self._store.read(name)
        except (OSError, BadResult) as error:
            raise NoSuchRun(f"{name}: {_problem(error)}") from None

    @staticmethod
    def _may_mean(name: str, word: str) -> bool:
        return len(word) >= MIN_PREFIX and name.startswith(word)


def read_file(path: Path) -> NamedResult:
    """A result, compressed or not. Raises NoSuchRun."""
    try:
        return harmless(path.name), from_json(unpacked(path))
    except (OSError, BadResult) as error:
        raise NoSuchRun(f"{path}: {_problem(error)}") from None


def _problem(error: OSError | BadResult) -> str:
    return (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)


def _spreads(alike: Sequence[KeptRun]) -> Iterator[tuple[str, Spread]]:
    metrics: Mapping[str, None] = dict.fromkeys(name for run in alike for name in run.values)
    for metric in metrics:
        measured = gauge(metric)
        values = [measured.additive(run.values[metric]) for run in alike if metric in run.values]
        if len(values) >= MIN_FOR_ONE:
            yield metric, Spread(statistics.stdev(values), len(values) - 1)
