"""What lookers are sent: everything in order, or a picture and what came since; the latest wins."""

from __future__ import annotations

import json
from random import Random

import pytest
import trio
from trio.testing import MockClock

from sim.live.page.broadcast import Broadcast, Sent


async def taken(broadcast: Broadcast, after: int = 0) -> list[Sent]:
    return [event async for event in broadcast.events(after)]


async def test_who_comes_again_gets_what_came_since() -> None:
    broadcast = Broadcast()
    for number in range(1, 11):
        broadcast.send("row", {"at": number})
    broadcast.end()
    for after in range(11):
        with trio.fail_after(60):
            assert [each.number for each in await taken(broadcast, after)] == list(range(after + 1, 11))


@pytest.mark.parametrize("after", [0, 3, 99])
async def test_who_was_away_for_too_long_or_was_elsewhere_gets_a_picture_first(after: int) -> None:
    broadcast = Broadcast(max_ring=5)
    for number in range(20):
        broadcast.send("row", {"at": number})
    broadcast.show(17, '{"whole":1}')
    broadcast.end()
    with trio.fail_after(60):
        events = await taken(broadcast, after)
    assert [(each.name, each.number) for each in events] == [
        ("snapshot", 17), ("row", 18), ("row", 19), ("row", 20),
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
async def test_however_slow_a_looker_is_the_end_is_what_the_run_is(
    seed: int, autojump_clock: MockClock
) -> None:
    """Rows after the last picture, put behind it, are always all there are."""
    random, broadcast, total = Random(seed), Broadcast(max_ring=10), 60
    seen: list[int] = []

    async def look() -> None:
        async for event in broadcast.events(0):
            if event.name == "snapshot":
                seen[:] = json.loads(event.data)
            else:
                seen.append(json.loads(event.data))
            await trio.sleep(random.choice([0, 0, 0.1, 5]))

    with trio.fail_after(1000):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(look)
            for number in range(1, total + 1):
                broadcast.send("row", number)
                if random.random() < 0.2:
                    broadcast.show(number, json.dumps(list(range(1, number + 1))))
                await trio.sleep(random.choice([0.01, 1]))
            broadcast.show(total, json.dumps(list(range(1, total + 1))))
            broadcast.end()
    assert seen == list(range(1, total + 1))


async def test_who_never_reads_costs_nothing(autojump_clock: MockClock) -> None:
    broadcast = Broadcast(max_ring=5)
    idle = [broadcast.events(0) for _ in range(100)]
    for each in idle:
        broadcast.send("row", 0)
        await anext(each)
    for number in range(1000):
        broadcast.send("row", number)
    assert len(broadcast._ring) == 5
    for each in idle:
        await each.aclose()


@pytest.mark.parametrize("text", ["a\nevent: finished\ndata: {}", "\r\n\r\n", "\u2028", "\x00"])
async def test_no_text_begins_another_event(text: str) -> None:
    broadcast = Broadcast()
    broadcast.send("note", {"text": text})
    broadcast.end()
    with trio.fail_after(60):
        (event,) = await taken(broadcast)
    lines = str(event).splitlines()
    assert lines[:2] == ["id: 1", "event: note"] and lines[3:] == [""]
    assert json.loads(lines[2].removeprefix("data: ")) == {"text": text}
