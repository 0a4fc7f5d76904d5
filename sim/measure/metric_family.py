"""Metrics as monitoring systems know them: families of points with labels, and their text for Prometheus.

Names are OpenTelemetry's, with dots and a unit; the name for Prometheus follows from both
(https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/). The text is format 0.0.4
(https://prometheus.io/docs/instrumenting/exposition_formats/): that one is read by servers and by node
exporter's textfile collector alike.
"""

from __future__ import annotations

import enum
import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate

import attrs

from sim.measure.bins import BIN_EDGES_S

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
UNIT_NAMES = {"s": "seconds", "By": "bytes", "1": "ratio"}


class MetricKind(enum.StrEnum):
    """What may happen to a point: it grows, it moves, or it is a distribution that grows."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@attrs.define
class BinnedTimes:
    """Times in half octaves: `counts[i]` of them up to `BIN_EDGES_S[i]`, the last all longer ones."""

    counts: list[int] = attrs.Factory(lambda: [0] * (len(BIN_EDGES_S) + 1))
    sum: float = 0.0

    @classmethod
    def of(cls, weighted: Iterable[tuple[float, float]], total: float) -> BinnedTimes:
        """From times with weights; a point that stands for many lies in one bin."""
        times = cls()
        times.add(weighted, total)
        return times

    def add(self, weighted: Iterable[tuple[float, float]], total: float) -> None:
        for mean, weight in weighted:
            self.counts[bisect_left(BIN_EDGES_S, mean)] += round(weight)
        self.sum += total

    @property
    def count(self) -> int:
        return sum(self.counts)


Labels = tuple[str, ...]
"""Values, in the order of the family's names."""
Value = float | BinnedTimes


@attrs.frozen
class MetricFamily:
    """What is told under one name.

    Attributes:
        unit: UCUM, "" for plain numbers.
        labels: names of the labels; never users.
    """

    name: str
    kind: MetricKind
    unit: str
    help: str
    labels: tuple[str, ...] = ()

    def of(self, points: Mapping[Labels, Value]) -> FilledFamily:
        """With its points."""
        return FilledFamily(self, dict(points))

    @property
    def prometheus_name(self) -> str:
        name = self.name.replace(".", "_")
        name += f"_{UNIT_NAMES.get(self.unit, self.unit)}" if self.unit else ""
        return f"{name}_total" if self.kind is MetricKind.COUNTER else name


@attrs.frozen
class FilledFamily:
    """A family and its points, of one instant."""

    family: MetricFamily
    points: dict[Labels, Value]


def exposition(families: Sequence[FilledFamily]) -> str:
    """The text that Prometheus reads. Families without points are left out."""
    return "".join(f"{line}\n" for filled in families if filled.points for line in _lines(filled))


def _lines(filled: FilledFamily) -> Iterator[str]:
    family, name = filled.family, filled.family.prometheus_name
    yield f"# HELP {name} {_escaped(family.help)}"
    yield f"# TYPE {name} {family.kind.value}"
    for values, value in sorted(filled.points.items()):
        labels = tuple(zip(family.labels, values, strict=True))
        if isinstance(value, BinnedTimes):
            yield from _histogram(name, labels, value)
        else:
            yield f"{name}{_braces(labels)} {_number(value)}"


def _histogram(name: str, labels: tuple[tuple[str, str], ...], times: BinnedTimes) -> Iterator[str]:
    edges = (*(f"{edge:.6g}" for edge in BIN_EDGES_S), "+Inf")
    for edge, count in zip(edges, accumulate(times.counts), strict=True):
        yield f"{name}_bucket{_braces((*labels, ('le', edge)))} {count}"
    yield f"{name}_sum{_braces(labels)} {_number(times.sum)}"
    yield f"{name}_count{_braces(labels)} {times.count}"


def _braces(labels: tuple[tuple[str, str], ...]) -> str:
    return "{" + ",".join(f'{name}="{_label(value)}"' for name, value in labels) + "}" if labels else ""


def _label(value: str) -> str:
    return _escaped(value).replace('"', '\\"')


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return repr(value) if math.isfinite(value) else ("+Inf" if value > 0 else "-Inf")
