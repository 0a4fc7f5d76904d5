"""Windows of several shards add up to what one process would have counted; in time or late."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from random import Random

import attrs
import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.errors import Outcome
from actors.events import (
    Call,
    Ending,
    Event,
    Execution,
    Lateness,
    Missed,
    NotStarted,
    OnStage,
    Phase,
    PhaseBegan,
)
from sim.fleet.fleet_tally import LATE_S, FleetTally
from sim.measure.leaves import Leaves
from sim.measure.sketch import Sketch
from sim.measure.snapshot import Snapshot
from sim.measure.tally import Tally
from sim.runtime.clock import run_virtual
from tests.sim.fleet.windows import put

WARM_S, LASTS_S, LOST_AT_S = 2.0, 7, 4.5
TOLERANCE = 0.002
Act = Callable[[], object]


def some_event(random: Random, user: str) -> Event:
    now = trio.current_time()
    began, story = now - random.uniform(0, 0.5), f"story_{random.randrange(2)}"
    match random.randrange(8):
        case 0:
            return Execution(story, random.randrange(99), (user,), random.choice(list(Ending)), began, now)
        case 1:
            return NotStarted(story, random.choice(list(Missed)), now)
        case 2:
            return Lateness(now, random.uniform(0, 0.1))
        case _:
            where = story, f"step_{random.randrange(3)}", f"tool_{random.randrange(2)}"
            outcome = random.choice([*[Outcome.OK] * 5, Outcome.TOOL_ERROR, Outcome.INTERRUPTED])
            return Call(*where, user, 1, outcome, began, now)


@attrs.define
class Played:
    """A run of several shards, and the same of one process.

    Attributes:
        shards: what each has counted.
        rows: the windows of all, a second each.
        ours, alone: what the shards came to in the end, and the one process.
        told: calls of the measured phase, by shard.
    """

    fleet: FleetTally = attrs.Factory(FleetTally)
    whole: Tally = attrs.Factory(Tally)
    shards: dict[int, Tally] = attrs.Factory(dict)
    rows: list[Snapshot] = attrs.Factory(list)
    agenda: list[tuple[float, int, Act]] = attrs.Factory(list)
    planned: int = 0
    ours: Leaves = attrs.Factory(Leaves)
    alone: Leaves = attrs.Factory(Leaves)
    told: dict[int, int] = attrs.Factory(dict)
    arrives: dict[int, float] = attrs.Factory(dict)

    def at(self, instant: float, act: Act) -> None:
        self.agenda.append((instant, self.planned, act))
        self.planned += 1

    async def carry_out(self) -> None:
        while self.agenda:
            self.agenda.sort(reverse=True, key=lambda each: each[:2])
            instant, _, act = self.agenda.pop()
            await trio.sleep_until(instant)
            act()
        self.fleet.is_over = True
        self.close_row()
        self.ours, self.alone = self.fleet.settled(), self.whole.settled()
        self.told = {shard: tally.counts_in(Phase.MEASURED).total for shard, tally in self.shards.items()}

    def take(self, shard: int, event: Event) -> None:
        self.shards[shard].take(event)
        self.whole.take(event)

    def close(self, shard: int, takes_s: float = 0.0) -> None:
        """A window of it is closed, and comes in later, after those before it."""
        text = json.dumps(self.shards[shard].close_window(trio.current_time()).to_json())
        self.arrives[shard] = max(self.arrives.get(shard, 0.0), trio.current_time() + takes_s)
        self.at(self.arrives[shard], lambda: put(self.fleet, shard, json.loads(text)))

    def warm_up_ends(self) -> None:
        for shard in self.shards:
            self.close(shard)
            self.shards[shard].take(PhaseBegan(Phase.MEASURED, WARM_S))
        self.whole.take(PhaseBegan(Phase.MEASURED, WARM_S))
        self.at(max(self.arrives.values()), self.all_know_that_warm_up_has_ended)

    def all_know_that_warm_up_has_ended(self) -> None:
        self.fleet.end_phases_before(Phase.MEASURED)
        self.close_row()
        self.fleet.take(PhaseBegan(Phase.MEASURED, WARM_S))

    def close_row(self) -> None:
        self.rows.append(self.fleet.close_window(trio.current_time()))


async def played(seed: int, k: int, latest_s: float, lost: int = 0, events: int = 120) -> Played:
    """Each closes its windows on a grid of its own; they take up to `latest_s`, and keep their order. `lost`
    is in the middle, with windows of it on their way.
    """
    random, run = Random(seed), Played()
    for shard in range(1, k + 1):
        run.shards[shard] = Tally()
        offset = random.uniform(0.01, 0.2)
        for second in range(1, LASTS_S + 1):
            run.at(second + offset, partial(run.close, shard, random.uniform(0, latest_s)))
        for _ in range(events):
            act = partial(lambda shard: run.take(shard, some_event(random, f"u_{shard}")), shard)
            run.at(random.uniform(0.6, LASTS_S), act)
        for _ in range(3):
            there = OnStage(0.0, "", 9.0, random.randint(1, 9))
            run.at(random.uniform(0, LASTS_S), partial(run.shards[shard].take, there))
    run.at(WARM_S, run.warm_up_ends)
    for second in range(1, LASTS_S + 2):
        run.at(second + 0.3, run.close_row)
    if lost:
        run.at(LOST_AT_S, partial(run.fleet.drop_shard, lost))
    await run.carry_out()
    return run


def counts(leaves: Leaves) -> Iterator[object]:
    """All that is counted, and nothing that is rounded."""
    for key, step in sorted(leaves.steps.items()):
        yield key, +step.outcomes, step.kept_out, step.service.count, step.response.count
    for place, story in sorted(leaves.stories.items()):
        yield place, +story.endings, +story.arrived, story.duration.count
    yield +leaves.not_started
    yield leaves.ended_calls, leaves.ended_errors, leaves.ended_executions
    yield leaves.inbox_wait.count, leaves.lateness.count, leaves.ended.count


def sketches(leaves: Leaves) -> Iterator[Sketch]:
    for _, step in sorted(leaves.steps.items()):
        yield step.service
    for _, story in sorted(leaves.stories.items()):
        yield story.duration
    yield from (leaves.lateness, leaves.ended)


@pytest.mark.parametrize("latest_s", [0.2, 3.0])
@given(seed=st.integers(0, 10**6), k=st.integers(1, 5))
@settings(max_examples=8, deadline=None)
def test_the_windows_of_any_number_of_shards_are_those_of_one_process(
    latest_s: float, seed: int, k: int
) -> None:
    run = run_virtual(partial(played, seed, k, latest_s), seed)
    assert list(counts(run.ours)) == list(counts(run.alone))
    for one, other in zip(sketches(run.ours), sketches(run.alone), strict=True):
        if other.count:
            assert [one.quantile(q) for q in (0, 0.5, 0.9, 1)] == pytest.approx(
                [other.quantile(q) for q in (0, 0.5, 0.9, 1)], rel=TOLERANCE
            )
    assert run.fleet.calls == run.told
    assert run.fleet.users_there == sum(tally.users_there for tally in run.shards.values())
    assert sum(row.leaves.ended_calls for row in run.rows) == run.alone.ended_calls > 50


@given(offsets=st.lists(st.floats(0, 0.99), min_size=1, max_size=5), seed=st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_each_second_has_one_window_of_each_shard_wherever_its_seconds_begin(
    offsets: list[float], seed: int
) -> None:
    """As long as none takes longer than is allowed for; the n-th of each has n calls."""
    random = Random(seed)

    async def main() -> list[Snapshot]:
        run = Played()
        for shard, offset in enumerate(offsets, 1):
            tally = run.shards[shard] = Tally(Phase.MEASURED)
            for number in range(1, 8):
                for _ in range(number):
                    call = Call(f"shard_{shard}", "step", "tool", "u", 1, Outcome.OK, number, number + offset)
                    run.at(number + offset - 0.01, partial(tally.take, call))
                run.at(number + offset, partial(run.close, shard, random.uniform(0, LATE_S - 0.001)))
        for second in range(2, 10):
            run.at(second - 0.001, run.close_row)
        await run.carry_out()
        return run.rows

    rows = run_virtual(main, 1)
    for shard in range(1, len(offsets) + 1):
        name = f"shard_{shard}"
        told = [
            sum(leaf.outcomes.total() for key, leaf in row.leaves.steps.items() if key.workflow == name)
            for row in rows
        ]
        assert [count for count in told if count] == list(range(1, 8))


@given(seed=st.integers(0, 10**6), latest_s=st.sampled_from([0.1, 3.0]))
@settings(max_examples=10, deadline=None)
def test_of_a_lost_shard_counts_what_was_heard_and_nobody_of_it_is_on_stage_any_more(
    seed: int, latest_s: float
) -> None:
    run = run_virtual(partial(played, seed, 3, latest_s, 2), seed)
    assert list(counts(run.ours)) == list(counts(run.alone))
    after = [row for row in run.rows if row.started > LOST_AT_S]
    assert after
    assert run.fleet.users_there == sum(run.shards[shard].users_there for shard in (1, 3))
    assert run.rows[-1].wanted == {"": pytest.approx(18.0)}
