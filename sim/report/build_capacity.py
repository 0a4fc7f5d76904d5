"""What a search for capacity found, as part of the document, and in words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from sim.config.grammar.threshold import Threshold
from sim.measure.batch_means import Estimate
from sim.measure.curve import OWN_LIMIT, CapacityAnswer, CurvePoint, StepPlace
from sim.measure.scalability import Z95, ThroughputPoint, fit
from sim.report.page import duration, several
from sim.report.result_capacity import (
    BetweenLevels,
    CapacityResult,
    CurveLevel,
    FirstOver,
    ScalabilityLaw,
    StepAtLevel,
    WithinBounds,
)

USERS = "users"


def capacity(answer: CapacityAnswer | None, limits: Sequence[Threshold]) -> CapacityResult | None:
    """None where nothing was sought."""
    if answer is None:
        return None
    return CapacityResult(
        unit=answer.unit,
        held=answer.held.level if answer.held else None,
        broke=answer.broke.level if answer.broke else None,
        at_least=is_at_least(answer),
        confirmed=answer.confirmation,
        recovers=answer.recovers,
        rested_at=answer.rested_at,
        is_over=answer.is_over,
        limits=tuple(map(str, limits)),
        text=in_words(answer),
        knee=knee(answer.curve),
        first_over=first_over(answer.curve, limits),
        scalability=scalability(answer.curve) if answer.unit == USERS else None,
        curve=tuple(map(curve_level, answer.curve)),
        between=BetweenLevels(*answer.between) if answer.between is not None else None,
    )


def is_at_least(answer: CapacityAnswer) -> bool:
    """Whether the server may carry more."""
    return answer.held is not None and not answer.is_bounded_by_server


def curve_level(point: CurvePoint) -> CurveLevel:
    found = point.measured
    return CurveLevel(
        level=point.level,
        held=point.held,
        outcome=point.outcome,
        seconds=point.seconds,
        measured=found.seconds if found else 0.0,
        by=point.by,
        collapsed_after=point.collapsed_s,
        where=step_at_level(point.where),
        slowest=step_at_level(found.slowest if found else None),
        throughput=within(found.throughput if found else None),
        succeeded=within(found.succeeded if found else None),
        p50=within(found.p50 if found else None),
        p95=within(found.p95 if found else None),
        errors=within(found.errors if found else None),
        generator_cpu=found.own_cpu if found else None,
    )


def knee(curve: Sequence[CurvePoint]) -> float | None:
    """Where throughput over mean response time is highest (Kleinrock 1979: power); one level has none."""
    powers = {
        point.level: found.throughput.value / found.mean
        for point in curve
        if (found := point.measured) is not None and found.mean
    }
    return max(powers, key=lambda level: powers[level]) if len(powers) > 1 else None


def first_over(curve: Sequence[CurvePoint], limits: Sequence[Threshold]) -> FirstOver | None:
    """At the lowest level at which a step is over its limit."""
    for point in sorted(curve, key=lambda point: point.level):
        place = step_over(point, limits)
        if place is not None:
            return FirstOver(point.level, place)
    return None


def step_over(point: CurvePoint, limits: Sequence[Threshold]) -> StepAtLevel | None:
    """What most of what broke happened in, or the slowest step where its p95 is beyond that of all calls.

    The simulator's own limit is no step's.
    """
    if point.outcome == OWN_LIMIT:
        return None
    if not point.held and point.where is not None:
        return step_at_level(point.where)
    slowest = point.measured.slowest if point.measured else None
    bounds = [limit.bound for limit in limits if str(limit).startswith("calls: p(95)<")]
    if slowest is None or slowest.p95 is None or not bounds or slowest.p95 < min(bounds):
        return None
    return step_at_level(slowest)


def scalability(curve: Sequence[CurvePoint]) -> ScalabilityLaw:
    """The law, or why there is none."""
    points = [
        ThroughputPoint(point.level, rate.value, (rate.high - rate.value) / Z95)
        for point in curve
        if point.measured is not None
        for rate in [point.measured.throughput]
    ]
    found = fit(points)
    if found is None or found.problem:
        problem = found.problem if found is not None else "too few levels, or too much alike"
        return ScalabilityLaw(None, None, None, None, f"not to be had from these data: {problem}")
    return ScalabilityLaw(
        within(found.rate), within(found.contention), within(found.coherency), within(found.peak), ""
    )


def within(estimate: Estimate | None) -> WithinBounds | None:
    if estimate is None:
        return None
    low, high = (end if math.isfinite(end) else None for end in (estimate.low, estimate.high))
    return WithinBounds(estimate.value, low, high)


def step_at_level(place: StepPlace | None) -> StepAtLevel | None:
    if place is None:
        return None
    return StepAtLevel(place.workflow, place.step, place.tool, place.p95, place.failed)


# --- in words


def in_words(answer: CapacityAnswer) -> str:
    """The answer in one sentence or a few."""
    return ". ".join([_first_sentence(answer), *_further(answer)])


def _first_sentence(answer: CapacityAnswer) -> str:
    held, broke = answer.held, answer.broke
    if held is None:
        if broke is None:
            return "No level was held long enough to say anything"
        return f"Does not even carry {of_load(answer, broke.level)}: {_what_broke(broke)}"
    more = "at least " if is_at_least(answer) else ""
    figures = _figures(held, is_open=answer.unit != USERS)
    text = f"Carries {more}{of_load(answer, held.level)}{f' ({figures})' if figures else ''}"
    return text if broke is None else f"{text}; at {broke.level:g} {_what_broke(broke)}"


def _figures(point: CurvePoint, *, is_open: bool) -> str:
    found = point.measured
    if found is None:
        return ""
    parts = [f"{found.succeeded.value:.3g} executions/s succeeded"] if is_open else []
    parts.append(f"{found.throughput.value:.3g} calls/s")
    if found.p95 is not None:
        parts.append(f"p95 {duration(found.p95.value)}")
    return ", ".join(parts)


def _what_broke(point: CurvePoint) -> str:
    if point.held:
        return "the limits held, but all levels together say that they do not"
    p95 = point.measured.p95 if point.measured else None
    text = "; ".join(point.by) or point.outcome
    if p95 is not None and text.startswith("calls: p(95)"):
        text = f"p95 was {duration(p95.value)}"
    if point.where is not None:
        text += f", in {point.where.workflow}.{point.where.step}, tool {point.where.tool}"
    if point.collapsed_s is not None:
        text += f"; it collapses after {point.collapsed_s:.0f} s"
    return text


def of_load(answer: CapacityAnswer, level: float) -> str:
    """A level with its unit."""
    return several(round(level), "user") if answer.unit == USERS else f"{level:.4g} arrivals a second"


def _doubt(answer: CapacityAnswer, low: float | None, high: float | None) -> str:
    """What chance leaves open, of an answer that something holds."""
    unit = "users" if answer.unit == USERS else "arrivals a second"
    if low is not None and high is not None:
        return f"It carries {low:.4g} and does not carry {high:.4g} {unit} (95 %)"
    if low is not None:
        return f"That it carries {low:.4g} is certain (95 %), where that ends is not"
    if high is not None:
        return f"That it does not carry {high:.4g} is certain (95 %), how far below that it breaks is not"
    return "So few calls do not tell how exact that is"


def _further(answer: CapacityAnswer) -> Iterator[str]:
    """What else is to be known of the answer."""
    if answer.held is not None and answer.between is not None:
        yield _doubt(answer, *answer.between)
    if answer.held is not None and answer.broke is not None and not answer.is_bounded_by_server:
        yield "That is not the server's limit: this machine, or the users at hand, can drive no more"
    if answer.held is not None and answer.broke is None and answer.held.level >= answer.max_level:
        yield f"More than {of_load(answer, answer.max_level)} were not allowed (--max-users)"
    if answer.recovers is False:
        at = "" if answer.rested_at is None else f", not even at {of_load(answer, answer.rested_at)}"
        yield f"Once overloaded the server does not recover by itself{at}: approached from above it breaks"
    if not answer.is_over:
        yield "The search was not over: this is the best answer so far"
    elif answer.held is not None:
        yield f"{answer.confirmation[:1].upper()}{answer.confirmation[1:]}"
