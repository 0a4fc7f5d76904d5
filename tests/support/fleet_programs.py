"""What stands for a shard in tests of what is around it; called in a shard's process, as `run_shard` is."""

from __future__ import annotations

from random import Random
from typing import Any

import trio

from actors.errors import Outcome
from actors.events import Call, Phase
from sim.fleet.shard_link import ShardInbox, ShardLink
from sim.fleet.shard_messages import Begin, Figures, Probe, Probed, Ready, ShardDone, StopNow
from sim.measure.tally import Tally


def answering(begin: Begin, link: ShardLink, inbox: ShardInbox) -> None:
    """Answers every probe with the number of those that came before, until it is to stop."""

    async def main() -> None:
        link.tell(Ready(begin.shard, host="here"))
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
    """Tells a window of a usual size each second, until it is to stop."""

    async def main() -> None:
        link.tell(Ready(begin.shard))
        window = {**usual_window(begin.shard), "started": -1.0}
        with inbox.opened() as told:
            async with trio.open_nursery() as nursery:

                async def tell() -> None:
                    while True:
                        await trio.sleep(1)
                        link.tell(Figures(begin.shard, dict(window), since_start=False))
                        window["number"] += 1

                nursery.start_soon(tell)
                async for message in told:
                    if isinstance(message, StopNow):
                        nursery.cancel_scope.cancel()
        link.tell(ShardDone(begin.shard, {}, 0))

    trio.run(main)


def usual_window(seed: int) -> dict[str, Any]:
    """Of four workflows with twelve steps each, and twenty calls of each step."""
    random, tally, now = Random(seed), Tally(Phase.MEASURED), trio.current_time()
    for number in range(4 * 12 * 20):
        place = f"workflow_{number % 4}", f"step_{number % 12}", f"tool_{number % 6}"
        took_s = random.expovariate(30)
        tally.take(Call(*place, "user", 1, Outcome.OK, now - took_s, now))
    return tally.close_window(now + 1).to_json()


def broken(begin: Begin, link: ShardLink, inbox: ShardInbox) -> None:
    """Ends as nobody expected."""
    raise ZeroDivisionError(f"shard {begin.shard} cannot divide")
