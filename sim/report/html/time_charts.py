"""The charts over time: what happened."""

from __future__ import annotations

from math import fsum
from statistics import median

import attrs

from sim.config.grammar.threshold import Unit
from sim.report.four_answers import several_of_load
from sim.report.html.chart import Bound, Chart, Line, Mark, thinned
from sim.report.html.course import ERRORS, MISSED, Columns, columns_of
from sim.report.html.heat import heat_chart
from sim.report.html.making import chart_of, line
from sim.report.html.part_charts import propagation_chart
from sim.report.html.strip import strip_chart
from sim.report.limits import first_broken, parsed
from sim.report.page import clock, duration, percent
from sim.report.result import Result

MAX_MARKS = 40
MUCH = 1.3
"""So many times another time is not the same any more."""
OF_ERRORS = ("red", "brown", "orange", "pink", "grey")
DASHES = ("", "6 3", "2 3", "8 3 2 3", "4 4")


def time_charts(result: Result) -> list[Chart]:
    """Those that have something to show, in the order in which they are read."""
    columns = columns_of(result)
    if not columns:
        return []
    marks = marks_of(result)
    made = [
        make(result, columns)
        for make in (*(users, latency, responses, throughput, heat_chart, propagation_chart, strip_chart),)
    ]
    return [attrs.evolve(chart, marks=marks) for chart in made if chart is not None]


def marks_of(result: Result) -> tuple[Mark, ...]:
    """When a limit broke first, and when somebody changed the load or marked an instant with a word."""
    broken = [(at, limit) for limit in result.thresholds if (at := first_broken(result, limit)) is not None]
    first = min(broken, key=lambda pair: pair[0], default=None)
    found = [Mark(each.at, each.text or each.kind) for each in result.annotations]
    if first is not None:
        found.append(Mark(first[0], f"{first[1].threshold} broken", "red"))
    return tuple(sorted(found, key=lambda mark: mark.at)[:MAX_MARKS])


# --- users


def users(result: Result, columns: Columns) -> Chart | None:
    """Wanted and there."""
    there = line(columns, "there", "on stage", "blue", fill_to="0")
    wanted = line(columns, "wanted", "wanted", "grey", "5 3")
    arrivals = line(columns, "arrivals", "arrivals a second", "green", "5 3")
    drops = [
        line(columns, key, key.removeprefix(MISSED), "brown", "2 3")
        for key in columns
        if key.startswith(MISSED)
    ]
    return chart_of(
        "users",
        "Users",
        users_say(result, columns),
        "users",
        columns,
        [wanted, arrivals, there, *drops],
        height=90,
    )


def users_say(result: Result, columns: Columns) -> str:
    """Whether as many were there as were wanted."""
    most = max((value for value in columns["there"] if value is not None), default=0.0)
    if result.arrivals is not None:
        counts = result.arrivals
        dropped = f"{counts.dropped:,}" if counts.dropped else "none"
        text = f"{counts.due:,} arrivals were due, {dropped} of them dropped"
        return f"{text}, with {most:,.0f} users on stage at most"
    pairs = zip(columns["there"], columns.get("wanted", columns["there"]), strict=True)
    short = [(want or 0) - (there or 0) for there, want in pairs]
    missing = max(short, default=0.0)
    if missing <= max(1.0, 0.1 * most):
        return f"as many were on stage as were wanted, {several_of_load(most)} at most"
    at = columns["at"][short.index(missing)] or 0.0
    return f"up to {missing:,.0f} fewer were on stage than were wanted, at {clock(at)}"


# --- how long


def latency(result: Result, columns: Columns) -> Chart | None:
    """Service times, with the limits that are about them."""
    lines = quantile_lines(columns, "service", "blue")
    says = times_say(columns, "service.p95", "p95")
    return chart_of(
        *("latency", "Latency", says, "s", columns, lines), bounds=bounds_of(result, "calls"), is_log=True
    )


