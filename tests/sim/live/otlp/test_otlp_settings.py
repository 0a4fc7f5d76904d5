"""The standard's variables: what counts, and what cannot be meant."""

from __future__ import annotations

import pytest

from sim.config.usage import UsageError
from sim.live.otlp.otlp_settings import otlp_settings

E = "OTEL_EXPORTER_OTLP_"


@pytest.mark.parametrize(
    ("environment", "metrics", "traces"),
    [
        ({f"{E}ENDPOINT": "http://c:4318"}, "http://c:4318/v1/metrics", "http://c:4318/v1/traces"),
        ({f"{E}ENDPOINT": "https://c/otlp/"}, "https://c/otlp/v1/metrics", "https://c/otlp/v1/traces"),
        ({f"{E}METRICS_ENDPOINT": "http://m/x"}, "http://m/x", None),
        (
            {f"{E}ENDPOINT": "http://c", f"{E}TRACES_ENDPOINT": "http://t/y"},
            "http://c/v1/metrics",
            "http://t/y",
        ),
        ({f"{E}ENDPOINT": "http://c", "OTEL_TRACES_EXPORTER": "none"}, "http://c/v1/metrics", None),
    ],
)
def test_what_is_said_of_a_signal_counts_before_what_is_said_of_both(
    environment: dict[str, str], metrics: str | None, traces: str | None
) -> None:
    settings = otlp_settings(environment)
    assert settings is not None
    urls = [each and each.url for each in (settings.metrics, settings.traces)]
    assert urls == [metrics, traces]


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"OTEL_SERVICE_NAME": "x"},
        {f"{E}ENDPOINT": " "},
        {f"{E}ENDPOINT": "http://c", "OTEL_SDK_DISABLED": "true"},
        {f"{E}ENDPOINT": "http://c", "OTEL_METRICS_EXPORTER": "none", "OTEL_TRACES_EXPORTER": "console"},
    ],
)
def test_without_a_collector_nothing_is_sent(environment: dict[str, str]) -> None:
    assert otlp_settings(environment) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (f"{E}ENDPOINT", "c:4318"),
        (f"{E}ENDPOINT", "http://me:hush-hush@c"),
        (f"{E}ENDPOINT", "http://c:99999"),
        (f"{E}PROTOCOL", "grpc"),
        (f"{E}HEADERS", "hush-hush"),
        (f"{E}HEADERS", "a=hush%0d%0ahush"),
        (f"{E}TIMEOUT", "soon"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "0"),
        (f"{E}CERTIFICATE", "/no/such/file"),
        (f"{E}COMPRESSION", "lz4"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_line_without_secrets(name: str, value: str) -> None:
    with pytest.raises(UsageError, match=name) as caught:
        otlp_settings({f"{E}ENDPOINT": "http://c", name: value})
    assert str(caught.value).isprintable()
    assert "hush" not in str(caught.value)


def test_the_resource_has_what_was_said_and_always_a_service() -> None:
    said = {f"{E}ENDPOINT": "http://c", "OTEL_RESOURCE_ATTRIBUTES": "team=a%20b,service.name=x,broken"}
    settings = otlp_settings(said)
    assert settings is not None
    assert settings.attributes == {"service.name": "x", "team": "a b"}
    named = otlp_settings({**said, "OTEL_SERVICE_NAME": "y"})
    assert named is not None
    assert named.attributes["service.name"] == "y"
