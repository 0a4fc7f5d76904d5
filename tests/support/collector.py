"""An OpenTelemetry collector on this machine: takes OTLP/JSON, and holds it against the protobuf schema."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import attrs
import h11
import trio
from google.protobuf import json_format  # type: ignore[import-untyped]
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

SCHEMAS: dict[str, Any] = {
    "/v1/metrics": ExportMetricsServiceRequest,
    "/v1/traces": ExportTraceServiceRequest,
}
Behave = Callable[[trio.SocketStream], Awaitable[bool]]


@attrs.define
class CollectorInTest:
    """What it was sent. `behave`: writes the answer itself, and says whether it goes on."""

    url: str = ""
    behave: Behave | None = None
    requests: int = 0
    metrics: list[Any] = attrs.Factory(list)
    spans: list[Any] = attrs.Factory(list)
    resources: list[dict[str, str]] = attrs.Factory(list)
    headers: list[dict[str, str]] = attrs.Factory(list)
    answer: bytes = b"{}"

    def take(self, request: h11.Request, body: bytes) -> None:
        """Raises where it is not as the schema says: json_format ignores nothing."""
        headers = {name.decode(): value.decode() for name, value in request.headers}
        self.headers.append(headers)
        assert headers["content-type"] == "application/json"
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        message: Any = json_format.Parse(hexadecimal(body), SCHEMAS[request.target.decode()]())
        for each in getattr(message, "resource_metrics", ()):
            self.metrics.append([metric for scope in each.scope_metrics for metric in scope.metrics])
            self.resources.append(plain(each.resource.attributes))
        for each in getattr(message, "resource_spans", ()):
            self.spans += [span for scope in each.scope_spans for span in scope.spans]
            self.resources.append(plain(each.resource.attributes))


def hexadecimal(body: bytes) -> str:
    """Ids are hexadecimal in OTLP/JSON, against the mapping of protobuf (base64)."""

    def changed(value: Any) -> Any:
        match value:
            case dict():
                return {
                    key: base64.b64encode(bytes.fromhex(each)).decode()
                    if key in ("traceId", "spanId", "parentSpanId")
                    else changed(each)
                    for key, each in value.items()
                }
            case list():
                return [changed(each) for each in value]
            case _:
                return value

    return json.dumps(changed(json.loads(body)))


def plain(attributes: Any) -> dict[str, Any]:
    """Attributes of OTLP as Python has them."""
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}


@asynccontextmanager
async def collector(behave: Behave | None = None) -> AsyncIterator[CollectorInTest]:
    """Listens while the block lasts."""
    found = CollectorInTest(behave=behave)
    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, partial(serve, found), 0, host="127.0.0.1"))
        found.url = f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}"
        yield found
        nursery.cancel_scope.cancel()


async def serve(found: CollectorInTest, stream: trio.SocketStream) -> None:
    connection, goes_on = h11.Connection(h11.SERVER), True
    while goes_on:
        request, body = None, b""
        while not isinstance(event := connection.next_event(), h11.EndOfMessage):
            if event is h11.NEED_DATA:
                connection.receive_data(await stream.receive_some(65_536))
            elif isinstance(event, h11.Request):
                request = event
            elif isinstance(event, h11.Data):
                body += event.data
            else:
                return
        assert request is not None
        found.requests += 1
        if found.behave is not None:
            goes_on = await found.behave(stream)
            return
        found.take(request, body)
        head = h11.Response(status_code=200, headers=[("content-length", str(len(found.answer)))])
        for part in (head, h11.Data(found.answer), h11.EndOfMessage()):
            await stream.send_all(connection.send(part) or b"")
        connection.start_next_cycle()
