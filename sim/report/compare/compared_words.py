"""A comparison in words and numbers, as every format shows them."""

from __future__ import annotations

from sim.report.compare.judging import Compared, Judgement
from sim.report.compare.run_comparison import RunComparison, Side
from sim.report.page import duration, several

NOT_KNOWN = "–"


def headline(comparison: RunComparison) -> str:
    """The verdict, and what it stands on."""
    forced = ", BY FORCE (the runs are not comparable)" if comparison.forced else ""
    deciding = [each for each in comparison.metrics if each.gates and each.verdict is comparison.verdict]
    is_open = comparison.verdict is Judgement.INCONCLUSIVE
    named = ", ".join(each.metric if is_open else _named(each) for each in deciding)
    if comparison.verdict is Judgement.SAME:
        named = ""
    return f"{comparison.verdict.upper()}{forced}{f': {named}' if named else ''}"


def _named(each: Compared) -> str:
    if each.unit == "count":
        return f"{each.metric} {amount(each.after, each.unit)}"
    between = interval(each)
    return f"{each.metric} {between}" if between != NOT_KNOWN else each.metric


def sides(comparison: RunComparison) -> list[str]:
    """Who is compared with whom."""
    pairs = ", in pairs" if comparison.paired else ""
    return [
        f"before: {_side(comparison.before)}",
        f"after: {_side(comparison.after)}{pairs}",
    ]


def _side(side: Side) -> str:
    runs = several(len(side.runs), "run")
    return (
        f"{side.label}, {runs}, {duration(side.seconds)} measured, {side.calls:,} operations; {side.target}"
    )


def reading(each: Compared) -> tuple[str, str, str, str, str]:
    """Before, after, shift, interval, verdict."""
    return (
        amount(each.before, each.unit),
        amount(each.after, each.unit),
        shift(each.shift, each.unit),
        interval(each),
        each.verdict.value if each.gates or each.verdict is not Judgement.WORSE else "worse (informs)",
    )


def amount(value: float | None, unit: str) -> str:
    """A value in its unit."""
    if value is None:
        return NOT_KNOWN
    match unit:
        case "s":
            return duration(value)
        case "share":
            return f"{100 * value:.3g}%"
        case "count":
            return f"{value:,.0f}"
        case _:
            return f"{value:.4g}{unit}"


def shift(value: float | None, unit: str, *, bare: bool = False) -> str:
    """Relative, in percent; of shares in percentage points."""
    if value is None:
        return NOT_KNOWN
    percent = round(100 * value, 3)
    digits = f"{percent:+.1f}" if abs(percent) < 10 and unit != "share" else f"{percent:+,.3g}"
    if abs(percent) >= 100:
        digits = f"{percent:+,.0f}"
    number = digits.replace("-", "−") if float(digits.replace(",", "")) else "0"
    return number if bare else f"{number} {'points' if unit == 'share' else '%'}"


def interval(each: Compared) -> str:
    """`+4.0 … +19 %`."""
    if each.low is None or each.high is None:
        return NOT_KNOWN
    return f"{shift(each.low, each.unit, bare=True)} … {shift(each.high, each.unit)}"


def remarks(comparison: RunComparison) -> list[str]:
    """What else there is to say: what would tell, what was measured how, what to keep in mind."""
    lines = [f"Not comparable, compared by force: {reason}" for reason in comparison.forced]
    lines += [line for each in comparison.metrics if each.gates and (line := more(each))]
    lines += dict.fromkeys(each.note for each in comparison.metrics if each.note)
    return [*lines, *comparison.notes]


def more(each: Compared) -> str:
    """How many more runs would tell; "" where none would, or a verdict has been reached."""
    if each.needed is None or each.smallest is None:
        return ""
    return (
        f"{each.metric}: about {several(each.needed, 'more run')} a side would tell whether it moved by "
        f"{shift(each.smallest, each.unit).lstrip('+')}"
    )


def method(comparison: RunComparison) -> str:
    """By what the deciding metrics were weighed."""
    tests = dict.fromkeys(each.test for each in comparison.metrics if each.gates and each.test)
    count = sum(each.gates for each in comparison.metrics)
    corrected = f", corrected for {count} metrics (Holm)" if count > 1 else ""
    return f"By {' and '.join(tests)} over runs{corrected}; intervals are of 95 %." if tests else ""
