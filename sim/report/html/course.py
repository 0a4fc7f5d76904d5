"""The course of a run as columns, one value a row: what charts over time are made of."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from sim.measure.kinds import is_failure
from sim.report.result import Result
from sim.report.result_course import TimelineRow

Columns = dict[str, list[float | None]]
ERRORS, SEEN, MISSED = "errors:", "violations:", "missed:"
"""How columns of counts by kind begin."""


def columns_of(result: Result) -> Columns:
    """Of every row; a column that is nowhere known is left out."""
    length, arriving = result.timeseries.row_seconds, open_groups(result)
    rows = [row_columns(row, length, arriving) for row in result.timeseries.rows]
    keys = dict.fromkeys(key for row in rows for key in row)
    return {key: [row.get(key, _absent(key)) for row in rows] for key in keys}


def _absent(key: str) -> float | None:
    return 0.0 if key.startswith((ERRORS, SEEN, MISSED)) else None


def open_groups(result: Result) -> frozenset[str]:
    """Groups whose workflows arrive at a rate, by the configuration: theirs is `wanted` a second."""
    load = result.config.get("load")
    groups = load.get("groups") if isinstance(load, dict) else None
    known = [group for group in groups or () if isinstance(group, dict)]
    return frozenset(str(g.get("name", "")) for g in known if "/s" in str(g.get("profile", "")))


def row_columns(row: TimelineRow, seconds: float, arriving: Collection[str] = ()) -> dict[str, float]:
    """What one row, so long, has to say; what is not known is left out. `arriving`: `open_groups`."""
    known = {key: value for key, value in _figures(row, seconds) if value is not None}
    for name, wanted in row.wanted.items():
        key = "arrivals" if name in arriving else "wanted"
        known[key] = known.get(key, 0.0) + wanted
    return {**known, **_counts(row, seconds)}


def _figures(row: TimelineRow, seconds: float) -> Iterator[tuple[str, float | None]]:
    yield "at", row.at
    yield "there", float(row.users)
    for name, times in (("service", row.service), ("response", row.response)):
        for key in ("p50", "p95", "p99"):
            yield f"{name}.{key}", getattr(times, key)
    yield "max", row.max
    if row.propagation is not None:
        yield "seen.lower", row.propagation.lower.p50
        yield "seen.upper", row.propagation.upper.p50
        yield "seen.p95", row.propagation.upper.p95
    for what, parts in (("region", row.regions), ("group", row.groups)):
        for name, part in parts.items():
            yield f"{what}.p50:{name}", part.p50
            yield f"{what}.p95:{name}", part.p95
    yield "ok", row.outcomes.get("ok", 0) / seconds
    yield "lateness", row.lateness
    yield "stalled", row.stalled
    yield "cpu", row.cpu
    yield "memory", None if row.rss is None else row.rss / 2**20


def _counts(row: TimelineRow, seconds: float) -> Mapping[str, float]:
    """By kind: errors a second, violations, what did not begin; conflicts."""
    found: dict[str, float] = {}
    for kind, count in row.outcomes.items():
        if is_failure(kind):
            found[f"{ERRORS}{kind}"] = count / seconds
    for kind, count in row.violations.items():
        found[f"{SEEN}{kind}"] = float(count)
    for why, count in row.not_started.items():
        found[f"{MISSED}{why}"] = float(count)
    return {**found, "conflicts": float(row.conflicts)}
