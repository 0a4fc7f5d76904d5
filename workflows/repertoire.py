"""Which workflow comes next: a weighted choice, drawn from a stream of its own."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Mapping
from itertools import accumulate
from random import Random

from workflows.base import Workflow

MIXES: dict[str, dict[str, float]] = {
    "mixed": {"baseline": 50, "note_share": 30, "collaborative_edit": 15, "file_share": 5},
    "sharing": {"note_share": 70, "file_share": 30},
    "collaboration": {"collaborative_edit": 100},
    "baseline": {"baseline": 100},
}
"""The named mixes: weights by workflow. The only place where they stand."""


class Mix:
    """Workflows with weights, to be drawn from.

    Args:
        weights: positive numbers; only their ratios count. Weightless workflows are left out.
    """

    def __init__(self, weights: Mapping[Workflow, float]) -> None:
        self.workflows = tuple(w for w, weight in weights.items() if weight > 0)
        self._bounds = list(accumulate(weights[w] for w in self.workflows))
        if not self.workflows:
            raise ValueError("a mix needs at least one workflow with a weight above zero")

    def draw(self, random: Random) -> Workflow:
        return self.workflows[bisect(self._bounds, random.random() * self._bounds[-1])]
