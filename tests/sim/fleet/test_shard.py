"""A shard does what it is told by messages, and says what it does."""

from __future__ import annotations

from collections import Counter

import attrs
import pytest
import trio

from actors.events import Phase, PhaseBegan, StepBegan
from sim.config.grammar.shapes import ClosedProfile, OpenProfile, Stage
from sim.config.model import Config
from sim.fleet.event_json import event_from_json
from sim.fleet.lease import LEASE_S
from sim.fleet.rest_json import rest_from_json
from sim.fleet.shard_messages import (
    Figures,
    Happened,
    Probe,
    Probed,
    Ready,
    ShardDone,
    ShardFailed,
    StartAt,
    StopNow,
)
from sim.measure.leaves import Leaves
from sim.measure.snapshot import Snapshot
from sim.runtime.exit import ExitCode
from tests.sim.fleet.support import config_of, group_of
from tests.sim.fleet.told_shard import ToldShard

SECONDS = 20.0


def small(users: int = 6, warmup_s: float = 0.0) -> Config:
    config = config_of(
        group_of(ClosedProfile.constant(users, SECONDS), mix={"baseline": 1.0, "note_share": 1.0})
    )
    return attrs.evolve(config, load=attrs.evolve(config.load, warmup_s=warmup_s, grace_s=5.0))


def windows(shard: ToldShard) -> list[Snapshot]:
    return [Snapshot.from_json(each.snapshot) for each in shard.of(Figures)]


def phases(shard: ToldShard) -> dict[Phase, float]:
    events = [event_from_json(each.event) for each in shard.of(Happened)]
    return {each.phase: each.at for each in events if isinstance(each, PhaseBegan)}


def test_it_opens_all_sessions_says_so_and_begins_when_it_is_told_to() -> None:
    shard = ToldShard(start_s=7.0)
    shard.play(small(warmup_s=5.0))
    before = shard.said[: shard.said.index(shard.of(Ready)[0])]
    steps = [event_from_json(each.event) for each in before if isinstance(each, Happened)]
    assert "Opening MCP sessions" in [each.text for each in steps if isinstance(each, StepBegan)]
    # Instants count from the start.
    assert phases(shard)[Phase.WARMUP] == pytest.approx(0.0)
    assert phases(shard)[Phase.MEASURED] == pytest.approx(5.0)
    assert shard.said[-1] is shard.of(ShardDone)[0]


def test_its_windows_keep_to_the_grid_of_the_start_and_add_up_to_all_that_it_did() -> None:
    shard = ToldShard(start_s=3.7)
    shard.play(small())
    told = windows(shard)
    loaded = [each for each in told if each.phase is Phase.MEASURED]
    assert [each.started for each in loaded] == pytest.approx(
        [float(n) for n in range(len(loaded))], abs=1e-6
    )
    rest = rest_from_json(shard.of(ShardDone)[0].rest)
    whole = Leaves.merged(each.leaves for each in told)
    assert rest.facts.calls == whole.counts_in(Phase.MEASURED).total > 20
    assert sum(sum(user.outcomes.values()) for user in rest.users.values()) == rest.facts.calls
    assert rest.facts.start_skew_s == pytest.approx(0.0)
    assert shard.of(ShardDone)[0].exit_code == ExitCode.OK


def test_a_start_that_has_passed_is_made_at_once_and_its_lateness_told() -> None:
    shard = ToldShard(start_s=-2.0)
    shard.play(small())
    assert phases(shard)[Phase.WARMUP] == pytest.approx(2.0)
    assert rest_from_json(shard.of(ShardDone)[0].rest).facts.start_skew_s == pytest.approx(2.0)


@pytest.mark.parametrize("level", [1, 2])
def test_it_stops_as_it_is_told(level: int) -> None:
    shard = ToldShard()

    async def stop() -> None:
        await trio.sleep(6)
        shard.inbox.put(StopNow(level))

    ended = shard.play(small(), stop)
    assert ended < 12
    rest = rest_from_json(shard.of(ShardDone)[0].rest)
    assert rest.facts.stopped == "stopped by a signal"


def test_told_to_stop_before_the_start_it_says_that_it_never_began() -> None:
    shard = ToldShard(start_s=None)

    async def stop() -> None:
        await trio.sleep(6)
        shard.inbox.put(StopNow(1))

    assert shard.play(small(), stop) == pytest.approx(6)
    assert not [each for each in windows(shard) if each.phase is Phase.MEASURED]
    assert isinstance(shard.said[-1], ShardDone | ShardFailed)


def test_who_hears_nothing_of_the_coordinator_for_the_time_of_the_lease_stops_in_order() -> None:
    shard = ToldShard()
    shard.start_s = 0.0
    config = config_of(group_of(ClosedProfile.constant(4, 600.0)))
    ended = shard.play(config, beats_s=40.0)
    assert 39 + LEASE_S <= ended <= 41 + LEASE_S + config.load.grace_s
    assert isinstance(shard.said[-1], ShardDone)


def test_as_long_as_it_hears_something_the_lease_is_renewed() -> None:
    shard = ToldShard(start_s=0.0)
    assert shard.play(config_of(group_of(ClosedProfile.constant(2, 100.0)))) >= 100
    assert phases(shard)[Phase.GRACE] >= 100


def test_it_says_what_time_it_is() -> None:
    shard = ToldShard(start_s=None)

    async def ask() -> None:
        await trio.sleep(2.5)
        shard.inbox.put(Probe(3))
        await trio.sleep(1)
        shard.inbox.put(StartAt(trio.current_time()))

    shard.play(small(), ask)
    assert shard.of(Probed) == [Probed(1, 3, 2.5)]


@pytest.mark.parametrize("k", [2, 3])
def test_no_execution_number_and_no_user_is_that_of_another_shard(k: int) -> None:
    numbers: list[int] = []
    users: list[str] = []
    for number in range(1, k + 1):
        shard = ToldShard(start_s=0.0)
        shard.play(small(12), number=number, k=k)
        rest = rest_from_json(shard.of(ShardDone)[0].rest)
        examples = [each for story in rest.kept.values() for each in (*story.slowest, *story.sample)]
        numbers += {each.execution.number for each in examples}
        users += rest.users
    assert len(numbers) == len(set(numbers))
    assert sorted(users) == sorted(f"loadtest_user_{n}" for n in range(1, 13))


@pytest.mark.parametrize("poisson", [False, True])
def test_what_arrives_in_three_shards_is_due_when_it_is_due_in_one(poisson: bool) -> None:
    profile = OpenProfile((Stage(0.0, 3.0), Stage(30.0, 6.0)), poisson=poisson)
    config = config_of(group_of(profile, 24, mix={"baseline": 2.0, "note_share": 1.0}))
    config = attrs.evolve(config, load=attrs.evolve(config.load, warmup_s=4.0))

    def arrived(k: int) -> Counter[tuple[str, Phase]]:
        sums = Leaves()
        for number in range(1, k + 1):
            shard = ToldShard(start_s=0.0)
            shard.play(config, number=number, k=k)
            sums.absorb(Leaves.merged(each.leaves for each in windows(shard)))
        counts: Counter[tuple[str, Phase]] = Counter()
        for key, leaf in sums.stories.items():
            # Who plays it, and so from where, depends on who is free.
            counts[key.workflow, key.phase] += leaf.arrived.total()
        return counts

    assert arrived(3) == arrived(1)
    assert arrived(1).total() > 100
