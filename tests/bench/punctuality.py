"""How punctual the generator is, and how fast a crowd is sent home."""

from __future__ import annotations

import math
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from random import Random

import trio

from actors.login.basic import Nobody
from actors.offered_tool import OfferedTool
from actors.ports import Credentials, Person, ToolSession
from actors.roster import open_roster
from actors.secret import Secret
from sim.config.grammar.shapes import OpenProfile, Stage
from sim.measure.sketch import Sketch
from sim.runtime.collection import rare_collection
from tests.support.tallying import Recorder


async def lateness(rate: int, seconds: int) -> Sketch:
    """How late arrivals start that are due at `rate` a second, with nothing else to do."""
    late, begun = Sketch(), trio.current_time() + 0.1
    profile = OpenProfile((Stage(0, rate), Stage(seconds, rate)))
    async with trio.open_nursery() as nursery:
        for at in profile.arrivals(Random(1)):
            await trio.sleep_until(begun + at)
            late.add(max(0.0, trio.current_time() - begun - at))
            nursery.start_soon(trio.lowlevel.checkpoint)
    return late


class Nowhere:
    """Opens sessions with nobody."""

    @asynccontextmanager
    async def open_session(self, person: Person, credentials: Credentials) -> AsyncIterator[ToolSession]:
        await trio.lowlevel.checkpoint()
        yield Silent()


class Silent:
    protocol = "none"

    async def prepare(self, traceparent: str = "", bound_s: float = math.inf) -> None:
        return None

    async def call_tool(self, name: str, arguments: object) -> object:
        return None

    async def read_resource(self, uri: str) -> object:
        return None

    async def list_tools(self) -> dict[str, OfferedTool]:
        return {}


async def cancelled(users: int) -> float:
    """CPU seconds from cancelling so many users who wait in their inboxes until all of them have gone."""
    begun = 0.0
    with ExitStack() as collection, trio.CancelScope() as scope:
        async with open_roster(Nowhere(), Recorder(), seed=1) as roster:
            for number in range(users):
                roster.enter(Person(f"user_{number}", Secret("")), Nobody())
            await roster.wait_until(lambda roster: roster.count_on_stage == users)
            collection.enter_context(rare_collection())  # as a run has it until everybody has gone
            begun = time.process_time()
            scope.cancel()
    return time.process_time() - begun
