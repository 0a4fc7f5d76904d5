"""What a search for capacity is to find, and within which bounds."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from math import fsum

import attrs

from sim.config.grammar.threshold import Threshold


class SearchBy(enum.StrEnum):
    """What is raised until a limit breaks."""

    USERS = "users"
    ARRIVALS = "arrivals"


@attrs.frozen
class Sought:
    """A search for the highest load at which all limits hold.

    Attributes:
        limits: what must hold at a level, beside that its response time does not grow.
        max_users: so many are on stage, or at hand for arrivals, at most.
        within_s: then it ends with the best answer so far.
        first: users to begin with; fewer cannot play all workflows.
    """

    by: SearchBy
    limits: tuple[Threshold, ...]
    max_users: int
    within_s: float
    first: int


def shares(weights: Sequence[int], total: int) -> list[int]:
    """`total` users, split as evenly as `weights` say: in whole numbers (Hamilton's method)."""
    whole = fsum(weights)
    exact = [total * weight / whole for weight in weights]
    counts = [int(each) for each in exact]
    order = sorted(range(len(weights)), key=lambda place: (counts[place] - exact[place], place))
    for place in order[: total - sum(counts)]:
        counts[place] += 1
    return counts
