"""A run is told to a collector by its own schema; one that is dead, slow or says no costs one line."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from random import Random
from typing import Any

import attrs
import pytest
import trio

from actors.errors import Outcome
from actors.events import Execution, Phase, PhaseBegan
from actors.trace_context import Traces, span_id_of, trace_id_of
from sim import __version__
from sim.config.grammar.threshold import parse_threshold
from sim.live.otlp import exporting as room
from sim.live.otlp.exporting import OtlpExporter, exporting
from sim.live.otlp.otlp_settings import OtlpSettings, otlp_settings
from sim.measure.hub import Hub
from sim.measure.tally import Tally
from sim.measure.thresholds import judge
from tests.support.collector import collector, plain
from tests.support.facts import call, execution

BOUND_S = 60.0


@asynccontextmanager
async def told(settings: OtlpSettings) -> AsyncIterator[tuple[Hub, OtlpExporter, list[str]]]:
    lines: list[str] = []
    hub = Hub(Tally())
    with trio.fail_after(BOUND_S):
        async with exporting(hub, settings, lines.append) as exporter:
            assert exporter is not None
            hub.emit(PhaseBegan(Phase.MEASURED, trio.current_time()))
            yield hub, exporter, lines
            hub.close()
    assert not hub.failures


def settings_of(url: str, **said: str) -> OtlpSettings:
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_METRIC_EXPORT_INTERVAL": "50", **said}
    settings = otlp_settings(environment)
    assert settings is not None
    return settings


def play(hub: Hub, traces: Traces, number: int) -> Execution:
    """One execution whose user looked three times."""
    trace = traces.begin(number)
    for step in ("share", "look", "look", "look"):
        hub.emit(call(0.01, step=step, execution=number, traceparent=trace.next()))
    hub.emit(call(0.02, Outcome.TOOL_ERROR, step="read", text="no room", traceparent=trace.next()))
    whole = execution(number=number, traceparent=trace.root)
    hub.emit(whole)
    return whole


def by_name(metrics: list[Any]) -> dict[str, Any]:
    return {metric.name: metric for metric in metrics}


async def until(done: Any) -> None:
    while not done():  # noqa: ASYNC110
        await trio.sleep(0.01)


@pytest.mark.parametrize("said", [{}, {"OTEL_EXPORTER_OTLP_COMPRESSION": "gzip"}])
async def test_metrics_arrive_now_and_then_and_at_the_end_and_only_grow(said: dict[str, str]) -> None:
    own = {"OTEL_SERVICE_NAME": "mine", "OTEL_EXPORTER_OTLP_HEADERS": "x-key=se%20cret", **said}
    async with collector() as found:
        async with told(settings_of(found.url, **own)) as (hub, exporter, lines):
            exporter.figures.verdicts = lambda: [judge(parse_threshold("calls: p(95)<1s"), hub.so_far())]
            play(hub, Traces(Random(1)), 1)
            hub.close_window()
            await until(lambda: len(found.metrics) >= 2)
            play(hub, Traces(Random(1)), 2)
        assert (lines, exporter.failures) == ([], 0)
        totals = [
            sum(point.as_double for point in by_name(each)["simulate.calls"].sum.data_points)
            for each in found.metrics
            if "simulate.calls" in by_name(each)
        ]
        assert totals == sorted(totals)
        assert totals[-1] == 10
        last = by_name(found.metrics[-1])
        assert last["simulate.calls"].sum.is_monotonic
        points = last["simulate.call.duration"].histogram.data_points
        times = {plain(each.attributes)["step"]: each for each in points}
        assert {step: point.count for step, point in times.items()} == {"share": 2, "look": 6}
        for point in times.values():
            assert sum(point.bucket_counts) == point.count
            assert len(point.bucket_counts) == len(point.explicit_bounds) + 1
            assert 0 < point.start_time_unix_nano < point.time_unix_nano
        assert last["simulate.export.failures"].sum.data_points[0].as_double == 0
        assert last["simulate.threshold.ok"].gauge.data_points[0].as_double == 1
        told_of = {(each["service.name"], each["service.version"]) for each in found.resources}
        assert told_of == {("mine", __version__)}
        assert {each["x-key"] for each in found.headers} == {"se cret"}
        assert not found.spans


async def test_spans_of_sampled_executions_arrive_as_a_tree_with_the_ids_that_calls_bear() -> None:
    async with collector() as found:
        traces = Traces(Random(2), share=0.5)
        async with told(settings_of(found.url, OTEL_METRICS_EXPORTER="none")) as (hub, _, lines):
            played = [play(hub, traces, number) for number in range(1, 41)]
        assert lines == []
        sampled = {trace_id_of(each.traceparent) for each in played if each.traceparent.endswith("01")}
        assert 0 < len(sampled) < 40
        assert {span.trace_id.hex() for span in found.spans} == sampled
        roots = {span.span_id.hex() for span in found.spans if not span.parent_span_id}
        chosen = [each.traceparent for each in played if trace_id_of(each.traceparent) in sampled]
        assert roots == set(map(span_id_of, chosen))
        ids = [span.span_id for span in found.spans]
        assert len(set(ids)) == len(ids)
        assert all(span.parent_span_id in ids for span in found.spans if span.parent_span_id)
        shape = Counter(span.name for span in found.spans)
        # One step for the three looks, and each look within it.
        assert shape == {
            name: count * len(sampled)
            for name, count in (("note_share", 1), ("share", 1), ("look", 4), ("read", 1))
        }
        failed = [span for span in found.spans if span.name == "read"]
        assert {span.status.message for span in failed} == {"no room"}
        assert not found.metrics


async def answers(text: bytes, stream: trio.SocketStream) -> bool:
    await stream.send_all(text)
    return False


async def says_no(stream: trio.SocketStream) -> bool:
    return await answers(b"HTTP/1.1 503 no\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n", stream)


async def says_nothing(stream: trio.SocketStream) -> bool:
    await trio.sleep_forever()


async def says_nonsense(stream: trio.SocketStream) -> bool:
    return await answers(b"\x00\xff nonsense\r\n\r\n", stream)


async def never_ends(stream: trio.SocketStream) -> bool:
    await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n")
    with suppress(trio.BrokenResourceError):
        while True:
            await stream.send_all(b"x" * 65_536)
    return False


async def takes_a_part(stream: trio.SocketStream) -> bool:
    body = b'{"partialSuccess":{"rejectedDataPoints":"3","errorMessage":"too \\u001b many"}}'
    return await answers(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body), stream)


@pytest.mark.parametrize("behave", [says_no, says_nothing, says_nonsense, never_ends, takes_a_part])
async def test_a_bad_collector_costs_one_line_and_is_counted(
    behave: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "LAST_CHANCE_S", 0.3)
    key = {"OTEL_EXPORTER_OTLP_HEADERS": "x-key=hush-hush", "OTEL_EXPORTER_OTLP_TIMEOUT": "100"}
    async with collector(behave) as found:
        async with told(settings_of(found.url, **key)) as (hub, exporter, lines):
            play(hub, Traces(Random(1), share=1.0), 1)
            await until(lambda: exporter.failures >= 3)
    assert len(lines) == 1
    assert lines[0].isprintable()
    assert "hush" not in lines[0]


async def test_nobody_there_costs_one_line_too_and_what_was_not_taken_is_sent_when_somebody_is() -> None:
    taken = trio.socket.socket()
    await taken.bind(("127.0.0.1", 0))
    port = taken.getsockname()[1]
    taken.close()
    settings = settings_of(f"http://127.0.0.1:{port}", OTEL_METRICS_EXPORTER="none")
    async with told(settings) as (hub, exporter, lines):
        play(hub, Traces(Random(1), share=1.0), 1)
        await until(lambda: exporter.failures >= 2)
        assert len(lines) == 1
        async with collector() as found:
            assert exporter._traces is not None
            receiver = attrs.evolve(exporter._traces._receiver, url=f"{found.url}/v1/traces")
            exporter._traces._receiver = receiver
            await until(lambda: found.spans)
            assert len(found.spans) == 7


def test_secrets_are_in_no_text_of_the_settings() -> None:
    settings = settings_of("http://localhost:4318", OTEL_EXPORTER_OTLP_HEADERS="authorization=Basic%20hush")
    assert "hush" not in repr(settings)
    assert settings.metrics is not None
    assert settings.metrics.headers["authorization"].reveal() == "Basic hush"
