"""The server of a virtual run: a queue with some workers, each busy for a drawn time with a call."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Awaitable, Callable
from random import Random
from typing import TypeVar

import trio

from sim.config.grammar.server_model import ServerModel
from sim.runtime.leaping import Nap, pass_time
from sim.world.virtual.degrading import Degradation

T = TypeVar("T")


class ServerQueue:
    """First come, first served, by `model.servers` workers (G/G/c in Kendall's words).

    Attributes:
        waiting: how many calls wait for a worker.
    """

    def __init__(self, model: ServerModel) -> None:
        self.waiting = 0
        self._model = model
        self._degradation = Degradation.of(model)
        self._free = model.servers
        self._queue: deque[Nap] = deque()
        self._pause_s = 0.0
        self._until = math.inf

    async def serve(
        self, tool: str, act: Callable[[], Awaitable[T]], random: Random, until: float = math.inf
    ) -> T:
        """Wait for a worker and have it do `act`, for the service time of `tool`.

        The time passes after `act`, unless `act` itself waits with `pause`, in the middle. Raises
        trio.TooSlowError at `until`, wherever the call is then. However it ends, its worker goes to
        the next one.
        """
        if self._free:
            self._free -= 1
        else:
            await self._wait(until)
        try:
            # Taken by the first `pause`, and `act` gets there before anybody else runs.
            self._pause_s, self._until = self.draw(tool, random), until
            result = await act()
            rest_s, self._pause_s = self._pause_s, 0.0
            if rest_s:
                await pass_time(rest_s, until)
            return result
        finally:
            self._hand_over()

    async def pause(self) -> None:
        """What a tool that reads, then writes, does between the two: here its service time passes."""
        seconds, self._pause_s = self._pause_s, 0.0
        await pass_time(seconds, self._until)

    def draw(self, tool: str, random: Random) -> float:
        """A service time in seconds."""
        service = self._model.by_tool.get(tool, self._model.service)
        seconds = service.sample(random) if service is not None else 0.0
        if self._degradation is None:
            return seconds
        there = self.waiting + self._model.servers - self._free
        return self._degradation.longer(seconds, there, random)

    async def _wait(self, until: float) -> None:
        """Until a worker is handed over."""
        nap = Nap()
        self._queue.append(nap)
        self.waiting += 1
        try:
            has_worker = await nap.until(until)
        finally:
            self.waiting -= 1
        if not has_worker:
            raise trio.TooSlowError

    def _hand_over(self) -> None:
        """To the first who still waits. Who was handed one has it, also when cancelled at the same time."""
        while self._queue:
            if self._queue.popleft().end():
                return
        self._free += 1
