"""Which level is held next, and what is found in the end; how holds end is written down here."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from sim.config.grammar.threshold import parse_threshold
from sim.load.capacity_search import (
    MAX_SHARPENED,
    Asked,
    CapacityFound,
    CapacitySearch,
    Confirmation,
    Purpose,
)
from sim.load.evidence import rising
from sim.load.level_grid import LevelGrid
from sim.load.level_hold import HoldOutcome, LevelEnd

LIMIT = parse_threshold("calls: p(95)<1s")
CALLS = 1000.0
Ends = Callable[[Asked], LevelEnd]


def held(level: float, share: float = 0.01) -> LevelEnd:
    return LevelEnd(level, HoldOutcome.HELD, 10.0, pairs=((share * CALLS, CALLS),))


def broke(level: float, share: float = 0.5, *, is_sure: bool = True) -> LevelEnd:
    pairs = ((share * CALLS, CALLS),)
    return LevelEnd(level, HoldOutcome.BROKE, 10.0, ("slow",), (LIMIT,), is_sure=is_sure, pairs=pairs)


@pytest.mark.parametrize("unit", [1.0, 1 / 16])
def test_each_level_lies_between_the_one_before_and_the_one_after_it(unit: float) -> None:
    grid, level = LevelGrid(unit, 1000.0), unit
    for _ in range(100):
        after = grid.after(level)
        assert grid.before(after) == level == grid.rounded(level) == grid.rounded_up(level)
        assert (grid.rounded((level + after) / 2), grid.rounded_up((level + after) / 2)) == (level, after)
        level = after


def of_other_cause(level: float, outcome: HoldOutcome = HoldOutcome.BROKE) -> LevelEnd:
    return LevelEnd(level, outcome, 10.0, ("something else",), pairs=((0.0, CALLS),))


def carries(users: float) -> Ends:
    return lambda asked: held(asked.level) if asked.level <= users else broke(asked.level)


def walked(ends: Ends, grid: LevelGrid | None = None, first: float = 2) -> CapacityFound:
    search = CapacitySearch(grid or LevelGrid(1.0, 1000.0), first, [LIMIT])
    for _ in range(500):
        if search.asked is None:
            break
        search.take(ends(search.asked))
    assert search.found.is_over
    return search.found


def asked_for(found: CapacityFound, *without: Purpose) -> list[tuple[Purpose, float]]:
    return [(purpose, end.level) for purpose, end in found.ends if purpose not in without]


@pytest.mark.parametrize("first", [1, 5, 64])
@pytest.mark.parametrize("users", [*range(1, 40), 100, 131, 500, 950])
def test_the_highest_level_that_holds_is_found_wherever_it_lies_and_the_search_begins(
    users: int, first: int
) -> None:
    found, grid = walked(carries(users), first=first), LevelGrid(1.0, 1000.0)
    assert found.held is not None
    assert found.held.level == grid.rounded(users)
    assert found.broke is not None
    assert found.broke.level - found.held.level == grid.step_at(found.held.level)
    assert found.confirmation is Confirmation.BOTH
    assert found.recovers
    assert len(asked_for(found, Purpose.REST)) <= 3 * math.log2(users + 1) + 10


def test_levels_double_then_halve_their_distance_and_rest_between() -> None:
    found = walked(carries(22))
    climb, narrow, rest = Purpose.CLIMB, Purpose.NARROW, Purpose.REST
    assert asked_for(found) == [
        (climb, 2), (climb, 4), (climb, 8), (climb, 16), (climb, 32), (rest, 16), (narrow, 24), (rest, 16),
        (narrow, 20), (narrow, 22), (narrow, 23), (rest, 11), (Purpose.CONFIRM, 22), (Purpose.OVERLOAD, 23),
        (Purpose.CONFIRM_ABOVE, 22),
    ]  # fmt: skip


def test_where_no_level_holds_nothing_is_found_and_the_lowest_one_was_tried() -> None:
    found = walked(carries(0), first=8)
    assert found.held is None
    assert found.broke is not None
    assert found.broke.level == 1


@pytest.mark.parametrize("most", [1, 2, 37, 100])
def test_no_level_is_tried_above_the_highest_and_one_that_holds_is_the_answer(most: int) -> None:
    found = walked(carries(10_000), LevelGrid(1.0, most))
    assert found.held is not None
    assert found.held.level == most == max(level for _, level in asked_for(found))
    assert found.broke is None
    assert found.confirmation is Confirmation.BELOW


def test_rates_have_fractions() -> None:
    found = walked(carries(3.3), LevelGrid(1 / 16, 100.0), first=1.0)
    assert found.held is not None
    assert found.held.level == 3.25


def test_what_held_by_chance_is_no_answer() -> None:
    """A level that holds when it is looked at shortly, and breaks when it is held longer."""

    def ends(asked: Asked) -> LevelEnd:
        if asked.purpose is Purpose.CONFIRM and asked.level > 20:
            return broke(asked.level)
        return carries(24)(asked)

    found = walked(ends)
    assert found.held is not None
    assert found.held.level == 20


def test_what_broke_by_chance_is_looked_at_again() -> None:
    """22 breaks by a hair at first, and holds clearly whenever it is overloaded once more."""

    def ends(asked: Asked) -> LevelEnd:
        if asked.level == 22 and asked.purpose is Purpose.NARROW:
            return broke(22, share=0.052, is_sure=False)
        return carries(27)(asked)

    found = walked(ends)
    assert found.held is not None
    assert found.held.level == 27


def test_levels_are_judged_together_since_no_server_gets_faster_by_load() -> None:
    assert rising([(10, 100), (0, 0), (2, 100), (30, 100)]) == [0.06, None, 0.06, 0.3]
    assert rising([]) == []
    assert rising([(1, 10), (1, 5), (3, 10)]) == [0.1, 0.2, 0.3]


@pytest.mark.parametrize("outcome", [HoldOutcome.BROKE, HoldOutcome.DRIFTED])
def test_what_is_no_matter_of_chance_breaks_a_level_for_good(outcome: HoldOutcome) -> None:
    """A violation at 12, once; all levels but that one look fine."""

    def ends(asked: Asked) -> LevelEnd:
        return of_other_cause(asked.level, outcome) if asked.level >= 12 else held(asked.level)

    found = walked(ends)
    assert found.held is not None
    assert found.held.level == 11


def test_the_limit_of_the_simulator_is_an_end_but_no_answer_and_is_not_tried_twice() -> None:
    def ends(asked: Asked) -> LevelEnd:
        too_much = asked.level > 100
        return of_other_cause(asked.level, HoldOutcome.OWN_LIMIT) if too_much else held(asked.level)

    found = walked(ends)
    assert found.held is not None
    assert found.broke is not None
    assert (found.held.level, found.broke.outcome) == (100, HoldOutcome.OWN_LIMIT)
    assert Purpose.OVERLOAD not in [purpose for purpose, _ in found.ends]


def test_a_server_that_holds_from_below_and_not_from_above_does_not_recover() -> None:
    def ends(asked: Asked) -> LevelEnd:
        return broke(asked.level) if asked.purpose is Purpose.CONFIRM_ABOVE else carries(20)(asked)

    found = walked(ends)
    assert found.held is not None
    assert (found.held.level, found.recovers) == (20, False)
    assert [purpose for purpose, _ in found.ends][-1] is Purpose.REPEAT


def test_what_only_seems_to_break_from_above_is_chance() -> None:
    def ends(asked: Asked) -> LevelEnd:
        if asked.purpose is Purpose.CONFIRM_ABOVE:
            return broke(asked.level, share=0.051, is_sure=False)
        return carries(20)(asked)

    found = walked(ends)
    assert found.held is not None
    assert (found.held.level, found.recovers, found.confirmation) == (20, True, Confirmation.BELOW)


def test_a_server_that_never_becomes_itself_again_ends_the_search_with_what_is_known() -> None:
    def ends(asked: Asked) -> LevelEnd:
        return broke(asked.level) if asked.purpose is Purpose.REST else carries(20)(asked)

    found = walked(ends)
    assert found.held is not None
    assert (found.held.level, found.recovers, found.rested_at) == (16, False, 1)
    assert asked_for(found)[-2:] == [(Purpose.REST, 16), (Purpose.REST, 1)]


def barely_apart(asked: Asked) -> LevelEnd:
    """22 and 23 differ by less than a few hundred calls can show."""
    share = 0.05 * (asked.level / 22.4) ** 4
    pairs, spreads = ((400 * share, 400.0),), (200.0,)
    if share <= 0.05:
        return LevelEnd(asked.level, HoldOutcome.HELD, 60.0, pairs=pairs, spreads=spreads)
    is_sure = asked.level > 40
    return LevelEnd(
        asked.level, HoldOutcome.BROKE, 60.0, ("slow",), (LIMIT,), is_sure, pairs=pairs, spreads=spreads
    )


def test_neighbours_that_are_not_told_apart_are_held_again_and_the_doubt_is_said() -> None:
    found = walked(barely_apart)
    assert found.held is not None
    assert found.held.level == 22
    assert [purpose for purpose, _ in found.ends].count(Purpose.SHARPEN) == MAX_SHARPENED
    assert found.between is not None
    low, high = found.between
    assert low is None or low < 22
    assert high is None or high > 23


def test_a_search_that_is_cut_while_it_only_makes_its_answer_more_exact_was_over() -> None:
    search = CapacitySearch(LevelGrid(1.0, 1000.0), 2, [LIMIT])
    while search.asked is not None and not search.found.is_over:
        search.take(barely_apart(search.asked))
    assert search.found.confirmation is Confirmation.BOTH
    assert search.asked is not None


def test_neighbours_that_are_told_apart_are_not_held_again() -> None:
    found = walked(carries(22))
    assert Purpose.SHARPEN not in [purpose for purpose, _ in found.ends]
    assert found.between == (22, 23)


def test_at_every_moment_the_best_answer_so_far_is_known() -> None:
    search = CapacitySearch(LevelGrid(1.0, 1000.0), 2, [LIMIT])
    best = 0.0
    while search.asked is not None:
        asked = search.asked
        search.take(carries(50)(asked))
        if asked.purpose is not Purpose.REST and asked.level <= 50:
            best = max(best, asked.level)
        assert (search.found.held.level if search.found.held else 0) == best
