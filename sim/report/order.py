"""Steps in the order in which a workflow's table names them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import attrs

from sim.config.build_thresholds import is_step
from sim.measure.summary import Summary


def in_order(summary: Summary, steps: Mapping[str, Sequence[str]]) -> Summary:
    """The same figures; `steps` has the names of each workflow's steps, where `{i}` stands for a number."""
    stories = {
        name: attrs.evolve(story, steps=dict(sorted(story.steps.items(), key=lambda s: place(s[0], table))))
        for name, story in summary.stories.items()
        for table in [steps.get(name, ())]
    }
    return attrs.evolve(summary, stories=stories)


def place(step: str, table: Sequence[str]) -> tuple[int, int, str]:
    """Where it stands in the table, then its number, then its name."""
    at = next((at for at, name in enumerate(table) if is_step(step, name)), len(table))
    number = re.search(r"\d+", step)
    return at, int(number[0]) if number else 0, step
