"""Tells a run to a collector while it goes on: metrics now and then, and the spans of the sampled share.

It follows a queue of its own, and sends from a task of its own: a collector that is dead, slow or says no
costs one line, is counted, and holds up nothing. At the end it has one bounded last chance.
"""

from __future__ import annotations

import gzip
import json
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import trio

from actors.events import Call, Execution
from actors.text import harmless
from sim import __version__
from sim.live.otlp.otlp_json import Json, metrics_message, traces_message
from sim.live.otlp.otlp_settings import OtlpSettings, Receiver
from sim.live.otlp.spans import SpanBuffer, wanted
from sim.measure import metric_names
from sim.measure.hub import Hub, Subscription, Told
from sim.measure.metric_family import FilledFamily
from sim.measure.running_figures import RunningFigures
from sim.measure.snapshot import Snapshot

LAST_CHANCE_S = 3.0
MAX_QUEUED = 20_000
MAX_SPANS_SENT = 2_000
"""In one message."""
MAX_ANSWER_BYTES = 65_536
Warn = Callable[[str], None]


class NotExported(Exception):
    """What became of a message that a collector did not take; `str()` is what to tell."""


class Collector:
    """Sends messages; see `send`."""

    def __init__(self, receiver: Receiver, client: httpx.AsyncClient) -> None:
        self._receiver = receiver
        self._client = client
        parts = urlsplit(receiver.url)
        self.name = f"{parts.scheme}://{parts.netloc}{parts.path}"

    async def send(self, message: Json) -> None:
        """Raises NotExported; cancelled, the collector may have it or not."""
        body = json.dumps(message, allow_nan=False).encode("utf-8", "replace")
        headers = {"content-type": "application/json"}
        headers |= {name: value.reveal() for name, value in self._receiver.headers.items()}
        if self._receiver.compresses:
            body, headers["content-encoding"] = gzip.compress(body, 5), "gzip"
        try:
            with trio.move_on_after(self._receiver.timeout_s) as scope:
                answered = await self._post(body, headers, scope)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NotExported(type(error).__name__) from None
        if scope.cancelled_caught:
            raise NotExported(f"no answer within {self._receiver.timeout_s:g} s, or one without end")
        if rejected := rejected_of(answered):
            raise NotExported(rejected)

    async def _post(self, body: bytes, headers: dict[str, str], scope: trio.CancelScope) -> bytes:
        answered = b""
        async with self._client.stream("POST", self._receiver.url, content=body, headers=headers) as answer:
            async for piece in answer.aiter_raw():
                answered += piece
                if len(answered) > MAX_ANSWER_BYTES:
                    # httpx's generators end cleanly by what is raised within them, and not otherwise.
                    scope.cancel()
        if answer.status_code != 200:
            raise NotExported(f"HTTP {answer.status_code}")
        return answered


def rejected_of(answer: bytes) -> str:
    """What a collector took only in part (OTLP, Partial Success); "" where it took all, or says nothing."""
    try:
        partial = json.loads(answer or b"{}").get("partialSuccess") or {}
        count = int(partial.get("rejectedDataPoints") or partial.get("rejectedSpans") or 0)
        return f"{count} rejected: {harmless(str(partial.get('errorMessage', '')))}" if count else ""
    except (ValueError, AttributeError, TypeError, RecursionError):
        return ""


