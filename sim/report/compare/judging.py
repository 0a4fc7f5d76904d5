"""From a shift to a verdict: sure enough, and large enough to matter."""

from __future__ import annotations

import enum
import math
import statistics
from collections.abc import Sequence

import attrs

from sim.report.compare.estimates import ALPHA, Design, ShiftEstimate
from sim.report.compare.gauges import (
    SMALLEST_SHARE,
    SMALLEST_TIME_S,
    TINY,
    Gauge,
    GaugeKind,
    GaugeReading,
    logit,
    share_of,
)
from sim.report.statistics.shifts import holm, pairs_needed, runs_needed


class Judgement(enum.StrEnum):
    """What can be said of a metric, or of all of them."""

    WORSE = "worse"
    BETTER = "better"
    SAME = "same"
    """The whole interval lies within what is too small to matter."""
    INCONCLUSIVE = "inconclusive"


@attrs.frozen
class Compared:
    """One metric on both sides.

    Attributes:
        unit: of the values: `s`, `/s`, `share` (0..1) or `count`.
        gates: whether it decides.
        before, after: the middle value of each side; None: not measured.
        shift, low, high: relative (0.1: ten percent more), of shares a difference; None: not known.
        smallest: what `shift` has to pass to matter.
        p: of "nothing has changed", corrected by Holm among those that decide, or among the others.
        spread: relative standard deviation between runs; None: not known.
        needed: how many more runs a side would tell; None where a verdict has been reached, or nobody knows.
        note: what else there is to say.
    """

    metric: str
    unit: str
    gates: bool
    verdict: Judgement
    before: float | None
    after: float | None
    shift: float | None = None
    low: float | None = None
    high: float | None = None
    smallest: float | None = None
    p: float | None = None
    test: str = ""
    spread: float | None = None
    needed: int | None = None
    note: str = ""


@attrs.frozen
class Weighed:
    """A metric whose shift has been estimated, before others are taken into account."""

    gauge: Gauge
    before: Sequence[GaugeReading]
    after: Sequence[GaugeReading]
    estimate: ShiftEstimate

    @property
    def base(self) -> float:
        """The middle value of the side before, on the additive scale."""
        return statistics.median(self.gauge.additive(each) for each in self.before)

    @property
    def margins(self) -> tuple[float, float]:
        """How far down and up nothing matters, on the additive scale."""
        if self.gauge.kind is GaugeKind.SHARE:
            share = share_of(self.base)
            least = max(SMALLEST_SHARE, self.gauge.smallest * share)
            up = logit(min(1 - TINY, share + least)) - self.base
            return (logit(share - least) - self.base if share - least > TINY else -math.inf), up
        least = self.gauge.smallest
        if self.gauge.kind is GaugeKind.TIME:
            least = max(least, SMALLEST_TIME_S / math.exp(self.base))
        return -math.log1p(least), math.log1p(least)

    def shown(self, shift: float) -> float | None:
        """A shift as people read it; None where it has no end."""
        if math.isinf(shift):
            return None
        if self.gauge.kind is GaugeKind.SHARE:
            return share_of(self.base + shift) - share_of(self.base)
        return math.expm1(min(shift, 50.0))


def judged(weighed: Sequence[Weighed], *, gates: bool) -> list[Compared]:
    """Verdicts on metrics that are judged together."""
    adjusted = holm([each.estimate.p for each in weighed])
    return [judge(each, p, gates=gates) for each, p in zip(weighed, adjusted, strict=True)]


def judge(weighed: Weighed, p: float, *, gates: bool) -> Compared:
    """`p` is corrected for the others."""
    found, (down, up) = weighed.estimate, weighed.margins
    verdict = _verdict(weighed, p)
    open_ = verdict is Judgement.INCONCLUSIVE
    return Compared(
        metric=weighed.gauge.name,
        unit=weighed.gauge.kind.value,
        gates=gates,
        verdict=verdict,
        before=statistics.median(each.value for each in weighed.before),
        after=statistics.median(each.value for each in weighed.after),
        shift=weighed.shown(found.point),
        low=weighed.shown(found.low),
        high=weighed.shown(found.high),
        smallest=weighed.shown(up),
        p=p if found.decides else None,
        test=found.design.value,
        spread=found.spread,
        needed=_more(weighed, min(up, -down)) if open_ and found.spread is not None else None,
        note=_note(weighed) if open_ else "",
    )


def _verdict(weighed: Weighed, p: float) -> Judgement:
    found, (down, up) = weighed.estimate, weighed.margins
    if not found.decides:
        return Judgement.INCONCLUSIVE
    if p < ALPHA and not down <= found.point <= up:
        more_is_worse = weighed.gauge.kind is not GaugeKind.RATE
        return Judgement.WORSE if (found.point > 0) == more_is_worse else Judgement.BETTER
    if down < found.low and found.high < up:
        return Judgement.SAME
    return Judgement.INCONCLUSIVE


def _more(weighed: Weighed, smallest: float) -> int:
    """More runs a side until such a shift would be told from none, or from one that matters."""
    found = weighed.estimate
    size = abs(found.point)
    target = size if size > smallest else max(smallest - size, smallest / 4)
    pairs = found.design in (Design.PAIRED, Design.SIGN_FLIP)
    needed = (pairs_needed if pairs else runs_needed)(found.spread or 0.0, target)
    return max(1, needed - min(len(weighed.before), len(weighed.after)))


def _note(weighed: Weighed) -> str:
    n, m = len(weighed.before), len(weighed.after)
    match weighed.estimate.design:
        case Design.WITHIN:
            return (
                "one run against one: the interval is of the noise inside the runs only, and says nothing of "
                "how runs differ among themselves"
            )
        case Design.TOO_FEW:
            return f"{n} against {m}: it takes 5 against one, or 2 on each side"
        case _:
            return ""


def overall(metrics: Sequence[Compared]) -> Judgement:
    """Of all that decide: one that is worse makes the whole worse."""
    verdicts = {each.verdict for each in metrics if each.gates}
    for judgement in (Judgement.WORSE, Judgement.INCONCLUSIVE, Judgement.BETTER):
        if judgement in verdicts:
            return judgement
    return Judgement.SAME if verdicts else Judgement.INCONCLUSIVE


def proofs(before: Sequence[dict[str, int]], after: Sequence[dict[str, int]]) -> list[Compared]:
    """Violations by kind. One where there were none is no matter of chance: it has been seen."""
    kinds = sorted({kind for counts in (*before, *after) for kind in counts})
    compared = []
    for kind in kinds:
        was, is_ = (sum(counts.get(kind, 0) for counts in side) for side in (before, after))
        new = is_ > 0 and not was
        note = (
            "" if new or not is_ + was else f"{was} in {len(before)} runs before, {is_} in {len(after)} now"
        )
        compared.append(
            Compared(
                metric=f"violations.{kind}",
                unit="count",
                gates=new,
                verdict=Judgement.WORSE if new else Judgement.INCONCLUSIVE,
                before=was,
                after=is_,
                test="seen, and so proven" if new else "",
                note=note,
            )
        )
    none = Compared("violations", "count", gates=False, verdict=Judgement.SAME, before=0, after=0)
    return compared or [none]
