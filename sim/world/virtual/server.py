"""The server of a virtual run: a queue with some workers, each busy for a drawn time with a call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from random import Random
from typing import TypeVar

import trio

from sim.config.grammar.server_model import ServerModel

T = TypeVar("T")


class ServerQueue:
    """First come, first served, by `model.servers` workers (G/G/c in Kendall's words).

    Attributes:
        waiting: how many calls wait for a worker.
    """

    def __init__(self, model: ServerModel) -> None:
        self._model = model
        self._workers = trio.CapacityLimiter(model.servers)
        self._pause_s = 0.0

    @property
    def waiting(self) -> int:
        return self._workers.statistics().tasks_waiting

    async def serve(self, tool: str, act: Callable[[], Awaitable[T]], random: Random) -> T:
        """Wait for a worker and have it do `act`, for the service time of `tool`.

        The time passes after `act`, unless `act` itself waits with `pause`, in the middle.
        """
        try:
            self._workers.acquire_nowait()
        except trio.WouldBlock:
            await self._workers.acquire()
        try:
            # Taken by the first `pause`, and `act` gets there before anybody else runs.
            self._pause_s = self.draw(tool, random)
            result = await act()
            rest_s, self._pause_s = self._pause_s, 0.0
            if rest_s:
                await trio.sleep(rest_s)
            return result
        finally:
            self._workers.release()

    async def pause(self) -> None:
        """What a tool that reads, then writes, does between the two: here its service time passes."""
        seconds, self._pause_s = self._pause_s, 0.0
        await trio.sleep(seconds)

    def draw(self, tool: str, random: Random) -> float:
        """A service time in seconds."""
        service = self._model.by_tool.get(tool, self._model.service)
        return service.sample(random) if service is not None else 0.0
