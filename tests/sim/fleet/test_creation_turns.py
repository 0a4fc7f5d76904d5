"""No more users are created at a time than one process would create, however many shards there are."""

from __future__ import annotations

import json
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from sim.fleet.creation_turns import CreationTurns


def line(state: str, uid: str, kind: str = "user") -> str:
    return json.dumps({state: [kind, uid]})


class Creating:
    """A shard that creates so many users one after the other, as `sim.world.creation` does."""

    def __init__(self, shard: int, users: int) -> None:
        self.shard = shard
        self.left = [f"u{shard}_{number}" for number in range(users)]
        self.told = 0
        self.acknowledged = 0
        self.now = ""
        self.wanted = 0

    @property
    def is_creating(self) -> bool:
        return bool(self.now) and self.acknowledged >= self.wanted

    def begin(self) -> list[tuple[int, str]]:
        self.now = self.left.pop()
        self.told += 1
        self.wanted = self.told
        return [(self.told, line("intended", self.now))]

    def end(self, state: str) -> list[tuple[int, str]]:
        self.told += 1
        uid, self.now = self.now, ""
        return [(self.told, line(state, uid))]


@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 3))
def test_all_are_created_in_some_order_and_never_more_than_that_many_at_once(
    seed: int, shards: int, at_once: int
) -> None:
    random, turns = Random(seed), CreationTurns(at_once)
    crowd = {number: Creating(number, random.randint(0, 4)) for number in range(1, shards + 1)}
    lost = random.choice([None, *crowd])

    def hear(given: object) -> None:
        for shard, number in given:  # type: ignore[attr-defined]
            assert number == crowd[shard].acknowledged + 1, "in the order of its lines"
            crowd[shard].acknowledged = number
        assert sum(each.is_creating for each in crowd.values()) <= at_once

    for step in range(10_000):
        idle = [each for each in crowd.values() if each.left and not each.now]
        busy = [each for each in crowd.values() if each.is_creating]
        if not idle and not busy:
            break
        if lost is not None and step == 5:
            crowd[lost] = Creating(lost, 0)
            hear((shard, number) for shard, number in turns.drop(lost) if shard != lost)
            continue
        one = random.choice(idle + busy)
        lines = one.end(random.choice(["created", "removed"])) if one.is_creating else one.begin()
        hear(turns.take(one.shard, lines))
    assert not any(each.left or each.now for each in crowd.values())


def test_what_is_no_user_waits_for_nobody() -> None:
    turns = CreationTurns(1)
    assert list(turns.take(1, [(1, '{"run": {}}'), (2, line("intended", "a"))])) == [(1, 1), (1, 2)]
    assert list(turns.take(2, [(1, '{"run": {}}'), (2, line("intended", "b"))])) == [(2, 1)]
    assert list(turns.take(3, [(1, line("intended", "x", "mcp_grant")), (2, "torn")])) == [(3, 1), (3, 2)]
    # What comes after what waits, waits too: acknowledgements are in the order of lines.
    assert list(turns.take(2, [(3, line("intended", "b", "mcp_grant"))])) == []
    assert list(turns.take(1, [(3, line("created", "a"))])) == [(1, 3), (2, 2), (2, 3)]


def test_who_is_lost_takes_no_turn_any_more() -> None:
    turns = CreationTurns(1)
    list(turns.take(1, [(1, line("intended", "a"))]))
    assert list(turns.take(2, [(1, line("intended", "b"))])) == []
    assert list(turns.drop(1)) == [(2, 1)]
