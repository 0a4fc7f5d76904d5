"""Metrics and spans as OTLP has them in JSON: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding.

Numbers of 64 bits are texts there, ids hexadecimal, enumerations numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from sim.measure.bins import BIN_EDGES_S
from sim.measure.metric_family import BinnedTimes, FilledFamily, MetricKind, Value

CUMULATIVE = 2
INTERNAL, CLIENT = 1, 3
UNSET, ERROR = 0, 2
Json = dict[str, Any]


@attrs.frozen
class TraceSpan:
    """One span. Instants are nanoseconds since 1970; `parent` "" for the root."""

    trace_id: str
    span_id: str
    parent: str
    name: str
    kind: int
    began_ns: int
    ended_ns: int
    attributes: Mapping[str, str | int]
    problem: str = ""
    is_failed: bool = False


def metrics_message(
    resource: Mapping[str, str], version: str, families: Iterable[FilledFamily], since_ns: int, at_ns: int
) -> Json:
    """An ExportMetricsServiceRequest: everything since the start."""
    metrics = [_metric(filled, since_ns, at_ns) for filled in families if filled.points]
    scope = {"scope": _scope(version), "metrics": metrics}
    return {"resourceMetrics": [{"resource": _resource(resource), "scopeMetrics": [scope]}]}


def traces_message(resource: Mapping[str, str], version: str, spans: Sequence[TraceSpan]) -> Json:
    """An ExportTraceServiceRequest."""
    scope = {"scope": _scope(version), "spans": [_span(each) for each in spans]}
    return {"resourceSpans": [{"resource": _resource(resource), "scopeSpans": [scope]}]}


def _metric(filled: FilledFamily, since_ns: int, at_ns: int) -> Json:
    family = filled.family
    points = [
        {
            "attributes": _attributes(dict(zip(family.labels, values, strict=True))),
            "startTimeUnixNano": str(since_ns),
            "timeUnixNano": str(at_ns),
            **_value(value),
        }
        for values, value in sorted(filled.points.items(), key=lambda point: point[0])
    ]
    return {
        "name": family.name,
        "description": family.help,
        "unit": family.unit or "1",
        **_data(family.kind, points),
    }


def _data(kind: MetricKind, points: list[Json]) -> Json:
    match kind:
        case MetricKind.COUNTER:
            return {"sum": {"dataPoints": points, "aggregationTemporality": CUMULATIVE, "isMonotonic": True}}
        case MetricKind.HISTOGRAM:
            return {"histogram": {"dataPoints": points, "aggregationTemporality": CUMULATIVE}}
        case MetricKind.GAUGE:
            return {"gauge": {"dataPoints": points}}


def _value(value: Value) -> Json:
    if not isinstance(value, BinnedTimes):
        return {"asDouble": float(value)}
    return {
        "count": str(value.count),
        "sum": value.sum,
        "bucketCounts": [str(count) for count in value.counts],
        "explicitBounds": list(BIN_EDGES_S),
    }


def _span(span: TraceSpan) -> Json:
    status: Json = {"code": ERROR, "message": span.problem} if span.is_failed else {"code": UNSET}
    return {
        "traceId": span.trace_id,
        "spanId": span.span_id,
        **({"parentSpanId": span.parent} if span.parent else {}),
        "name": span.name,
        "kind": span.kind,
        "flags": 1,
        "startTimeUnixNano": str(span.began_ns),
        "endTimeUnixNano": str(span.ended_ns),
        "attributes": _attributes(span.attributes),
        "status": status,
    }


def _scope(version: str) -> Json:
    return {"name": "simulate", "version": version}


def _resource(attributes: Mapping[str, str]) -> Json:
    return {"attributes": _attributes(attributes)}


def _attributes(values: Mapping[str, str | int]) -> list[Json]:
    return [
        {"key": key, "value": {"stringValue": value} if isinstance(value, str) else {"intValue": str(value)}}
        for key, value in values.items()
    ]
