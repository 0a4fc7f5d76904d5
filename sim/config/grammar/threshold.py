"""Limits in the words of k6: `note_share: p(95)<500ms`, `errors: rate<1% abort after 30s`."""

from __future__ import annotations

import enum
import re
from typing import assert_never

import attrs

from sim.config.grammar.duration import parse_time
from sim.config.grammar.number import format_number, parse_decimal, parse_number, parse_percentage, parse_rate
from sim.config.grammar.piece import Piece, parse_name

SELECTORS = ("group", "region")
_COMPARISON = re.compile(r"<=|>=|==|!=|<|>")
_ABORT = re.compile(r"[ \t]+abort(?:[ \t]+after[ \t]+(?P<after>\S+))?$", re.ASCII)
_PERCENTILE = re.compile(r"p\(([^()]*)\)")


class Aggregate(enum.StrEnum):
    """What is made of many values."""

    QUANTILE = "p"
    """`p(95)`, and `med`, which is p(50)."""
    MEAN = "avg"
    MIN = "min"
    MAX = "max"
    RATE = "rate"
    """A share of all (`rate<1%`), or a number a second (`rate>20/s`)."""
    COUNT = "count"


class Unit(enum.StrEnum):
    """What the bound is measured in."""

    SECONDS = "s"
    FRACTION = "fraction"
    """0..1, written as a percentage."""
    PER_SECOND = "/s"
    COUNT = "count"


class Comparison(enum.StrEnum):
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="
    EQUAL = "=="
    UNEQUAL = "!="

    def holds(self, measured: float, bound: float) -> bool:
        match self:
            case Comparison.LESS:
                return measured < bound
            case Comparison.AT_MOST:
                return measured <= bound
            case Comparison.MORE:
                return measured > bound
            case Comparison.AT_LEAST:
                return measured >= bound
            case Comparison.EQUAL:
                return measured == bound
            case Comparison.UNEQUAL:
                return measured != bound
            case other:
                assert_never(other)


@attrs.frozen
class Metric:
    """What is looked at.

    Attributes:
        name: a workflow, or one of the words that stand for the whole run (`errors`, `propagation`,
            `lost_updates`, …).
        step: a step of that workflow; None: the workflow as a whole.
        group, region: only what users of this group, in this region, did.
    """

    name: str
    step: str | None = None
    group: str | None = None
    region: str | None = None

    def __str__(self) -> str:
        chosen = {"group": self.group, "region": self.region}
        selectors = ",".join(f"{key}:{value}" for key, value in chosen.items() if value is not None)
        return self.name + (f".{self.step}" if self.step else "") + (f"{{{selectors}}}" if selectors else "")


@attrs.frozen
class Threshold:
    """A limit that a run must keep.

    Attributes:
        quantile: 0..1, with Aggregate.QUANTILE only.
        bound: in `unit`.
        abort_after_s: the run is stopped when the limit is broken after this many measured seconds;
            None: it is judged at the end alone.
        text: as it was written; `str()` gives it back.
    """

    metric: Metric
    aggregate: Aggregate
    comparison: Comparison
    bound: float
    unit: Unit
    quantile: float | None = None
    abort_after_s: float | None = None
    text: str = ""

    @property
    def aborts(self) -> bool:
        return self.abort_after_s is not None

    def __str__(self) -> str:
        return self.text


def parse_threshold(text: str | Piece) -> Threshold:
    """`SUBJECT[.STEP][{group:G,region:R}]: AGGREGATE OP BOUND [abort [after D]]`. Raises GrammarError."""
    whole = Piece.of(text)
    subject, rule = _subject_and_rule(whole)
    rule, abort_after_s = _abort(rule)
    comparison = _COMPARISON.search(rule.text)
    if comparison is None:
        raise rule.error(
            f"no comparison in {rule.text!r} (one of < <= > >= == !=)" if rule else "no limit after ':'"
        )
    aggregate, quantile = _aggregate(rule.cut(0, comparison.start()).stripped())
    bound, unit = _bound(aggregate, rule.cut(comparison.end()).stripped())
    return Threshold(
        _metric(subject),
        aggregate,
        Comparison(comparison[0]),
        bound,
        unit,
        quantile,
        abort_after_s,
        whole.text,
    )


