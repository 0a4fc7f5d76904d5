"""What a shard is told reaches its run from any thread, in order."""

from __future__ import annotations

import threading

import trio

from sim.fleet.shard_link import ShardInbox
from sim.fleet.shard_messages import Beat


def taken(inbox: ShardInbox, count: int, begun: threading.Event | None = None) -> list[int]:
    async def main() -> list[int]:
        numbers: list[int] = []
        with trio.fail_after(60), inbox.opened() as messages:
            if begun is not None:
                begun.set()
            async for message in messages:
                assert isinstance(message, Beat)
                numbers.append(message.n)
                if len(numbers) == count:
                    return numbers
        raise AssertionError("it ended")

    return trio.run(main)


def test_what_came_before_the_run_is_kept_for_it() -> None:
    inbox = ShardInbox()
    for number in range(3):
        inbox.put(Beat(number, 1.0))
    assert taken(inbox, 3) == [0, 1, 2]


def test_what_another_thread_puts_wakes_the_run_in_order() -> None:
    inbox, begun = ShardInbox(), threading.Event()

    def bring() -> None:
        begun.wait(10)
        for number in range(200):
            inbox.put(Beat(number, 1.0))

    bringing = threading.Thread(target=bring)
    bringing.start()
    assert taken(inbox, 200, begun) == list(range(200))
    bringing.join()


def test_what_comes_after_the_run_harms_nobody() -> None:
    inbox = ShardInbox()
    inbox.put(Beat(1, 1.0))
    taken(inbox, 1)
    inbox.put(Beat(2, 1.0))
