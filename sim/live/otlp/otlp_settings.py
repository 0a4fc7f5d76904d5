"""Where and how a run is told to an OpenTelemetry collector: by the standard's own variables, and no others.

https://opentelemetry.io/docs/specs/otel/protocol/exporter/ and
https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

import attrs

from actors.secret import Secret
from sim.config.usage import UsageError

PRODUCT = "nextcloud-mcp-simulate"
BASE = "OTEL_EXPORTER_OTLP"
SIGNALS = ("metrics", "traces")
INTERVAL_S = 10.0
"""The standard says a minute; a run is over by then."""
TIMEOUT_S = 10.0
MAX_MS = 10**8
SPOKEN = ("http/json", "http/protobuf")
"""A collector that takes protobuf over HTTP takes JSON at the same address (OTLP 1.0)."""


@attrs.frozen
class Receiver:
    """Where one signal goes. `headers` may hold what proves who we are."""

    url: str
    headers: Mapping[str, Secret]
    timeout_s: float
    ca_file: Path | None
    compresses: bool


@attrs.frozen
class OtlpSettings:
    """None: that signal is not sent. `attributes`: of the resource."""

    metrics: Receiver | None
    traces: Receiver | None
    interval_s: float
    attributes: Mapping[str, str]


def otlp_settings(environment: Mapping[str, str]) -> OtlpSettings | None:
    """None where no collector was named. Raises UsageError for what cannot be meant."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return None
    metrics, traces = (_receiver(environment, signal) for signal in SIGNALS)
    if metrics is None and traces is None:
        return None
    interval_s = _milliseconds(environment, "OTEL_METRIC_EXPORT_INTERVAL", INTERVAL_S)
    if not interval_s:
        raise UsageError("OTEL_METRIC_EXPORT_INTERVAL: more than 0 milliseconds")
    return OtlpSettings(metrics, traces, interval_s, _attributes(environment))


def _receiver(environment: Mapping[str, str], signal: str) -> Receiver | None:
    """What is said of the signal alone comes first."""
    exporters = environment.get(f"OTEL_{signal.upper()}_EXPORTER", "otlp").strip().lower()
    if exporters and "otlp" not in exporters.split(","):
        return None
    own, base = f"{BASE}_{signal.upper()}_ENDPOINT", f"{BASE}_ENDPOINT"
    if url := environment.get(own, "").strip():
        address = _checked(own, url)
    elif url := environment.get(base, "").strip():
        address = f"{_checked(base, url).rstrip('/')}/v1/{signal}"
    else:
        return None
    name, protocol = _said(environment, signal, "PROTOCOL")
    if protocol and protocol not in SPOKEN:
        raise UsageError(f"{name}: {protocol!r} is not spoken, but {SPOKEN[0]} (a collector's port 4318)")
    return Receiver(
        address,
        _headers(*_said(environment, signal, "HEADERS")),
        _milliseconds(environment, _said(environment, signal, "TIMEOUT")[0], TIMEOUT_S) or TIMEOUT_S,
        _ca_file(*_said(environment, signal, "CERTIFICATE")),
        compresses=_compresses(*_said(environment, signal, "COMPRESSION")),
    )


def _said(environment: Mapping[str, str], signal: str, what: str) -> tuple[str, str]:
    """The name of the variable that counts, and what it says."""
    own = f"{BASE}_{signal.upper()}_{what}"
    name = own if environment.get(own, "").strip() else f"{BASE}_{what}"
    return name, environment.get(name, "").strip()


def _checked(name: str, url: str) -> str:
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_good = False
    if not is_good or parts.username is not None or not url.isascii() or not url.isprintable():
        usual = f"it reads http://localhost:4318, and secrets go into {BASE}_HEADERS"
        raise UsageError(f"{name}: no address; {usual}")
    return url


def _headers(name: str, text: str) -> dict[str, Secret]:
    """`key=value,key=value`, percent-encoded (W3C Baggage)."""
    headers: dict[str, Secret] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        key, equals, value = part.partition("=")
        key, value = key.strip(), unquote(value.strip())
        is_name = key.isascii() and all(each.isalnum() or each in "!#$%&'*+-.^_`|~" for each in key)
        if not (equals and key and is_name and value.isascii() and value.isprintable()):
            raise UsageError(f"{name}: reads key=value,key=value, percent-encoded")
        headers[key] = Secret(value)
    return headers


def _attributes(environment: Mapping[str, str]) -> dict[str, str]:
    """Those that were said; the service's name is always there."""
    attributes = {"service.name": PRODUCT}
    for part in environment.get("OTEL_RESOURCE_ATTRIBUTES", "").split(","):
        key, equals, value = part.partition("=")
        if equals and key.strip():
            attributes[unquote(key.strip())] = unquote(value.strip())
    if service := environment.get("OTEL_SERVICE_NAME", "").strip():
        attributes["service.name"] = service
    return attributes


def _milliseconds(environment: Mapping[str, str], name: str, usual_s: float) -> float:
    text = environment.get(name, "").strip()
    if not text:
        return usual_s
    if not (text.isascii() and text.isdecimal() and int(text[:10]) < MAX_MS and len(text) < 10):
        raise UsageError(f"{name}: {text[:20]!r} is no number of milliseconds")
    return int(text) / 1000


def _ca_file(name: str, text: str) -> Path | None:
    if not text:
        return None
    try:
        ssl.create_default_context(cafile=text)
    except OSError as error:
        raise UsageError(f"{name}: {text!r}: {error.strerror or 'no certificates'}") from None
    return Path(text)


def _compresses(name: str, text: str) -> bool:
    if text not in ("", "none", "gzip"):
        raise UsageError(f"{name}: gzip or none, not {text[:20]!r}")
    return text == "gzip"
