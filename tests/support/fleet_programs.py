"""What stands for a shard in tests of what is around it; called in a shard's process, as `run_shard` is."""

from __future__ import annotations

import time

import trio

from sim.fleet.shard_link import ShardInbox, ShardLink
from sim.fleet.shard_messages import Begin, Figures, Probe, Probed, Ready, ShardDone, StopNow


def answering(begin: Begin, link: ShardLink, inbox: ShardInbox) -> None:
    """Answers every probe with the number of those that came before, until it is to stop."""

    async def main() -> None:
        link.tell(Ready(begin.shard, {}, host="here"))
        count = 0
        with inbox.opened() as told:
            async for message in told:
                if isinstance(message, Probe):
                    link.tell(Probed(begin.shard, message.n, float(count)))
                    count += 1
                elif isinstance(message, StopNow):
                    break
        link.tell(ShardDone(begin.shard, {"answered": count}, 0))

    trio.run(main)


def figuring(begin: Begin, link: ShardLink, inbox: ShardInbox) -> None:
    """Tells windows of a usual size each second, until it is to stop."""

    async def main() -> None:
        link.tell(Ready(begin.shard, {}))
        with inbox.opened() as told:
            async with trio.open_nursery() as nursery:

                async def tell() -> None:
                    while True:
                        await trio.sleep(1)
                        link.tell(Figures(begin.shard, {"of": "x" * 20_000, "at": time.time()}))

                nursery.start_soon(tell)
                async for message in told:
                    if isinstance(message, StopNow):
                        nursery.cancel_scope.cancel()
        link.tell(ShardDone(begin.shard, {}, 0))

    trio.run(main)


def broken(begin: Begin, link: ShardLink, inbox: ShardInbox) -> None:
    """Ends as nobody expected."""
    raise ZeroDivisionError(f"shard {begin.shard} cannot divide")
