"""What was measured while the same load was asked for: so many users on stage, or arrivals a second."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import attrs

from actors.events import Phase
from sim.config.grammar.threshold import Comparison, Threshold, Unit
from sim.measure.leaves import IntervalLeaf, Leaves, StepLeaf, StoryLeaf
from sim.measure.sketch import Sketch
from sim.measure.snapshot import Snapshot
from sim.measure.thresholds import judge

MIN_LEVEL_S = 2.0
"""A load that was asked for less long was passed through, and not held."""
MAX_LEVELS = 100
USERS = "users"

LEVEL_COMPRESSION, LEVEL_BUFFER = 160.0, 2000
"""A little coarser than those of the whole run, and two arrays: each call is counted in both."""


@attrs.define
class LevelFigures:
    """One load. `begun` is an instant on the run's clock, at which it was first asked for.

    Attributes:
        unit: `users` on stage, or `arrivals/s`: of all groups with that unit together.
        seconds: for how long in all.
        leaves: what ended meanwhile, as far as limits are about it.
    """

    unit: str
    wanted: float
    begun: float
    seconds: float = 0.0
    leaves: Leaves = attrs.Factory(Leaves)

    @property
    def calls(self) -> int:
        return self.leaves.ended_calls

    @property
    def errors(self) -> int:
        return self.leaves.ended_errors

    @property
    def service(self) -> Sketch:
        return Sketch.merged(leaf.service for leaf in self.leaves.steps.values())

    @property
    def response(self) -> Sketch:
        return Sketch.merged(leaf.response for leaf in self.leaves.steps.values())

    def absorb(self, window: Snapshot) -> None:
        """One more window of it."""
        self.seconds += window.seconds
        add_judged(self.leaves, window.leaves)
        self.leaves.seconds = self.seconds

    def held(self, limits: Sequence[Threshold]) -> bool | None:
        """Whether all of `limits` did. None: nothing was measured for one of them, or none can be judged."""
        verdicts = [judge(limit, self.leaves) for limit in limits if is_of_a_part(limit)]
        if any(verdict.measured is not None and not verdict.held for verdict in verdicts):
            return False
        return all(verdict.held for verdict in verdicts) or None if verdicts else None


def add_judged(level: Leaves, window: Leaves) -> None:
    """Add what limits can be about; how long calls lay in inboxes, and when what was dropped had been due,
    is asked of the whole run alone.
    """
    for key, leaf in window.steps.items():
        kept = level.steps.get(key)
        if kept is None:
            kept = level.steps[key] = StepLeaf(light(), light())
        kept.absorb(leaf)
    for place, story in window.stories.items():
        played = level.stories.get(place)
        if played is None:
            played = level.stories[place] = StoryLeaf(duration=light(), response=light())
        for name in story.intervals.keys() - played.intervals.keys():
            played.intervals[name] = IntervalLeaf(light(), light())
        played.absorb(story)
    for why, count in window.not_started.items():
        level.not_started[why] += count
    level.lateness.absorb(window.lateness)
    level.ended_calls += window.ended_calls
    level.ended_errors += window.ended_errors
    level.ended_executions += window.ended_executions


def light() -> Sketch:
    return Sketch(LEVEL_COMPRESSION, LEVEL_BUFFER)


def is_of_a_part(limit: Threshold) -> bool:
    """Whether it can be judged on part of a run: of a part there is less than of the whole."""
    match limit.comparison:
        case Comparison.LESS | Comparison.AT_MOST:
            return True
        case Comparison.EQUAL:
            return limit.unit is not Unit.COUNT or limit.bound == 0
        case _:
            return limit.unit is not Unit.COUNT


@attrs.define
class Stretch:
    """Windows on end in which the same was asked for; kept back until it is clear that it is held."""

    wanted: float
    begun: float
    kept_back: list[Snapshot] = attrs.Factory(list)
    seconds: float = 0.0

    def take(self, window: Snapshot) -> list[Snapshot]:
        """The windows that belong to a level by now, and have not been given yet."""
        self.seconds += window.seconds
        self.kept_back.append(window)
        # Windows are closed at instants, whose differences are rounded.
        if self.seconds < MIN_LEVEL_S - 0.01:
            return []
        given, self.kept_back = self.kept_back, []
        return given


class Levels:
    """Takes each window of a run; their number is bounded: what was asked for shortest is given up."""

    def __init__(self) -> None:
        self._stretches: dict[str, Stretch] = {}
        self._levels: dict[tuple[str, float], LevelFigures] = {}

    def add(self, window: Snapshot) -> None:
        """The window that follows the one before."""
        asked = dict(wanted_by_unit(window)) if window.phase is Phase.MEASURED else {}
        for unit in [unit for unit in self._stretches if not asked.get(unit)]:
            del self._stretches[unit]
        for unit, wanted in asked.items():
            if wanted:
                self._follow(unit, wanted, window)

    def figures(self) -> tuple[LevelFigures, ...]:
        """By unit, ascending."""
        return tuple(level for _, level in sorted(self._levels.items()))

    def _follow(self, unit: str, wanted: float, window: Snapshot) -> None:
        stretch = self._stretches.get(unit)
        if stretch is None or stretch.wanted != wanted:
            stretch = self._stretches[unit] = Stretch(wanted, window.started)
        for inside in stretch.take(window):
            self._level(unit, stretch).absorb(inside)

    def _level(self, unit: str, stretch: Stretch) -> LevelFigures:
        place = unit, stretch.wanted
        if place not in self._levels:
            if len(self._levels) >= MAX_LEVELS:
                del self._levels[min(self._levels, key=lambda each: self._levels[each].seconds)]
            self._levels[place] = LevelFigures(unit, stretch.wanted, stretch.begun)
        return self._levels[place]


def wanted_by_unit(window: Snapshot) -> Iterator[tuple[str, float]]:
    """What the load shapes of all groups ask for together, rounded so that sums are the same again."""
    sums: defaultdict[str, float] = defaultdict(float)
    for group, wanted in window.wanted.items():
        sums[window.units.get(group, USERS)] += wanted
    yield from ((unit, round(wanted, 9)) for unit, wanted in sums.items())