class OtlpExporter:
    """One run's; made by `exporting`.

    Attributes:
        figures: what the metrics are made of.
        failures: how many messages did not arrive.
    """

    def __init__(self, settings: OtlpSettings, warn: Warn) -> None:
        self._settings = settings
        # Two runs at once are two, also where both have the same name.
        own = {"service.version": __version__, "service.instance.id": str(uuid4())}
        self._resource = {**own, **settings.attributes}
        self._warn = warn
        self._since_ns = time.time_ns()
        self._spans = SpanBuffer(self._since_ns - round(trio.current_time() * 1e9))
        self._metrics: Collector | None = None
        self._traces: Collector | None = None
        self.figures = RunningFigures()
        self.failures = 0

    def wants(self, told: Told) -> bool:
        """Windows, and what is of sampled executions."""
        match told:
            case Snapshot():
                return True
            case Call() | Execution():
                return self._settings.traces is not None and wanted(told)
            case _:
                return False

    def take(self, told: Told) -> None:
        match told:
            case Snapshot():
                self.figures.add(told)
            case Call():
                self._spans.take_call(told)
            case Execution():
                self._spans.take_execution(told)
            case _:
                pass

    async def run(self, told: Subscription) -> None:
        """Send now and then until nothing more is told; then once more, within `LAST_CHANCE_S`."""
        async with AsyncExitStack() as stack:
            self._metrics, self._traces = [
                None if each is None else Collector(each, await stack.enter_async_context(client_of(each)))
                for each in (self._settings.metrics, self._settings.traces)
            ]
            is_over = trio.Event()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._send_now_and_then, is_over)
                async for each in told:
                    self.take(each)
                is_over.set()
                # What is on its way may arrive: a connection that is cut off takes the last word with it.
                nursery.cancel_scope.deadline = deadline = trio.current_time() + LAST_CHANCE_S
            with trio.move_on_at(deadline) as scope:
                await self.send_all()
            if scope.cancelled_caught:
                self._note_failure("the collector", f"no answer within {LAST_CHANCE_S:g} s at the end")

    async def _send_now_and_then(self, is_over: trio.Event) -> None:
        while True:
            with trio.move_on_after(self._settings.interval_s):
                await is_over.wait()
                return
            await self.send_all()

    async def send_all(self) -> None:
        """What is known now. Raises nothing expected."""
        if self._metrics is not None:
            families = [*self.figures.families(), *self._of_itself()]
            message = metrics_message(self._resource, __version__, families, self._since_ns, time.time_ns())
            await self._try(self._metrics, message)
        arrived = self._traces is not None
        while arrived and self._traces is not None and (spans := self._spans.take(MAX_SPANS_SENT)):
            arrived = False
            try:
                arrived = await self._try(self._traces, traces_message(self._resource, __version__, spans))
            finally:
                # Cancelled too: who gets a span twice knows it by its id.
                self._spans.put_back([] if arrived else spans)

    def _of_itself(self) -> Iterator[FilledFamily]:
        yield metric_names.EXPORT_FAILURES.of({(): self.failures})
        yield metric_names.SPANS_DROPPED.of({(): self._spans.dropped})

    async def _try(self, collector: Collector, message: Json) -> bool:
        try:
            await collector.send(message)
        except NotExported as problem:
            self._note_failure(collector.name, str(problem))
            return False
        return True

    def _note_failure(self, name: str, problem: str) -> None:
        self.failures += 1
        if self.failures == 1:
            self._warn(f"OTLP: {name} took nothing ({problem}); the run goes on, and this is not said again")


def client_of(receiver: Receiver) -> httpx.AsyncClient:
    """Who sends, and what is trusted."""
    is_encrypted = receiver.url.startswith("https:")
    trust = ssl.create_default_context(cafile=receiver.ca_file) if is_encrypted else False
    return httpx.AsyncClient(verify=trust, timeout=receiver.timeout_s, follow_redirects=False)


@asynccontextmanager
async def exporting(
    hub: Hub, settings: OtlpSettings | None, warn: Warn
) -> AsyncIterator[OtlpExporter | None]:
    """A run is told while the block lasts, and a while longer. None: nobody asked for that.

    The hub has to be closed within the block. What is unforeseen is a failure of the hub's, and ends no run.
    """
    if settings is None:
        yield None
        return
    exporter = OtlpExporter(settings, warn)

    async def run(told: Subscription) -> None:
        try:
            await exporter.run(told)
        except Exception as error:
            hub.failures.append(error)

    with hub.subscribe(exporter.wants, MAX_QUEUED) as told:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(run, told)
            try:
                yield exporter
            finally:
                told.end()
                nursery.cancel_scope.deadline = trio.current_time() + LAST_CHANCE_S + 1
