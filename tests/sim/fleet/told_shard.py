"""A shard in this process, and what it says."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import trio

from sim.app.shard import Shard
from sim.config.model import Config
from sim.fleet.config_json import config_to_json
from sim.fleet.cut import split
from sim.fleet.shard_link import ShardInbox
from sim.fleet.shard_messages import Beat, Begin, FromShard, LedgerLine, Ready, StartAt, Written
from sim.runtime.clock import run_virtual

RUN = "sim-0123abcd"
Kind = TypeVar("Kind")


def begin_of(config: Config, number: int = 1, shards: int = 1, **more: object) -> Begin:
    part = split(config, shards)[number - 1]
    return Begin(RUN, number, shards, config_to_json(part), **more)  # type: ignore[arg-type]


class ToldShard:
    """A `ShardLink`. It answers as a coordinator does, as long as it `answers`.

    Attributes:
        start_s: so long after it is ready it is to begin; None: it is not told to.
    """

    def __init__(self, start_s: float | None = 1.0) -> None:
        self.inbox = ShardInbox()
        self.said: list[FromShard] = []
        self.start_s = start_s
        self.answers = True

    def tell(self, message: FromShard) -> None:
        self.said.append(message)
        match message:
            case LedgerLine() if self.answers:
                self.inbox.put(Written(message.n))
            case Ready() if self.start_s is not None:
                self.inbox.put(StartAt(trio.current_time() + self.start_s))
            case _:
                pass

    def of(self, kind: type[Kind]) -> list[Kind]:
        return [each for each in self.said if isinstance(each, kind)]

    async def beat(self, until_s: float = 1e9) -> None:
        number = 0
        while trio.current_time() < until_s:
            number += 1
            self.inbox.put(Beat(number, trio.current_time()))
            await trio.sleep(1)

    def play(
        self,
        config: Config,
        act: Callable[[], object] | None = None,
        beats_s: float = 1e9,
        number: int = 1,
        k: int = 1,
    ) -> float:
        """Its whole run on the virtual clock; when that ended. `act` is started beside it."""

        async def main() -> float:
            part = split(config, k)[number - 1]
            shard = Shard(begin_of(config, number, k), part, self, self.inbox)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self.beat, beats_s)
                if act is not None:
                    nursery.start_soon(act)  # type: ignore[arg-type]
                await shard.main()
                nursery.cancel_scope.cancel()
            return trio.current_time()

        return run_virtual(main, config.load.seed)
