"""All who look on at one run: the console, its page, a collector, and whoever else was named."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

import trio

from sim.config.grammar.duration import format_duration
from sim.config.model import Config
from sim.live.console import LiveConsole
from sim.live.looking_on import address_of, may_steer, outlook, planned_seconds
from sim.live.otlp.exporting import OtlpExporter, Warn, exporting
from sim.live.otlp.otlp_settings import otlp_settings
from sim.live.page.live_page import Drawing, LivePage
from sim.live.page.scrape_token import scrape_token
from sim.measure.hub import Hub, Looker, looked_on_by
from sim.measure.thresholds import Verdict
from sim.runtime.clock import Clock
from sim.runtime.commands import Steerable
from sim.runtime.stop import Stop, StopSource


class Onlookers:
    """Made once a run. In this order: `page`, in it `looking_on`, in that `load_begins`; then `finish`.

    Raises UsageError where the page cannot be served at its address, for a file that has no token, and for
    `OTEL_` variables that cannot be meant.

    Args:
        look_on: told what they want, beside the console.
        complain: says a line that is said also when all else is quiet.
    """

    def __init__(self, config: Config, clock: Clock, complain: Warn, look_on: Looker | None = None) -> None:
        output = config.output
        self._config = config
        self._clock = clock
        self._complain = complain
        self.console = LiveConsole(output.quiet, verbose=output.verbose and look_on is None)
        # Who says nothing needs to be told nothing.
        self._lookers: list[Looker] = (
            [] if output.quiet else [Looker(self.console.follow, self.console.wants)]
        )
        if look_on is not None:
            self._lookers.append(look_on)
        self._scrape = scrape_token(output.metrics_token_file)
        self._taken = address_of(output)
        self._page: LivePage | None = None
        # On the virtual clock there are no sockets.
        self._otlp = otlp_settings(os.environ) if clock.goes_by_itself else None
        self._exporter: OtlpExporter | None = None

    @asynccontextmanager
    async def page(
        self, drawing: Drawing, groups: Mapping[str, tuple[str, float]] | None
    ) -> AsyncIterator[None]:
        """Serve the run's page while the block lasts, where one is wanted.

        Args:
            groups: what can be changed there; None: nothing.
        """
        if self._taken is None:
            yield
            return
        groups = groups if may_steer(self._config.output) else None
        seconds = planned_seconds(self._config)
        self._page = LivePage(self._taken, drawing, groups=groups, seconds=seconds, scrape=self._scrape)
        self._lookers.append(Looker(self._page.follow, self._page.wants))
        self.console.say(f"Live page: {self._page.address}")
        async with self._page.open():
            yield

    @asynccontextmanager
    async def looking_on(self, hub: Hub) -> AsyncIterator[None]:
        """They look on while the block lasts, and the hub closes its windows."""
        async with (
            exporting(hub, self._otlp, self._complain) as self._exporter,
            trio.open_nursery() as background,
            looked_on_by(hub, self._lookers),
        ):
            background.start_soon(hub.tick)
            background.start_soon(self._clock.meanwhile, self.console.keep_up)
            if self._page is not None:
                background.start_soon(self._page.keep_drawn)
            yield
            background.cancel_scope.cancel()
        self.console.leave()

    def load_begins(
        self, target: str, verdicts: Callable[[], Sequence[Verdict]], steering: Steerable | None, stop: Stop
    ) -> None:
        """There is something to judge and, where that may be, to steer."""
        address = self._page.address if self._page else ""
        self.console.outlook = outlook(self._config, target, address, verdicts, lambda: stop.level or 0)
        if self._page is not None:
            self._page.steerable = steering
            self._page.figures.verdicts = verdicts
        if self._exporter is not None:
            self._exporter.figures.verdicts = verdicts

    async def finish(self, ending: Callable[[], tuple[str, str, str]], source: StopSource) -> None:
        """The page becomes the report, which `ending` makes, and is served on for as long as was said."""
        if self._page is None:
            return
        await self._page.finish(*ending())
        if serve_for_s := self._config.output.serve_for_s:
            self.console.say(f"Serving the report for {format_duration(serve_for_s)} (Ctrl-C ends that)")
            await self._page.serve_on(serve_for_s, source)
