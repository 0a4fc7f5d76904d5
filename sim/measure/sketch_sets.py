"""The distributions of a run by what they are about, to be asked and merged later."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping

from actors.events import Phase
from sim.measure.figures import SketchOfBoth, SketchSet
from sim.measure.leaf_keys import StepKey
from sim.measure.leaves import Leaves, StepLeaf, StoryLeaf
from sim.measure.sketch import Sketch


def sketch_set(leaves: Leaves) -> SketchSet:
    """Of the measured phase. The executions of a workflow have durations where calls have service times."""
    steps = {key: leaf for key, leaf in leaves.steps.items() if key.phase is Phase.MEASURED}
    named = {key: leaf for key, leaf in steps.items() if key.workflow}
    stories: defaultdict[str, list[StoryLeaf]] = defaultdict(list)
    for place, story in leaves.stories.items():
        if place.phase is Phase.MEASURED:
            stories[place.workflow].append(story)
    return SketchSet(
        calls=_both(list(steps.values())),
        workflows=_by(lambda key: key.workflow, named),
        steps=_by(lambda key: f"{key.workflow}.{key.step}", named),
        tools=_by(lambda key: key.tool, steps),
        executions={
            name: (
                Sketch.merged(leaf.duration for leaf in parts),
                Sketch.merged(leaf.response for leaf in parts),
            )
            for name, parts in sorted(stories.items())
        },
        propagation={
            f"{name}.{interval}": Sketch.merged(
                leaf.intervals[interval].upper for leaf in parts if interval in leaf.intervals
            )
            for name, parts in sorted(stories.items())
            for interval in sorted({each for leaf in parts for each in leaf.intervals})
        },
    )


def _by(label: Callable[[StepKey], str], leaves: Mapping[StepKey, StepLeaf]) -> dict[str, SketchOfBoth]:
    parts: defaultdict[str, list[StepLeaf]] = defaultdict(list)
    for key, leaf in leaves.items():
        parts[label(key)].append(leaf)
    return {name: _both(several) for name, several in sorted(parts.items())}


def _both(leaves: list[StepLeaf]) -> SketchOfBoth:
    return Sketch.merged(leaf.service for leaf in leaves), Sketch.merged(leaf.response for leaf in leaves)
