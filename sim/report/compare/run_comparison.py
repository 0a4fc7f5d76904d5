"""Two sides of runs, compared: what is said of each metric, and of the whole."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from math import fsum

import attrs

from sim.report.compare.comparability import NamedResult, cautions, hindrances, is_short, shortages
from sim.report.compare.estimates import Spread, estimate, paired_estimate
from sim.report.compare.gauges import GATES, Gauge, GaugeReading, gates, informing
from sim.report.compare.judging import Compared, Judgement, Weighed, judged, overall, proofs
from sim.report.compare.shape import CoursePoint, QuantileShift, course, in_words, shape
from sim.report.compare.within import within
from sim.report.result import Result

CERTAIN = 1e6
"""Degrees of freedom of what needs not be estimated."""
SELDOM = ("propagation.p95",)
"""Decides by default, though few runs measure it often enough: left out then, and said."""


class NotComparable(Exception):
    """These runs cannot be compared; its `reasons` are lines."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = tuple(reasons)


@attrs.frozen
class Rules:
    """How to compare.

    Attributes:
        deciding: metrics that decide, at most five.
        force: go on where the runs are not comparable, and say so.
        paired: the first run of both sides is a pair, and so on.
        known: the spread between runs by metric, where others are known; for one run against one.
    """

    deciding: tuple[str, ...] = GATES
    force: bool = False
    paired: bool = False
    known: Mapping[str, Spread] = attrs.Factory(dict)

    def knowing(self, known: Mapping[str, Spread]) -> Rules:
        """The same, with that spread between runs."""
        return attrs.evolve(self, known=known)


def noise_of_runs(share: float, names: Sequence[str]) -> dict[str, Spread]:
    """The same relative spread between runs of every metric; taken for certain. Raises ValueError."""
    return {each.name: Spread(math.log1p(share), CERTAIN) for each in gates(names)}


@attrs.frozen
class Side:
    """Runs on one side: a name for all of them, and their own."""

    label: str
    runs: tuple[str, ...]
    target: str
    seconds: float
    calls: int


@attrs.frozen
class RunComparison:
    """The whole.

    Attributes:
        forced: why these runs are not comparable, where they were compared all the same.
        metrics: those that decide first.
        shape: by quantile of all calls; `shape_text` says it in words.
        courses: how both sides went over time.
        notes: what to keep in mind.
        comparable: what the runs have in common (see `sim.report.configuration`); "" where they do not.
    """

    verdict: Judgement
    before: Side
    after: Side
    metrics: tuple[Compared, ...]
    shape: tuple[QuantileShift, ...]
    shape_text: str
    courses: tuple[tuple[CoursePoint, ...], ...]
    notes: tuple[str, ...]
    forced: tuple[str, ...]
    paired: bool
    clock: str
    comparable: str


def compare_runs(
    before: Sequence[NamedResult], after: Sequence[NamedResult], labels: tuple[str, str], rules: Rules
) -> RunComparison:
    """Raises NotComparable; ValueError for a metric that does not exist, pairs that do not match, or the
    same run on both sides.
    """
    wanted = gates(rules.deciding)
    if rules.paired and not len(before) == len(after) > 1:
        raise ValueError(f"pairs need as many runs on both sides, 2 or more: {len(before)} and {len(after)}")
    for name, result in after:
        if twin := next((first for first, other in before if is_same_run(other, result)), None):
            raise ValueError(f"{twin} and {name} are the same run: it stands on both sides")
    notes: list[str] = []
    if not rules.paired:
        before, after = _distinct(before, notes), _distinct(after, notes)
    deciding, reasons = _deciding(before, after, wanted, rules, notes)
    reasons = [*hindrances(before, after), *reasons]
    if reasons and not rules.force:
        raise NotComparable(reasons)
    results = [result for _, result in before], [result for _, result in after]
    metrics = _metrics(*results, deciding, rules)
    moved = shape(*results)
    model = results[0][0]
    return RunComparison(
        verdict=overall(metrics),
        before=_side(labels[0], before),
        after=_side(labels[1], after),
        metrics=tuple(metrics),
        shape=tuple(moved),
        shape_text=in_words(moved),
        courses=tuple(tuple(course(side)) for side in results),
        notes=(*notes, *cautions(before, after)),
        forced=tuple(reasons),
        paired=rules.paired,
        clock=model.clock,
        comparable=model.comparable if not reasons else "",
    )


