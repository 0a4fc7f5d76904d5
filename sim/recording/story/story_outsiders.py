"""Looks of somebody who was not in the recording, and must not see what was shared there.

Only where the recording itself shows that the server refuses those to whom nobody gave it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from sim.recording.story.expressions import CarriedValue, parts_of
from sim.recording.story.leaf_values import at_path
from sim.recording.story.story_handing import named_by
from sim.recording.story.story_model import PlannedStep
from sim.recording.story.takes import Take

OUTSIDER = "outsider"
"""The role, as stories of one's own have it."""
REFUSED = (403, 404)


def let_outsiders_look(steps: Sequence[PlannedStep]) -> None:
    """Give each such look one by an outsider, who is to be refused; the first at each thing."""
    refusals: dict[tuple[str, str], list[PlannedStep]] = defaultdict(list)
    for step in steps:
        if step.verb == "is_refused" and step.statuses == REFUSED and step.take.only_reads:
            refusals[step.role, step.tool].append(step)
    if not refusals:
        return
    makers = {id(step.take): step.role for step in steps if not step.take.only_reads}
    for look in steps:
        known = refusals.get((look.role, look.tool), [])
        if look.verb == "is_refused" or look.take.error is not None or not is_of_another(look, makers):
            continue
        shown = next((each for each in known if shows_that_strangers_are_refused(each, look, steps)), None)
        if shown is not None:
            known.remove(shown)
            arguments = dict(look.arguments)
            look.outsider = PlannedStep(
                list(look.takes), OUTSIDER, "is_refused", arguments=arguments, statuses=REFUSED
            )


def is_of_another(look: PlannedStep, makers: Mapping[int, str]) -> bool:
    """Whether it names what somebody else made, by an id: a path is another one for everybody."""
    for each in carried_in(look):
        value = at_path(each.take.value, each.path)
        is_path = isinstance(value, str) and "/" in value
        if not is_path and makers.get(id(each.take), look.role) != look.role:
            return True
    return False


def shows_that_strangers_are_refused(
    refused: PlannedStep, look: PlannedStep, steps: Sequence[PlannedStep]
) -> bool:
    """Whether the same person was refused the same thing while nobody had given it to them."""
    if refused.arguments != look.arguments:
        return False
    first, last = sorted((refused.take.place, look.take.place))
    between = [
        step
        for step in steps
        if first < step.take.place < last and not step.take.only_reads and step.take.error is None
    ]
    if refused.take.place < look.take.place:
        # Given to them by name, and made open to all by nothing.
        return bool(between) and all(look.role in named_by(step) for step in between)
    given = [step.take for step in steps if step.take.place < first and look.role in named_by(step)]
    removing = [step for step in between if step.take.tool.removes]
    return bool(removing) and all(takes_back(step, given) for step in removing)


def takes_back(removal: PlannedStep, given: Sequence[Take]) -> bool:
    """Whether it removes what gave somebody a right, and not the thing itself."""
    return any(each.take is take for each in carried_in(removal) for take in given)


def carried_in(step: PlannedStep) -> Iterator[CarriedValue]:
    for value in step.arguments.values():
        yield from (each for each in parts_of(value) if isinstance(each, CarriedValue))
