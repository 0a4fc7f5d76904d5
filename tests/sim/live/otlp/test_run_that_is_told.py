"""A whole run, told to a collector by nothing but the standard's variables; a dead one changes nothing."""

from __future__ import annotations

from pathlib import Path

import trio

from sim.runtime.exit import ExitCode
from tests.support.collector import collector, plain
from tests.support.processes import simulate

SHORT = ("--users", "2", "--duration", "2s", "--warmup", "0", "--login", "http", "--no-history")


async def test_a_run_tells_its_metrics_and_the_traces_of_all_its_executions(tmp_path: Path) -> None:
    with trio.fail_after(60):
        async with collector() as found:
            environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": found.url, "OTEL_METRIC_EXPORT_INTERVAL": "1000"}
            words = (*SHORT, "--trace", "100%", "--threshold", "calls: p(95)<1s")
            played = await trio.to_thread.run_sync(simulate, words, environment, tmp_path)
        assert played.returncode == ExitCode.OK, played.stderr
        assert "OTLP" not in played.stderr
        last = {metric.name: metric for metric in found.metrics[-1]}
        endings = last["simulate.executions"].sum.data_points
        roots = [span for span in found.spans if not span.parent_span_id]
        assert len(roots) == sum(point.as_double for point in endings) > 0
        assert plain(last["simulate.threshold.ok"].gauge.data_points[0].attributes) == {
            "threshold": "calls: p(95)<1s"
        }


async def test_a_run_whose_collector_is_dead_ends_as_it_would_with_one_line(tmp_path: Path) -> None:
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_METRIC_EXPORT_INTERVAL": "500"}
    with trio.fail_after(60):
        played = await trio.to_thread.run_sync(simulate, SHORT, environment, tmp_path)
    assert played.returncode == ExitCode.OK, played.stderr
    assert played.stderr.count("OTLP") == 1


def test_variables_that_cannot_be_meant_are_refused_before_anything_is_created(tmp_path: Path) -> None:
    played = simulate(SHORT, {"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"}, tmp_path)
    assert played.returncode == ExitCode.USAGE
    assert "OTEL_EXPORTER_OTLP_ENDPOINT" in played.stderr
    assert "Step" not in played.stderr
