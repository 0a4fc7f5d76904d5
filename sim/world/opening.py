"""The kinds of world that there are, and opening the one that was asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from actors.events import Emit
from sim.config.model import Config
from sim.runtime.stop import Stop
from sim.world.worlds import ALONE, Given, World, WorldKind


def kind_of(config: Config) -> WorldKind:
    """The kind that was asked for: the one place that knows them all. What each imports is its own."""
    if config.target.virtual:
        from sim.world.virtual.world import VIRTUAL

        return VIRTUAL
    from sim.world.live import LIVE

    return LIVE


@asynccontextmanager
async def open_world(config: Config, emit: Emit, stop: Stop, given: Given = ALONE) -> AsyncIterator[World]:
    """The world that `config` asks for. What is done in it is the work that `stop` may end.

    Leaving it, however, removes what was made in it: also when the work was cancelled or broke; only
    the third level of `stop` gets past that. Raises SetupError, maybe within groups.
    """
    async with kind_of(config).open(config, emit, stop, given) as world:
        with stop.work:
            yield world
