"""Whether a comparison means anything: the same load, on the same clock, by a simulator that kept up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sim.report.compare.gauges import Gauge
from sim.report.configuration import WHERE_ONLY
from sim.report.result import Result
from sim.runtime.exit import ExitCode

MAX_CPU = 0.8
"""Share of a core from which on the simulator itself may be what is slow."""
MAX_LATENESS_S = 0.01
MAX_SHOWN = 3
ENDED_EARLY = {
    ExitCode.INTERRUPTED: "was interrupted",
    ExitCode.TERMINATED: "was terminated",
    ExitCode.HUNG_UP: "was hung up",
    ExitCode.INTERNAL: "ended in an internal error",
}
NamedResult = tuple[str, Result]


def hindrances(before: Sequence[NamedResult], after: Sequence[NamedResult]) -> list[str]:
    """Why these runs cannot be compared, each in one line."""
    everybody = [*before, *after]
    return [
        *_of_configuration(everybody),
        *(f"{name} {problem}" for name, result in everybody for problem in _of_one(result)),
    ]


def shortages(before: Sequence[NamedResult], after: Sequence[NamedResult], gauge: Gauge) -> list[str]:
    """Runs that have too few samples for a metric, each in one line; none where it was not measured."""
    return [
        f"{name} has too few samples for {gauge.name}: it takes {gauge.min_count}"
        for name, result in (*before, *after)
        if is_short(gauge, result)
    ]


def is_short(gauge: Gauge, result: Result) -> bool:
    """Whether the run has measured it, but not often enough."""
    reading = gauge.read(result)
    return reading is not None and reading.count < gauge.min_count


def cautions(before: Sequence[NamedResult], after: Sequence[NamedResult]) -> list[str]:
    """What to keep in mind."""
    everybody = [*before, *after]
    lines = [
        f"{name}: the simulator itself was late by {late * 1000:.0f} ms (p99)"
        for name, result in everybody
        if (late := result.generator.lateness.p99 or 0.0) > MAX_LATENESS_S
    ]
    versions = sorted({result.version for _, result in everybody})
    if len(versions) > 1:
        lines.append(f"made by different releases of the simulator: {', '.join(versions)}")
    return lines


def _of_configuration(everybody: Sequence[NamedResult]) -> Iterator[str]:
    (first, model), *others = everybody
    for name, result in others:
        if result.clock != model.clock:
            yield f"{name} ran on the {result.clock} clock, {first} on the {model.clock} one"
        elif result.comparable != model.comparable:
            yield f"{name} had another configuration than {first}: {_what(model.config, result.config)}"


def _of_one(result: Result) -> Iterator[str]:
    if result.steered:
        yield "was steered: somebody changed its load"
    if result.exit_code in ENDED_EARLY:
        yield ENDED_EARLY[ExitCode(result.exit_code)]
    if not result.calls.successful:
        yield "has not one call that succeeded"
    if (cpu := result.generator.cpu or 0.0) > MAX_CPU:
        yield f"used {cpu:.0%} of a core itself: it, not the server, may have been the limit"


def _what(one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """The first few settings that differ."""
    differ = list(_differences(_judged(one), _judged(other), ""))
    if not differ:
        return "it names other workflows, or another kind of server"
    more = [f"{len(differ) - MAX_SHOWN} more"] if len(differ) > MAX_SHOWN else []
    return "; ".join([*differ[:MAX_SHOWN], *more])


def _judged(config: Mapping[str, Any]) -> dict[str, Any]:
    """Without what makes no difference."""
    kept = {}
    for part, value in config.items():
        names = WHERE_ONLY.get(part, ())
        if isinstance(value, Mapping) and names is not None:
            kept[part] = {name: inner for name, inner in value.items() if name not in names}
        elif names is not None:
            kept[part] = value
    return kept


def _differences(one: Any, other: Any, path: str) -> Iterator[str]:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in sorted({*one, *other}):
            yield from _differences(one.get(key), other.get(key), f"{path}.{key}".lstrip("."))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for place, (a, b) in enumerate(zip(one, other, strict=True)):
            yield from _differences(a, b, f"{path}[{place}]")
    elif one != other:
        yield f"{path} was {_short(one)}, and is {_short(other)}"


def _short(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
