"""What several do at once may conflict, also where it did not in the recording."""

from __future__ import annotations

from collections.abc import Sequence

from sim.recording.story.expressions import CarriedValue, Fixed
from sim.recording.story.leaf_values import leaves_of, plain_of
from sim.recording.story.story_checks import CONTENT
from sim.recording.story.story_model import FindsOthers, PlannedStep
from sim.recording.story.story_order import is_version
from sim.recording.story.takes import Take


def let_meet(rounds: Sequence[Sequence[PlannedStep]], takes: Sequence[Take]) -> None:
    """Have those who change one thing at the same time insist, and look again after a conflict."""
    for together in rounds:
        changing = [step for step in together if not step.take.only_reads]
        for step in changing:
            is_met = any(has_same_target(step, other) for other in changing if other is not step)
            if is_met and step.verb in ("does", "is_refused", "gets_through") and not step.take.is_refused:
                step.verb = "gets_through"
                step.again = look_again(step, takes) or step.again
                check_again(step, changing)


def has_same_target(one: PlannedStep, other: PlannedStep) -> bool:
    mine = {plain_of(leaf.value) for leaf in leaves_of(dict(one.first.call.arguments))}
    theirs = {plain_of(leaf.value) for leaf in leaves_of(dict(other.first.call.arguments))}
    return one.take.tool.family == other.take.tool.family and bool((mine & theirs) - {None})


def look_again(step: PlannedStep, takes: Sequence[Take]) -> PlannedStep | None:
    """How the version that `step` wants is asked for anew; None where it wants none."""
    wanted = next((key for key in step.arguments if is_version(key)), None)
    source = step.arguments.get(wanted) if wanted else None
    if not isinstance(source, CarriedValue):
        return None
    target = {plain_of(value) for value in step.first.call.arguments.values()} - {None}
    for take in reversed(takes[: step.first.place]):
        given = {plain_of(value) for value in take.call.arguments.values()} - {None}
        is_look = take.only_reads and take.error is None and take.who == step.first.who
        if is_look and given and given <= target and answers_version(take, source):
            again = PlannedStep([take], step.role)
            arguments = take.call.arguments.items()
            again.arguments = {key: step.arguments.get(key, Fixed(value)) for key, value in arguments}
            return again
    return None


def answers_version(take: Take, source: CarriedValue) -> bool:
    """Whether `take` answers a version under the key of `source`."""
    return isinstance(take.value, dict) and source.path[-1:] == source.path and source.path[0] in take.value


def check_again(step: PlannedStep, changing: Sequence[PlannedStep]) -> None:
    """Who meets a conflict must then see what one of the others wrote."""
    others = [each for each in changing if each is not step and each.first.call.name == step.first.call.name]
    given = [each.first.call.arguments.get(CONTENT) for each in others]
    texts = tuple(text for text in given if isinstance(text, str))
    version = next((value for key, value in step.arguments.items() if is_version(key)), None)
    if (
        step.again is None
        or not texts
        or len(texts) < len(changing) - 1
        or not isinstance(version, CarriedValue)
    ):
        return
    if isinstance(version.take.value, dict) and isinstance(version.take.value.get(CONTENT), str):
        step.again.check = FindsOthers(texts, version.take)
