"""Whatever a shard could not remove is removed for it, and the account of it is true."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio

from actors.events import Event
from sim.app.departed import Departed
from sim.clean.cleanup_result import CleanupResult
from sim.clean.ledger import open_ledger
from sim.config.model import Config
from sim.fleet.mirror import Mirror, mirror_path
from sim.fleet.rest_json import Rest, ShardFacts
from sim.fleet.shard_messages import ShardDone, ShardFailed
from sim.fleet.shard_state import ShardState
from tests.sim.clean.support import config, email, head, means
from tests.sim.fleet.fake_engine import watched_fleet
from tests.support.fake_cloud import FakeCloud, Row, running

Ends = Callable[[ShardState], None]


@attrs.define
class Left:
    """What a shard made: users of a fake cloud, and a copy of its ledger."""

    path: Path
    cloud: FakeCloud = attrs.Factory(FakeCloud)

    def lines(self, created: int, removed: int) -> list[str]:
        """Of so many users, of whom so many are gone."""
        told: list[str] = []
        uids = [f"p_user_{number}" for number in range(1, created + 1)]
        path = self.path.with_name(f"there-{created}.jsonl")
        with open_ledger(head(), path, told=told.append) as ledger:
            for uid in uids:
                ledger.intend("user", uid)
                ledger.created("user", uid)
            for uid in uids[:removed]:
                ledger.removed("user", uid)
        for uid in uids[removed:]:
            self.cloud.rows[uid] = Row(email(uid))
        return told

    async def settle(self, told: list[str], ends: Ends, of: Config | None = None) -> CleanupResult:
        mirror = Mirror(mirror_path(self.path, "run", 1), is_passing=False)
        mirror.write(told)
        events: list[Event] = []
        async with (
            running(self.cloud) as accounts,
            self.cloud.client() as http,
            watched_fleet(1) as (seen, _),
        ):
            shard = seen.fleet.shards[1]
            ends(shard)
            all_means: Any = lambda ledger: means(ledger, accounts, http)  # noqa: E731
            departed = Departed(of or config(), seen.fleet, {1: mirror}, all_means)
            with trio.fail_after(300):
                result = await departed.settle(events.append)
            assert shard.left == result.remaining
            assert departed.unsettled() == ()
        return result


@pytest.fixture
def left(tmp_path: Path) -> Left:
    return Left(tmp_path / "run.jsonl")


def killed(shard: ShardState) -> None:
    shard.lost, shard.is_dead, shard.removed = "its process has ended", True, 1


def done(shard: ShardState, removed: int, *still: str) -> None:
    facts = ShardFacts(
        *("here", "", 3, "ended", "", {}, {}, 0, None, None, removed, list(still), [], [], "", False)
    )
    shard.rest, shard.last = Rest(facts, {}, [], {}), ShardDone(1, {}, 0, list(still))


async def test_what_a_lost_shard_had_removed_counts_beside_what_is_removed_for_it(
    left: Left, autojump_clock: trio.abc.Clock
) -> None:
    result = await left.settle(left.lines(3, 1), killed)
    assert (result.removed, result.remaining) == (3, ())
    assert left.cloud.rows == {}
    assert not list(left.path.parent.glob("*.copy-*"))


async def test_what_a_shard_could_not_remove_is_removed_for_it_and_all_of_it_counts_once(
    left: Left, autojump_clock: trio.abc.Clock
) -> None:
    result = await left.settle(left.lines(3, 2), lambda shard: done(shard, 2, "user p_user_3 (no answer)"))
    assert (result.removed, result.remaining) == (3, ())
    assert left.cloud.rows == {}


async def test_what_may_be_left_and_stands_in_no_ledger_is_not_called_clean(
    left: Left, autojump_clock: trio.abc.Clock
) -> None:
    home = "files (home) of p_user_3 (possibly: a call was never answered)"
    result = await left.settle(left.lines(3, 3), lambda shard: done(shard, 3, home))
    assert (result.removed, result.remaining) == (3, (home,))


async def test_what_a_shard_says_that_failed_is_kept_where_it_made_nothing_that_is_known(
    left: Left, autojump_clock: trio.abc.Clock
) -> None:
    def failed(shard: ShardState) -> None:
        shard.last = ShardFailed(1, "it could not", ["something"])

    result = await left.settle(left.lines(1, 0), failed)
    assert (result.removed, result.remaining) == (1, ("something",))


async def test_where_users_are_to_be_kept_none_is_removed(left: Left, autojump_clock: trio.abc.Clock) -> None:
    kept = attrs.evolve(config(), users=attrs.evolve(config().users, cleanup=False))
    assert await left.settle(left.lines(3, 0), killed, kept) == CleanupResult(1, ())
    assert len(left.cloud.rows) == 3


async def test_cut_short_it_names_what_each_shard_may_have_left_and_nothing_of_those_who_are_done(
    left: Left, autojump_clock: trio.abc.Clock
) -> None:
    mirrors = {n: Mirror(mirror_path(left.path, "run", n), is_passing=False) for n in (1, 2)}
    mirrors[1].write(left.lines(3, 1))
    mirrors[2].write(left.lines(2, 2))
    async with running(left.cloud) as accounts, left.cloud.client() as http, watched_fleet(2) as (seen, _):
        all_means: Any = lambda ledger: means(ledger, accounts, http)  # noqa: E731
        departed = Departed(config(), seen.fleet, mirrors, all_means)
        # Both live, so it waits for their ends.
        with trio.move_on_after(5):
            await departed.settle(lambda event: None)
        assert departed.unsettled() == (f"what shard 1 on here made (named in {mirrors[1].path})",)
        assert seen.fleet.shards[1].left == ("user p_user_2", "user p_user_3")
        assert not seen.fleet.shards[2].left


@pytest.mark.parametrize("line", ["", "[]", "{}", '{"created": "user"}', '{"created": ["a"]}', "nonsense"])
def test_what_is_no_line_of_a_ledger_is_refused_and_nothing_is_written(line: str, left: Left) -> None:
    mirror = Mirror(left.path, is_passing=True)
    with pytest.raises(ValueError, match="a line of its ledger is none"):
        mirror.write([json.dumps({"intended": ["user", "a"]}), line])
    assert not left.path.exists()
