"""How often comparisons are wrong, in worlds of which the truth is known; and the naive rules beside them.

Runs are drawn (`tests/support/made_runs.py`: 60 s, AR(1) seconds with ρ 0.6, run-to-run spread 5 % on each
metric), and go through the same sketches, documents and comparison as real ones. A few real runs on the
virtual clock stand beside them.
"""

from __future__ import annotations

import itertools
import json
import math
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from scipy import stats

from sim.cli.main import execute
from sim.report.compare.estimates import Spread
from sim.report.compare.judging import Judgement
from sim.report.compare.run_comparison import Rules, RunComparison, compare_runs
from sim.report.history.chosen_runs import read_file
from sim.report.result import Result
from tests.support.made_runs import Made, made_run

Figure = tuple[str, str]
Named = list[tuple[str, Result]]
TAIL = Made(tail=1.2)
TENTH = 1.1


def figures() -> Iterator[Figure]:
    yield from drawn(400)
    yield from real(100)


def small_figures() -> Iterator[Figure]:
    yield from drawn(2)
    yield from real(4)


def drawn(worlds: int) -> Iterator[Figure]:
    """Of so many comparisons each."""
    alarms = sum(is_alarm(compared(f"same/{i}", 5)) for i in range(worlds))
    yield "5 v 5, nothing changed: any deciding metric worse or better", share(alarms, worlds)
    calm = [[made_run(f"calm/{i}/{side}") for side in "ab"] for i in range(worlds)]
    for name, rule in NAIVE.items():
        yield f"1 v 1, nothing changed, {name}", share(sum(rule(*pair) < 0.05 for pair in calm), worlds)
    changed = [compared(f"tail/{i}", 5, TAIL) for i in range(worlds)]
    yield "5 v 5, p95 +20 % (the slowest fifth): calls.p95 worse", share(sum(map(is_found, changed)), worlds)
    few = sum(is_found(compared(f"tail3/{i}", 3, TAIL)) for i in range(worlds))
    yield "3 v 3, the same", share(few, worlds)
    many = sum(is_found(compared(f"tail10/{i}", 10, TAIL)) for i in range(worlds // 4))
    yield "10 v 10, the same", share(many, worlds // 4)
    predicted = [compared(f"one/{i}", 5, after=1) for i in range(worlds)]
    yield "1 v 5 (prediction), nothing changed: any alarm", share(sum(map(is_alarm, predicted)), worlds)
    slower = [compared(f"slower/{i}", 5, Made(slower=TENTH)) for i in range(worlds)]
    yield "95 % interval covers the true shift (+10 %), 5 v 5", covered(slower)
    alone = [compared(f"slow1/{i}", 5, Made(slower=TENTH), after=1) for i in range(worlds)]
    yield "the same, 1 v 5", covered(alone)
    known = {"calls.p95": Spread(0.05, 1e6)}
    noisy = [compared(f"known/{i}", 1, after=1, known=known) for i in range(worlds)]
    yield "1 v 1, spread known: calls.p95 worse or better", share(sum(map(moves_p95, noisy)), worlds)
    blind = [compared(f"blind/{i}", 1, after=1) for i in range(worlds)]
    yield "1 v 1, noise inside the runs only: any verdict", share(sum(map(is_alarm, blind)), worlds)


def real(runs: int) -> Iterator[Figure]:
    """Runs of this program on the virtual clock, five against five as far as they go."""
    with tempfile.TemporaryDirectory() as folder:
        made = [virtual_run(seed, Path(folder)) for seed in range(1, runs + 1)]
    groups = [made[at : at + 5] for at in range(0, len(made), 5)]
    pairs = [pair for pair in itertools.pairwise(groups) if len(pair[0]) == len(pair[1])][::2]
    alarms = sum(is_alarm(compare_runs(before, after, ("a", "b"), Rules())) for before, after in pairs)
    yield f"the same of {runs} real virtual runs, 5 v 5", share(alarms, len(pairs))


def virtual_run(seed: int, folder: Path) -> tuple[str, Result]:
    path = folder / f"{seed}.json"
    words = ["--virtual", "--users", "6", "--duration", "30", "--warmup", "2", "--think", "exp:500ms"]
    told = ["--seed", str(seed), "--quiet", "--no-history", "--output", str(path)]
    assert execute([*words, *told]) == 0, json.dumps(words)
    return read_file(path)


def compared(
    name: str,
    before: int,
    changed: Made | None = None,
    *,
    after: int = 0,
    known: dict[str, Spread] | None = None,
) -> RunComparison:
    """Of runs that nobody else has."""
    sides: list[Named] = [
        [(f"{side}{i}", made_run(f"{name}/{side}/{i}", made)) for i in range(count)]
        for side, count, made in (("a", before, Made()), ("b", after or before, changed or Made()))
    ]
    return compare_runs(sides[0], sides[1], ("a", "b"), Rules(known=known or {}))


def is_alarm(comparison: RunComparison) -> bool:
    """Whether anything that decides has changed, in either direction."""
    changed = (Judgement.WORSE, Judgement.BETTER)
    return any(each.gates and each.verdict in changed for each in comparison.metrics)


def is_found(comparison: RunComparison) -> bool:
    return any(each.metric == "calls.p95" and each.verdict is Judgement.WORSE for each in comparison.metrics)


def moves_p95(comparison: RunComparison) -> bool:
    changed = (Judgement.WORSE, Judgement.BETTER)
    return any(each.metric == "calls.p95" and each.verdict in changed for each in comparison.metrics)


def covered(comparisons: Sequence[RunComparison]) -> str:
    """Of all times: each of them moved by the same."""
    times = [
        each
        for one in comparisons
        for each in one.metrics
        if each.metric in ("calls.p50", "calls.p95") and each.low is not None and each.high is not None
    ]
    return share(sum(each.low <= TENTH - 1 <= each.high for each in times), len(times))


def welch_on_seconds(one: Result, other: Result) -> float:
    """As load testers compare two runs: Welch's test over their seconds."""
    return float(stats.ttest_ind(seconds_of(one), seconds_of(other), equal_var=False).pvalue)


def ranks_of_seconds(one: Result, other: Result) -> float:
    """The same by Mann-Whitney's."""
    return float(stats.mannwhitneyu(seconds_of(one), seconds_of(other)).pvalue)


def seconds_of(result: Result) -> list[float]:
    return [math.log(row.service.p95) for row in result.timeseries.rows if row.service.p95]


NAIVE = {"Welch over seconds": welch_on_seconds, "Mann-Whitney over seconds": ranks_of_seconds}


def share(count: int, of: int) -> str:
    return f"{100 * count / of:.1f} % ({count} of {of})" if of else "none"