def responses(result: Result, columns: Columns) -> Chart | None:
    """Service beside response: the gap is waiting that a server's own figures hide."""
    lines = [
        line(
            columns,
            "response.p95",
            "response p95, from when it was due",
            "pink",
            fill_to="service.p95",
            joins=True,
        ),
        line(columns, "service.p95", "service p95, from when it was sent", "blue", "5 3"),
    ]
    if not any(value is not None for value in lines[0].values):
        return None
    return chart_of(
        *("response", "Response over service", waiting_says(result), "s", columns, lines),
        bounds=bounds_of(result, "response"),
        is_log=True,
    )


def waiting_says(result: Result) -> str:
    response, service = result.calls.response_time.p95, result.calls.latency.p95
    if response is None or service is None:
        return "what was due waited as long as is filled"
    if service > response:
        # Of all calls: others than those that arrived are slower.
        due = f"what arrived took {duration(response)} (p95) from when it was due"
        return f"{due}, all calls {duration(service)}"
    return f"what was due took {duration(response)} (p95), of which the server had it {duration(service)}"


def quantile_lines(columns: Columns, of: str, colour: str) -> list[Line]:
    return [
        line(columns, f"{of}.p99", "p99", "sky", "2 3", fill_to=f"{of}.p95"),
        line(columns, f"{of}.p95", "p95", colour, "6 3", fill_to=f"{of}.p50"),
        line(columns, f"{of}.p50", "p50", colour),
    ]


def bounds_of(result: Result, subject: str) -> tuple[Bound, ...]:
    """The limits of whole times, of this subject."""
    found = []
    for limit in result.thresholds:
        threshold = parsed(limit)
        if threshold and str(threshold.metric) == subject and threshold.unit is Unit.SECONDS:
            found.append(Bound(limit.bound, limit.threshold))
    return tuple(found)


def times_say(columns: Columns, key: str, name: str) -> str:
    """How it was at the beginning, and how at its worst; or that it was so at the beginning alone."""
    values = tuple(columns.get(key, ()))
    spans = thinned(values, 20, "mean")
    known = [(place, value) for place, value in enumerate(spans) if value is not None]
    if not known:
        return "nothing was timed"
    (_, first), (place, worst) = known[0], max(known, key=lambda pair: pair[1])
    typical = median(value for _, value in known)
    if worst < MUCH * first and typical * MUCH < first:
        return f"{name} was {duration(round_to(first))} at first, then near {duration(round_to(typical))}"
    if worst < MUCH * first:
        return f"{name} stayed near {duration(round_to(typical))}"
    at = (columns["at"][-1] or 0.0) * place / max(len(spans), 1)
    return f"{name} rose from {duration(round_to(first))} to {duration(round_to(worst))}, about {clock(at)}"


def round_to(value: float, digits: int = 2) -> float:
    """To so many figures that mean something."""
    return float(f"{value:.{digits}g}")


# --- how many


def throughput(result: Result, columns: Columns) -> Chart | None:
    """Answered a second, and errors on top of them by kind, the commonest first."""
    totals = {key: fsum(value or 0.0 for value in columns[key]) for key in columns if key.startswith(ERRORS)}
    kinds = sorted(totals, key=lambda key: (-totals[key], key))[: len(OF_ERRORS)]
    lines = [line(columns, "ok", "answered well", "green", keeps="mean")]
    for place, key in enumerate(kinds):
        name = key.removeprefix(ERRORS)
        lines.append(line(columns, key, name, OF_ERRORS[place], DASHES[place], keeps="mean"))
    return chart_of(
        "rate", "Calls a second", throughput_says(result), "/s", columns, lines, is_stacked=True, height=110
    )


def throughput_says(result: Result) -> str:
    figures = result.calls
    rate = "–" if result.answered_per_s is None else f"{result.answered_per_s:.4g}"
    if not figures.failed:
        return f"{rate} were answered on average, none failed"
    share = percent(100 * figures.failed / max(figures.total, 1))
    worst = max(
        (
            (n, kind)
            for kind, n in figures.outcomes.items()
            if kind != "ok" and not kind.startswith("expected")
        ),
        default=(0, ""),
    )
    return f"{rate} were answered on average, {figures.failed:,} failed ({share}), most of them {worst[1]}"
