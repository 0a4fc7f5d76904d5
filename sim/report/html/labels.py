"""Where names stand in a chart: not on each other, and readable on whatever lies below them."""

from __future__ import annotations

from collections.abc import Sequence

CHARACTER = 6.6
"""How wide one is about, in a text of 12 units."""


def haloed(colour: str = "") -> str:
    """Attributes of a text that is drawn over lines; known without a style sheet too, and on paper.

    Args:
        colour: a class that says its colour.
    """
    classes = f"{colour} halo".strip()
    return f'class="{classes}" stroke="#fff" stroke-width="3" stroke-linejoin="round" paint-order="stroke"'


def rows_for(spans: Sequence[tuple[float, float]], most: int) -> list[int | None]:
    """For each span from begin to end the first row in which it overlaps no earlier one; None: there is none
    among so many rows.
    """
    ends: list[list[tuple[float, float]]] = [[] for _ in range(most)]
    found: list[int | None] = []
    for begin, end in spans:
        row = next(
            (at for at, there in enumerate(ends) if all(end <= b or begin >= e for b, e in there)), None
        )
        found.append(row)
        if row is not None:
            ends[row].append((begin, end))
    return found