def _deciding(
    before: Sequence[NamedResult],
    after: Sequence[NamedResult],
    wanted: Sequence[Gauge],
    rules: Rules,
    notes: list[str],
) -> tuple[list[Gauge], list[str]]:
    """Metrics with enough samples, and why others hinder a comparison."""
    deciding, reasons = [], []
    for each in wanted:
        short = shortages(before, after, each)
        if short and each.name in SELDOM and rules.deciding == GATES:
            notes.append(f"{each.name} does not decide: {short[0]}")
            continue
        deciding.append(each)
        reasons += short
        measured = all(_readings(each, [result for _, result in side]) for side in (before, after))
        if not measured and rules.deciding != GATES:
            reasons.append(f"{each.name} was not measured on both sides")
    return deciding, reasons


def _metrics(
    before: Sequence[Result], after: Sequence[Result], deciding: Sequence[Gauge], rules: Rules
) -> list[Compared]:
    """Those that decide, violations, then the others."""
    others = informing([*before, *after], deciding)
    told = [each for each in others if not any(is_short(each, result) for result in (*before, *after))]
    kinds = [[violations(result) for result in side] for side in (before, after)]
    return [
        *judged(_weighed(before, after, deciding, rules), gates=True),
        *proofs(*kinds),
        *judged(_weighed(before, after, told, rules), gates=False),
    ]


def _weighed(
    before: Sequence[Result], after: Sequence[Result], family: Sequence[Gauge], rules: Rules
) -> list[Weighed]:
    """Every metric that both sides have measured."""
    read = [(each, _readings(each, before), _readings(each, after)) for each in family]
    measured = [(each, was, is_) for each, was, is_ in read if was and is_]
    weighed = []
    for each, was, is_ in measured:
        values = [each.additive(one) for one in was], [each.additive(one) for one in is_]
        if rules.paired and len(was) == len(is_) > 1:
            found = paired_estimate(*values, len(measured))
        else:
            inside = within(each, before[0], after[0]) if len(before) == len(after) == 1 else None
            found = estimate(*values, len(measured), known=rules.known.get(each.name), within=inside)
        weighed.append(Weighed(each, was, is_, found))
    return weighed


def _readings(gauge: Gauge, side: Sequence[Result]) -> list[GaugeReading]:
    return [reading for result in side if (reading := gauge.read(result)) is not None]


def violations(result: Result) -> dict[str, int]:
    """By kind, of all workflows and phases."""
    found: Counter[str] = Counter()
    for story in result.consistency.values():
        found.update(story.violations)
    return {kind: count for kind, count in found.items() if count}


def _distinct(side: Sequence[NamedResult], notes: list[str]) -> list[NamedResult]:
    """Each run once: what has been copied is no repetition, nor is a virtual run of the same seed."""
    kept: list[NamedResult] = []
    for name, result in side:
        twin = next((first for first, other in kept if is_same_run(other, result)), None)
        if twin is None:
            kept.append((name, result))
        else:
            notes.append(f"{name} is the same run as {twin}, and counts once")
    return kept


def is_same_run(one: Result, other: Result) -> bool:
    """Whether two documents tell of the same run, to the last figure."""
    if one.run_id != other.run_id or (one.seed, one.wall_clock) != (other.seed, other.wall_clock):
        return False
    return one.calls == other.calls and one.timeseries == other.timeseries


def _side(label: str, runs: Sequence[NamedResult]) -> Side:
    results = [result for _, result in runs]
    return Side(
        label=label,
        runs=tuple(name for name, _ in runs),
        target=" | ".join(dict.fromkeys(result.target for result in results)),
        seconds=fsum(result.summary.duration for result in results),
        calls=sum(result.calls.total for result in results),
    )
