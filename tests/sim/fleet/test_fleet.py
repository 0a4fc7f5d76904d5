"""Who coordinates shards knows within a second whom they do not hear, and loses nothing that was said."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import trio
from trio.testing import MockClock

from sim.fleet.fleet import LOOK_S, LOST_S
from sim.fleet.shard_engine import ENDED, Lost
from sim.fleet.shard_messages import (
    Beat,
    Figures,
    FromShard,
    LedgerLine,
    Probe,
    Probed,
    Ready,
    ShardDone,
    ShardFailed,
    StartAt,
    StopNow,
    ToShard,
    Written,
)
from tests.sim.fleet.fake_engine import watched_fleet

AHEAD_S = {1: 0.0, 2: 3.0}
"""So much each shard's clock is ahead of ours."""


async def test_a_shard_that_is_not_heard_is_named_within_a_second_and_then_given_up(
    autojump_clock: trio.abc.Clock,
) -> None:
    async with watched_fleet(2) as (seen, nursery):
        nursery.start_soon(seen.engine.let_live, 1)
        await trio.sleep(1.2)
        assert seen.said == ["shard 2 on here is not heard any more"]
        assert [shard.number for shard in seen.fleet.there] == [1, 2]
        await trio.sleep(LOST_S)
        assert "shard 2 on here is LOST: nothing was heard of it for 5 s" in seen.said
        assert (seen.dropped, seen.engine.given_up) == ([2], [2])
        assert [shard.number for shard in seen.fleet.there] == [1]


async def test_a_shard_that_is_heard_again_in_time_is_not_lost(autojump_clock: trio.abc.Clock) -> None:
    async with watched_fleet(1) as (seen, _):
        await trio.sleep(LOST_S - 1)
        seen.engine.hear(1)
        await trio.sleep(0.1)
        assert seen.said == ["shard 1 on here is not heard any more", "shard 1 on here is heard again"]
        assert seen.dropped == []


@pytest.mark.parametrize("dies_after_s", [0.0, 2.0])
async def test_a_shard_is_named_by_its_end_although_its_silence_is_seen_first(
    dies_after_s: float, autojump_clock: trio.abc.Clock
) -> None:
    async with watched_fleet(1) as (seen, _):
        await trio.sleep(dies_after_s)
        seen.engine.gone[1] = ENDED
        await trio.sleep(1.2 if not dies_after_s else LOST_S)
        assert seen.said[-1] == "shard 1 on here is LOST: its process has ended"
        assert seen.dropped == seen.engine.given_up == [1]


async def test_the_time_in_which_the_coordinator_stood_still_is_no_silence_of_its_shards(
    mock_clock: MockClock,
) -> None:
    async with watched_fleet(2) as (seen, _):
        await trio.testing.wait_all_tasks_blocked()
        for _ in range(3):
            mock_clock.jump(LOST_S * 4)
            await trio.testing.wait_all_tasks_blocked()
        assert seen.said == []
        for _ in range(int((LOST_S + 1) / LOOK_S)):
            mock_clock.jump(LOOK_S)
            await trio.testing.wait_all_tasks_blocked()
        assert seen.dropped == [1, 2]


async def test_a_shard_whose_process_has_died_is_lost_at_once(autojump_clock: trio.abc.Clock) -> None:
    async with watched_fleet(2) as (seen, _):
        seen.engine.report(Lost(1, "its process has ended", is_dead=True))
        await trio.sleep(0.01)
        assert seen.said == ["shard 1 on here is LOST: its process has ended"]
        assert seen.engine.given_up == []


async def test_a_line_of_a_ledger_is_acknowledged_once_it_is_kept(autojump_clock: trio.abc.Clock) -> None:
    async with watched_fleet(1) as (seen, _):
        seen.engine.hear(1, LedgerLine(1, 1, "a"), LedgerLine(1, 2, "b"))
        await trio.sleep(0.01)
        assert seen.kept == {1: ["a", "b"]}
        written = [each.n for each in seen.engine.told[1] if isinstance(each, Written)]
        assert written[-1] == 2
        seen.trouble = OSError("no space left")
        seen.engine.hear(1, LedgerLine(1, 3, "c"))
        await trio.sleep(0.01)
        assert max(each.n for each in seen.engine.told[1] if isinstance(each, Written)) == 2
        assert seen.fleet.trouble is seen.trouble


