"""MCP sessions without a wire: each user's calls go straight to the tools of a stand-in in this process."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from random import Random
from typing import TypeVar

import trio

from actors.answer import Json
from actors.draws import draws_of
from actors.errors import CallError, Outcome
from actors.network import Network
from actors.offered_tool import OfferedTool
from actors.ports import Credentials, Person
from actors.tool_results import read_tool_result
from sim.runtime.leaping import pass_time
from sim.standin.inside import StandinInside
from sim.standin.toolbox import Toolbox
from sim.world.virtual.server import ServerQueue

T = TypeVar("T")


def offered_by(toolbox: Toolbox) -> dict[str, OfferedTool]:
    """Its tools, as they are listed to everybody."""
    return {
        name: OfferedTool.described(
            name,
            spec.schema,
            spec.output_schema,
            is_read_only=spec.is_read_only,
            is_destructive=spec.is_destructive,
            is_idempotent=spec.is_idempotent,
        )
        for name, spec in toolbox.tools.items()
    }


class InProcessConnector:
    """Opens sessions on a stand-in's tools. See `actors.ports.Connector`.

    Args:
        networks: the way to the server by region; who has no region has no way to go.
        call_timeout_s: bounds each call, the time on the network included.
        seed: of every user's draws of network and service times.
    """

    def __init__(
        self,
        standin: StandinInside,
        server: ServerQueue,
        networks: Mapping[str, Network],
        call_timeout_s: float,
        seed: int,
    ) -> None:
        self.standin = standin
        self.server = server
        self._networks = networks
        self._call_timeout_s = call_timeout_s
        self._seed = seed
        self._sessions: Counter[str] = Counter()

    @asynccontextmanager
    async def open_session(self, person: Person, credentials: Credentials) -> AsyncIterator[InProcessSession]:
        network = self._networks.get(person.region, Network())
        self._sessions[person.uid] += 1
        draws = draws_of(f"{self._seed}/server/{person.uid}", self._sessions[person.uid])
        await trio.sleep(network.handshake(draws))
        yield InProcessSession(self, person.uid, network, draws, self._call_timeout_s)


class InProcessSession:
    """One user's session; see `actors.ports.ToolSession`."""

    protocol = "in-process"

    def __init__(
        self,
        connector: InProcessConnector,
        uid: str,
        network: Network,
        random: Random,
        call_timeout_s: float,
    ) -> None:
        self._standin = connector.standin
        self._server = connector.server
        self._uid = uid
        self._network = network
        self._random = random
        self._call_timeout_s = call_timeout_s

    async def prepare(self, traceparent: str = "", bound_s: float = math.inf) -> None:
        """Nothing is to be refreshed or tidied up."""

    async def call_tool(self, name: str, arguments: Mapping[str, Json]) -> Json:
        answer = await self._ask(name, partial(self._standin.tools.call, self._uid, name, arguments))
        # Structure where there is structure: the text that goes with it on the wire says the same.
        return read_tool_result(name, answer.structured, (answer.text,), answer.is_error)

    async def read_resource(self, uri: str) -> Json:
        async def read() -> Json:
            return self._standin.toolbox.read(self._uid, uri)

        found = await self._ask(uri, read)
        if found is None:
            raise CallError(Outcome.PROTOCOL_ERROR, f"Unknown resource: {uri}")
        return found

    async def list_tools(self) -> Mapping[str, OfferedTool]:
        return offered_by(self._standin.toolbox)

    async def _ask(self, tool: str, act: Callable[[], Awaitable[T]]) -> T:
        """One call over the network and through the server's queue, within the call's deadline."""
        until = trio.current_time() + self._call_timeout_s
        try:
            # Not even a checkpoint where there is no way to go: calls are most of what a run does.
            if self._network.is_instant:
                return await self._server.serve(tool, act, self._random, until)
            on_the_way_s = self._network.round_trip(self._random)
            await pass_time(on_the_way_s / 2, until)
            answer = await self._server.serve(tool, act, self._random, until)
            await pass_time(on_the_way_s / 2, until)
            return answer
        except trio.TooSlowError:
            text = f"no answer within {self._call_timeout_s:g} s"
            raise CallError(Outcome.TRANSPORT_ERROR, text, reason="timeout", answered=False) from None
