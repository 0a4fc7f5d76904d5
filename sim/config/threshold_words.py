"""The words that thresholds know beside the names of workflows. One row is one word: what it can be limited
in, and how it is measured.

Leaves of what was measured are known here by their shape: the room that keeps them lies above this one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

import attrs

from actors.events import Ending, Missed, ViolationKind
from sim.config.grammar.threshold import Unit

INTERVAL = "propagation"


class Durations(Protocol):
    """A sketch of them, of whatever make."""

    @property
    def count(self) -> int: ...


class MeasuredCalls(Protocol):
    """Calls of one step."""

    @property
    def service(self) -> Durations: ...
    @property
    def response(self) -> Durations: ...


class MeasuredSpans(Protocol):
    """Spans of one name, each known between two bounds."""

    @property
    def upper(self) -> Durations: ...


class MeasuredStories(Protocol):
    """Executions of one workflow."""

    @property
    def endings(self) -> Counter[Ending]: ...
    @property
    def arrived(self) -> Counter[Ending]: ...
    @property
    def violations(self) -> Counter[ViolationKind]: ...
    @property
    def conflicts(self) -> int: ...
    @property
    def intervals(self) -> Mapping[str, MeasuredSpans]: ...


@attrs.frozen
class Count:
    """A number of things, out of how many.

    Attributes:
        bad: what a rate in percent is a share of `of` of; None: all that were counted.
    """

    count: int
    of: int
    bad: int | None = None


class Chosen(Protocol):
    """What was measured of what a threshold is about: its workflow, step, group and region.

    Attributes:
        steps, stories: of the measured phase.
        everywhere: executions of all phases.
        calls: those that were brought to an end, and how many of them failed. What failed as part of a
            story, which went on after it, is no failure.
        lateness: how late the simulator itself let workflows arrive, or came to what was due.
    """

    @property
    def steps(self) -> Sequence[MeasuredCalls]: ...
    @property
    def stories(self) -> Sequence[MeasuredStories]: ...
    @property
    def everywhere(self) -> Sequence[MeasuredStories]: ...
    @property
    def calls(self) -> Count: ...
    @property
    def lateness(self) -> Durations: ...
    def count_not_started(self, why: Missed) -> int: ...


@attrs.frozen
class Word:
    """Something that stands for the whole run.

    Attributes:
        example: a limit of it.
        times: the durations that it is about; None: it has none.
        counts: how many there are; None: they are not counted.
        rates: whether a number a second can be limited, beside a number.
        shares: whether a share of all can.
        of_leaves: whether it is known by group and region.
        of_arrivals: whether nothing can be measured of it where no group has arrivals.
    """

    example: str
    times: Callable[[Chosen], Iterable[Durations]] | None = None
    counts: Callable[[Chosen], Count] | None = None
    rates: bool = True
    shares: bool = True
    of_leaves: bool = True
    of_arrivals: bool = False

    @property
    def units(self) -> frozenset[Unit]:
        """What bounds of it are measured in."""
        counted = self.counts is not None
        has = {
            Unit.SECONDS: self.times is not None,
            Unit.COUNT: counted,
            Unit.PER_SECOND: counted and self.rates,
            Unit.FRACTION: counted and self.shares,
        }
        return frozenset(unit for unit, is_there in has.items() if is_there)


def errors(chosen: Chosen) -> Count:
    calls = chosen.calls
    return Count(calls.bad or 0, calls.of)


def propagation(chosen: Chosen) -> list[Durations]:
    spans = (story.intervals.get(INTERVAL) for story in chosen.stories)
    return [span.upper for span in spans if span is not None]


def propagations(chosen: Chosen) -> Count:
    seen = sum(span.count for span in propagation(chosen))
    return Count(seen, seen)


def violations(*kinds: ViolationKind) -> Callable[[Chosen], Count]:
    """In all phases: what is wrong is wrong in the warm-up too."""

    def count(chosen: Chosen) -> Count:
        found = sum(story.violations[kind] for story in chosen.everywhere for kind in kinds)
        return Count(found, total(chosen.everywhere))

    return count


def executions(chosen: Chosen) -> Count:
    """Those that came to their end."""
    failed = sum(story.endings[Ending.FAILED] for story in chosen.stories)
    ended = failed + sum(story.endings[Ending.SUCCEEDED] for story in chosen.stories)
    return Count(ended, ended, failed)


def dropped(chosen: Chosen) -> Count:
    """Of those that were due, which is nothing in the closed model."""
    missed = chosen.count_not_started(Missed.DROPPED)
    return Count(missed, missed + arrived(chosen))


def postponed(chosen: Chosen) -> Count:
    """Of those that users set about, which is nothing in the open model."""
    missed = chosen.count_not_started(Missed.POSTPONED)
    return Count(missed, missed + total(chosen.stories) - arrived(chosen))


def arrived(chosen: Chosen) -> int:
    return sum(story.arrived.total() for story in chosen.stories)


def total(stories: Iterable[MeasuredStories]) -> int:
    return sum(story.endings.total() for story in stories)


WORDS: dict[str, Word] = {
    "errors": Word("errors: rate<1%", counts=errors),
    "calls": Word(
        "calls: p(95)<500ms",
        times=lambda chosen: [step.service for step in chosen.steps],
        counts=lambda chosen: chosen.calls,
        shares=False,
    ),
    "response": Word("response: p(99)<1s", times=lambda chosen: [step.response for step in chosen.steps]),
    "propagation": Word(
        "propagation: p(99)<2s", times=propagation, counts=propagations, rates=False, shares=False
    ),
    "violations": Word("violations: count==0", counts=violations(*ViolationKind)),
    **{kind.value: Word(f"{kind.value}: count==0", counts=violations(kind)) for kind in ViolationKind},
    "conflicts": Word(
        "conflicts: count<100",
        counts=lambda chosen: Count(sum(story.conflicts for story in chosen.stories), total(chosen.stories)),
    ),
    "executions": Word("executions: rate>5/s", counts=executions),
    "dropped": Word("dropped: count==0", counts=dropped, of_leaves=False, of_arrivals=True),
    "postponed": Word("postponed: count==0", counts=postponed, of_leaves=False),
    "lateness": Word("lateness: p(99)<5ms", times=lambda chosen: [chosen.lateness], of_leaves=False),
}
"""The words that may stand in the place of a workflow. A rate in percent is a share of:

calls brought to an end (`errors`; a conflict that was retried is none), executions (violations,
conflicts; of `executions`: those that failed), workflows that were due (`dropped`, `postponed`).
"""
