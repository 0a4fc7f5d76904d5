"""Which calls become steps, in which order: what was repeated, what met, what was at the same time."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from itertools import pairwise

from sim.recording.story.name_words import KINDS, words_of
from sim.recording.story.story_model import PlannedStep
from sim.recording.story.takes import Take

MIN_GAP_S = 0.02
MAX_MEDIAN_S = 10.0
"""What a person did for longer than that was something else."""
MAX_SIGMA = 1.0
MAX_SAME_LOOKS = 3


def is_same_call(one: Take, other: Take) -> bool:
    return one.call.name == other.call.name and one.call.arguments == other.call.arguments


def merged(takes: Sequence[Take]) -> list[PlannedStep]:
    """The steps; each at the place of the call that answered it."""
    by_person: dict[str, list[Take]] = {}
    for take in takes:
        by_person.setdefault(take.who, []).append(take)
    steps = [step for own in by_person.values() for step in _of_person(own, takes)]
    return sorted(steps, key=lambda step: place_of(step))


def place_of(step: PlannedStep) -> int:
    """Looks stand where they saw it, tries where they began."""
    return step.take.place if step.verb == "until" else step.first.place


def _of_person(own: Sequence[Take], every: Sequence[Take]) -> list[PlannedStep]:
    steps: list[PlannedStep] = []
    at = 0
    while at < len(own):
        run = [own[at]]
        while at + len(run) < len(own) and own[at].only_reads and is_same_call(own[at], own[at + len(run)]):
            run.append(own[at + len(run)])
        tried = _insisted(own, at)
        if tried is not None:
            steps.append(tried)
            at = next(place for place, each in enumerate(own) if each is tried.take) + 1
            continue
        steps += _looks(run, every)
        at += len(run)
    return steps


def _insisted(own: Sequence[Take], at: int) -> PlannedStep | None:
    """A conflict, a look, and the same again: one step that insists."""
    first = own[at]
    if not first.is_conflict:
        return None
    looks: list[Take] = []
    for place in range(at + 1, min(len(own), at + 12)):
        other = own[place]
        if other.call.name == first.call.name and _is_same_but_newer(first, other):
            if other.error is None:
                again = PlannedStep([looks[-1]], "") if looks else None
                return PlannedStep([first, other], "", "gets_through", again=again)
            if not other.is_conflict:
                return None
        elif other.only_reads and other.error is None:
            looks.append(other)
        else:
            return None
    return None


def _is_same_but_newer(one: Take, other: Take) -> bool:
    """Equal arguments, versions apart."""
    mine, theirs = one.call.arguments, other.call.arguments
    return mine.keys() == theirs.keys() and all(mine[key] == theirs[key] or is_version(key) for key in mine)


def is_version(key: str) -> bool:
    words = words_of(key)
    return {"if", "match"} <= {*words} or (bool(words) and KINDS.get(words[-1]) == "etag")


def _looks(run: list[Take], every: Sequence[Take]) -> list[PlannedStep]:
    """The steps for equal looks in a row."""
    if len(run) == 1:
        return [PlannedStep(run, "")]
    last = run[-1]
    missed = [take.is_refused for take in run[:-1]]
    if last.error is None and all(missed):
        if len(run) > 2 or not _changed_between(run[0], last, every):
            return [PlannedStep(run, "", "until", is_absence_a_miss=True)]
    elif last.error is None and not any(take.error for take in run):
        if last.value != run[-2].value and all(take.value == run[0].value for take in run[:-1]):
            return [PlannedStep(run, "", "until")]
        if len(run) > MAX_SAME_LOOKS and all(take.value == last.value for take in run):
            note = f"They looked {len(run)} times, and always saw the same."
            return [PlannedStep([last], "", notes=[note])]
    return [PlannedStep([take], "") for take in run]


def _changed_between(first: Take, last: Take, every: Sequence[Take]) -> bool:
    """Whether somebody else changed something between the two."""
    between = every[first.place + 1 : last.place]
    return any(take.who != first.who and not take.only_reads for take in between)


def in_rounds(steps: Sequence[PlannedStep]) -> list[list[PlannedStep]]:
    """Steps of different people whose calls overlapped are made together."""
    rounds: list[list[PlannedStep]] = []
    for step in steps:
        meets = rounds and step.verb != "until" and all(_overlap(step, other) for other in rounds[-1])
        if meets:
            rounds[-1].append(step)
        else:
            rounds.append([step])
    return rounds


def _overlap(one: PlannedStep, other: PlannedStep) -> bool:
    if one.first.who == other.first.who or other.verb == "until":
        return False
    mine, theirs = one.first, other.first
    return mine.call.at < theirs.ended and theirs.call.at < mine.ended


def thinking_of(takes: Sequence[Take]) -> tuple[float, float] | None:
    """Median and sigma of the pauses between an answer and the next call, nobody being waited for."""
    gaps: list[float] = []
    answered = 0.0
    for before, take in pairwise(takes):
        answered = max(answered, before.ended)
        gap = take.call.at - answered
        if gap >= MIN_GAP_S:
            gaps.append(gap)
    if not gaps:
        return None
    logs = [math.log(gap) for gap in gaps]
    sigma = statistics.pstdev(logs) if len(logs) > 1 else 0.5
    median = min(MAX_MEDIAN_S, statistics.median(gaps))
    return round(median, 2), round(min(MAX_SIGMA, max(0.1, sigma)), 2)
