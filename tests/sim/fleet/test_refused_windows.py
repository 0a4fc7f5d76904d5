"""A window of a shard that cannot be true, comes twice or is missing is refused, and counts nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from random import Random
from typing import Any

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.errors import Outcome
from actors.events import Call, Phase
from sim.fleet.fleet_tally import MAX_AHEAD_S, BadWindow, FleetTally
from sim.measure.leaves import Leaves
from sim.measure.summary import summarize
from sim.measure.tally import Tally
from sim.runtime.clock import run_virtual
from tests.sim.fleet.windows import put


def windows_of(count: int) -> list[dict[str, Any]]:
    """Of one shard, one after the other, with five calls each."""

    async def main() -> list[dict[str, Any]]:
        tally, told = Tally(Phase.MEASURED), []
        for second in range(count):
            for number in range(5):
                tally.take(Call("story", f"step_{number}", "tool", "u", 1, Outcome.OK, second, second + 0.1))
            told.append(tally.close_window(second + 1.0).to_json())
        return told

    return run_virtual(main, 1)


async def heard(*documents: tuple[int, dict[str, Any]]) -> tuple[FleetTally, Leaves, list[str]]:
    """What came of them, all at once a minute after the start, and what was refused.

    Whoever looks on, and whoever reads the figures in the end, is ended by none of them.
    """
    await trio.sleep(60)
    fleet, refused = FleetTally(), []
    for shard, document in documents:
        try:
            put(fleet, shard, document)
        except ValueError as error:
            refused.append(str(error))
    fleet.is_over = True
    fleet.close_window(61.0).to_json()
    summarize(fleet)
    return fleet, fleet.settled(), refused


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ((0, 0), "its window 1 comes where 2 was to come"),
        ((0, 1, 0), "its window 1 comes where 3 was to come"),
        ((1,), "its window 2 comes where 1 was to come"),
        ((0, 2), "its window 3 comes where 2 was to come"),
    ],
    ids=["twice", "again", "the first is missing", "one is missing"],
)
def test_a_window_that_comes_twice_or_after_one_that_is_missing_is_named_and_counts_nothing(
    order: tuple[int, ...], said: str
) -> None:
    told = windows_of(3)
    others = [(2, document) for document in windows_of(2)]
    _, leaves, refused = run_virtual(partial(heard, *((1, told[n]) for n in order), *others), 1)
    assert refused == [said]
    assert leaves.ended_calls == 5 * (len(order) - 1) + 10


def test_a_window_of_a_time_to_come_is_named() -> None:
    ahead = {**windows_of(1)[0], "started": 60 + MAX_AHEAD_S}
    _, leaves, refused = run_virtual(partial(heard, (1, ahead), *((1, each) for each in windows_of(1))), 1)
    assert refused == ["its window 1 is of a time to come"]
    assert leaves.ended_calls == 5


def test_a_window_with_bins_that_there_are_not_is_named() -> None:
    odd = {**windows_of(1)[0], "bins": [0] * 40 + [5]}
    _, leaves, refused = run_virtual(partial(heard, (1, odd)), 1)
    assert refused == ["its window 1 has bins that there are not"]
    assert leaves.ended_calls == 0


def test_what_shards_make_up_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.fleet.fleet_tally.MAX_LEAVES", 12)
    made_up = windows_of(2)
    for step in made_up[1]["leaves"]["steps"]:
        step["step"] += "_of_another_name"
    more = json.loads(json.dumps(made_up[1]))
    more["number"] = 3
    for step in more["leaves"]["steps"]:
        step["step"] += "_again"

    async def main() -> list[str]:
        await trio.sleep(60)
        fleet, refused = FleetTally(), []
        for each in (*made_up, more):
            try:
                put(fleet, 1, each)
            except BadWindow as error:
                refused.append(str(error))
            fleet.close_window(trio.current_time())
        return refused

    assert run_virtual(main, 1) == ["its windows tell of more than 12 different steps"]


HOSTILE: tuple[object, ...] = (
    *(None, True, -1, 2**60, 1e308, "", "\x1b[2J" * 9, [], {}, [[]], {"": {}}, 0, 0.5),
    [-1e9, 1e9, 0, [0]],
    "measured",
    ["x"] * 20_000,
)


def places(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(document, dict | list):
        inner = document.items() if isinstance(document, dict) else enumerate(document)
        for key, value in inner:
            yield from places(value, (*path, key))


def spoiled(document: dict[str, Any], random: Random) -> dict[str, Any]:
    """With something else in one of its places."""
    copy: dict[str, Any] = json.loads(json.dumps(document))
    *way, last = random.choice([path for path in places(copy) if path])
    inside: Any = copy
    for key in way:
        inside = inside[key]
    inside[last] = random.choice(HOSTILE)
    return copy


@given(seed=st.integers(0, 10**9))
@settings(max_examples=120, deadline=None)
def test_whatever_one_shard_tells_is_refused_or_counted_and_the_others_count_as_ever(seed: int) -> None:
    bad = spoiled(windows_of(1)[0], Random(seed))
    sound = [(2, document) for document in windows_of(2)]
    fleet, leaves, refused = run_virtual(partial(heard, (1, bad), *sound), 1)
    for text in refused:
        assert text.isprintable()
        assert len(text) < 400
    assert fleet.calls[2] == 10
    if refused:
        assert leaves.ended_calls == 10
        assert fleet.calls.keys() == {2}
