"""Several runs, each in a process of its own: none of them inherits another's memory, or its warmth."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import attrs

from sim.cli.command_line import said_words
from sim.runtime.exit import ExitCode, code_of_signal
from sim.runtime.signals import SIGNALS

if TYPE_CHECKING:
    from sim.report.compare.comparability import NamedResult

SAID_BY_US = ("output", "report", "dry_run", "yes", "seed")
WORST_FIRST = (
    *(ExitCode.INTERNAL, ExitCode.LEFT_BEHIND, ExitCode.USAGE, ExitCode.SETUP_FAILED),
    *(ExitCode.VIOLATIONS, ExitCode.THRESHOLD),
)
"""What a run may end in that says more than a comparison."""


@attrs.frozen
class Planned:
    """A target: its name, the flags that lead to it, and what stands in the environment for it."""

    name: str
    flags: Mapping[str, Any]
    around: Mapping[str, str]


@attrs.frozen
class Turn:
    """One run that is to be made."""

    place: Planned
    seed: int
    number: int
    of: int


@attrs.define
class Repeated:
    """What became of them.

    Attributes:
        signal: the one that stopped it, after which no other run began.
    """

    made: list[tuple[str, str, Path]] = attrs.Factory(list)
    codes: list[int] = attrs.Factory(list)
    signal: signal.Signals | None = None

    def results(self, place: str) -> list[NamedResult]:
        """Whole runs of this target, in order."""
        from sim.report.compare.comparability import ENDED_EARLY
        from sim.report.history.chosen_runs import read_file

        read = [(name, read_file(path)[1]) for at, name, path in self.made if at == place]
        return [(name, result) for name, result in read if result.exit_code not in ENDED_EARLY]

    @property
    def code(self) -> ExitCode:
        """Of what went wrong in a run itself; OK where nothing did."""
        if self.signal is not None and ExitCode.LEFT_BEHIND not in self.codes:
            return code_of_signal(self.signal)
        return next((code for code in WORST_FIRST if code in self.codes), ExitCode.OK)


def turns(places: Sequence[Planned], times: int, seed: int) -> list[Turn]:
    """In turn, each round the other way: ABBA, so that what drifts falls on both. A round has one seed."""
    rounds = [places if number % 2 == 0 else places[::-1] for number in range(times)]
    order = [(place, (seed + number) % 2**32) for number, places in enumerate(rounds) for place in places]
    return [Turn(place, each, number, len(order)) for number, (place, each) in enumerate(order, 1)]


def repeat_all(flags: Mapping[str, Any], planned: Sequence[Turn], folder: Path) -> Repeated:
    """Make them one after the other, until a signal; the run under way then ends in order."""
    done = Repeated()
    with _Relay() as relay:
        for turn in planned:
            if relay.first is not None:
                break
            name = f"{turn.place.name}{sum(place == turn.place.name for place, *_ in done.made) + 1}"
            print(f"Run {turn.number}/{turn.of}: {name}, seed {turn.seed}", file=sys.stderr, flush=True)
            path = folder / f"{name}.json"
            done.codes.append(_one(flags, turn, path, relay))
            if path.exists():
                done.made.append((turn.place.name, name, path))
    done.signal = relay.first
    return done


def _one(flags: Mapping[str, Any], turn: Turn, path: Path, relay: _Relay) -> int:
    said = said_words({**flags, **turn.place.flags}, without=SAID_BY_US)
    words = [*said, "--seed", str(turn.seed), "--yes", "--output", str(path)]
    process = subprocess.Popen(  # noqa: S603  our own program, with words that have been checked
        [sys.executable, "-m", "sim", *words],
        env={**os.environ, **turn.place.around},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        process_group=0,
    )
    with relay.to(process):
        return process.wait()


class _Relay:
    """Hands every signal to the run under way, once: it has a group of its own, out of a terminal's reach."""

    def __init__(self) -> None:
        self.first: signal.Signals | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> _Relay:
        for number in SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._take)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextmanager
    def to(self, process: subprocess.Popen[bytes]) -> Iterator[None]:
        self._process = process
        if self.first is not None:
            process.send_signal(self.first)
        try:
            yield
        finally:
            self._process = None

    def _take(self, number: int, _: FrameType | None) -> None:
        self.first = self.first or signal.Signals(number)
        if self._process is not None:
            self._process.send_signal(number)