def _subject_and_rule(whole: Piece) -> tuple[Piece, Piece]:
    # A ':' inside braces belongs to a selector.
    opened, closed = whole.text.find("{"), whole.text.find("}")
    if opened >= 0 > closed:
        raise whole.cut(opened).error("'{' is never closed by '}'")
    colon = whole.text.find(":", closed if 0 <= opened < closed else 0)
    if colon < 0:
        raise whole.error("no ':' after what is measured (it reads 'note_share: p(95)<500ms')")
    return whole.cut(0, colon).stripped(), whole.cut(colon + 1).stripped()


def _metric(subject: Piece) -> Metric:
    names, braces = subject.partition("{")
    selectors: dict[str, str] = {}
    if braces is not None:
        if not braces.text.endswith("}"):
            raise subject.error("'{' is never closed by '}' before ':'")
        selectors = _selectors(braces.cut(0, len(braces.text) - 1))
    name, step = names.partition(".")
    return Metric(
        parse_name(name, "what is measured"),
        None if step is None else parse_name(step, "a step"),
        **selectors,
    )


def _selectors(piece: Piece) -> dict[str, str]:
    chosen: dict[str, str] = {}
    for part in piece.split(","):
        key, value = part.partition(":")
        if key.text not in SELECTORS or value is None:
            raise part.error(f"{part.text!r} is no selector (they read group:NAME and region:NAME)")
        if key.text in chosen:
            raise part.error(f"{key.text!r} stands here twice")
        chosen[key.text] = parse_name(value, f"a {key.text}")
    return chosen


def _abort(rule: Piece) -> tuple[Piece, float | None]:
    match = _ABORT.search(rule.text)
    if match is None:
        return rule, None
    after = rule.cut(*match.span("after")) if match["after"] else None
    return rule.cut(0, match.start()).stripped(), 0.0 if after is None else parse_time(after)


def _aggregate(piece: Piece) -> tuple[Aggregate, float | None]:
    if piece.text == "med":
        return Aggregate.QUANTILE, 0.5
    if match := _PERCENTILE.fullmatch(piece.text):
        percent = piece.cut(*match.span(1)).stripped()
        return Aggregate.QUANTILE, float(parse_decimal(_below_100(percent), "a percentile") / 100)
    words = [a.value for a in Aggregate if a is not Aggregate.QUANTILE]
    if piece.text in words:
        return Aggregate(piece.text), None
    found = f"{piece.text[:24]!r} is no aggregate" if piece else "no aggregate before the comparison"
    raise piece.error(f"{found} (there are p(95), med, {', '.join(words)})")


def _below_100(percent: Piece) -> Piece:
    if parse_decimal(percent, "a percentile") > 100:
        raise percent.error("a percentile is between 0 and 100")
    return percent


def _bound(aggregate: Aggregate, piece: Piece) -> tuple[float, Unit]:
    if not piece:
        raise piece.error("no bound after the comparison")
    match aggregate:
        case Aggregate.QUANTILE | Aggregate.MEAN | Aggregate.MIN | Aggregate.MAX:
            return parse_time(piece, "a bound"), Unit.SECONDS
        case Aggregate.RATE if piece.text.endswith("%"):
            return parse_percentage(piece, "a bound"), Unit.FRACTION
        case Aggregate.RATE if "/" in piece.text:
            return parse_rate(piece, "a bound"), Unit.PER_SECOND
        case Aggregate.RATE:
            raise piece.error(f"{piece.text[:24]!r} bounds no rate (it reads 1%, or 20/s)")
        case Aggregate.COUNT:
            return parse_number(piece, "a bound"), Unit.COUNT
        case other:
            assert_never(other)


def format_bound(value: float, unit: Unit) -> str:
    """A measured value in the words of its bound, rounded for people."""
    match unit:
        case Unit.SECONDS:
            return f"{value * 1000:.4g}ms" if value < 1 else f"{value:.4g}s"
        case Unit.FRACTION:
            return f"{value * 100:.3g}%"
        case Unit.PER_SECOND:
            return f"{value:.4g}/s"
        case Unit.COUNT:
            return format_number(value)
        case other:
            assert_never(other)