async def test_all_begin_at_one_instant_whatever_their_clocks_say(autojump_clock: trio.abc.Clock) -> None:
    def answer(shard: int, message: ToShard) -> Sequence[FromShard]:
        theirs = trio.current_time() + AHEAD_S[shard]
        return [Probed(shard, message.n, theirs)] if isinstance(message, Probe) else ()

    async with watched_fleet(2, answer) as (seen, nursery):
        nursery.start_soon(seen.engine.let_live, 1, 2)
        seen.engine.hear(1, Ready(1))
        await seen.fleet.compare_clocks()
        seen.fleet.start_at(50.0)
        told = {shard: [m.at for m in seen.engine.told[shard] if isinstance(m, StartAt)] for shard in (1, 2)}
        assert told == {1: [50.0], 2: [53.0]}
        assert [shard.started_at for shard in seen.fleet.shards.values()] == [50.0, 50.0]


async def test_clocks_are_compared_although_a_shard_is_lost_meanwhile(autojump_clock: trio.abc.Clock) -> None:
    def answer(shard: int, message: ToShard) -> Sequence[FromShard]:
        return [Probed(1, message.n, 1000)] if isinstance(message, Probe) and shard == 1 else ()

    async with watched_fleet(2, answer) as (seen, nursery):
        nursery.start_soon(seen.engine.let_live, 1)
        with trio.fail_after(60):
            await seen.fleet.compare_clocks()
        assert seen.dropped == [2]
        assert [shard.offset is None for shard in seen.fleet.shards.values()] == [False, True]


async def test_everybody_is_told_each_second_that_the_coordinator_lives(
    autojump_clock: trio.abc.Clock,
) -> None:
    async with watched_fleet(1) as (seen, nursery):
        nursery.start_soon(seen.engine.let_live, 1)
        await trio.sleep(10)
        assert 10 <= sum(isinstance(each, Beat) for each in seen.engine.told[1]) <= 11
        seen.engine.hear(1, ShardFailed(1, "it could not"))
        await trio.sleep(0.01)
        before = len(seen.engine.told[1])
        seen.fleet.stop(1)
        await trio.sleep(5)
        assert len(seen.engine.told[1]) == before
        assert StopNow(1) not in seen.engine.told[1]


async def test_a_shard_that_says_what_cannot_be_read_is_lost_and_no_error(
    autojump_clock: trio.abc.Clock,
) -> None:
    async with watched_fleet(1) as (seen, _):
        seen.engine.hear(1, Figures(1, {"bad": 1}))
        await trio.sleep(0.01)
        assert seen.dropped == [1]
        assert "no window" in seen.said[0]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ([LedgerLine(1, 1, "a"), LedgerLine(1, 3, "c")], "line 1 of its ledger comes after line 0"),
        ([LedgerLine(1, 2, "b")], "line 2 of its ledger comes after line 0"),
        ([Ready(2)], "it speaks as shard 2"),
        ([ShardDone(1, {"facts": 1}, 0)], "what this release does not understand"),
    ],
    ids=["a line is missing", "the first line is missing", "in another's name", "no end"],
)
async def test_a_shard_whose_words_cannot_be_true_is_lost_and_the_other_one_is_not(
    said: list[FromShard], why: str, autojump_clock: trio.abc.Clock
) -> None:
    async with watched_fleet(2) as (seen, _):
        seen.engine.hear(1, *said)
        seen.engine.hear(2, Ready(2))
        await trio.sleep(0.01)
        assert seen.dropped == [1]
        assert why in seen.said[0]
        # No line was acknowledged of which the ledger here knows nothing.
        assert not [each for each in seen.engine.told[1] if isinstance(each, Written)]
        assert seen.fleet.shards[2].is_ready
