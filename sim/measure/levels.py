"""What was measured while so many users were wanted on stage."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from actors.events import Phase
from sim.measure.sketch import Sketch
from sim.measure.timeline import Row

MIN_ROWS = 2
"""A number that was wanted for less long was passed through, and not held."""
MAX_LEVELS = 100


@attrs.frozen
class LevelFigures:
    """One number of users. Instants are seconds since the start of the timeline.

    Attributes:
        begun, seconds: when it was first wanted, and for how long in all.
    """

    wanted: float
    begun: float
    seconds: float
    calls: int
    errors: int
    service: Sketch
    response: Sketch


def levels_of(rows: Sequence[Row], row_s: float) -> tuple[LevelFigures, ...]:
    """Each number of users that was wanted for `MIN_ROWS` rows on end in the measured phase, ascending."""
    held: dict[float, list[tuple[int, Row]]] = {}
    stretch: list[tuple[int, Row]] = []
    for place, row in [*enumerate(rows), (len(rows), Row())]:
        wanted = sum(row.wanted.values())
        is_measured = row.phase == Phase.MEASURED.value
        if stretch and (not is_measured or wanted != sum(stretch[0][1].wanted.values())):
            if len(stretch) >= MIN_ROWS:
                held.setdefault(sum(stretch[0][1].wanted.values()), []).extend(stretch)
            stretch = []
        if is_measured and wanted:
            stretch.append((place, row))
    longest = sorted(held.items(), key=lambda item: -len(item[1]))[:MAX_LEVELS]
    return tuple(_level(wanted, inside, row_s) for wanted, inside in sorted(longest))


def _level(wanted: float, inside: list[tuple[int, Row]], row_s: float) -> LevelFigures:
    return LevelFigures(
        wanted=wanted,
        begun=inside[0][0] * row_s,
        seconds=sum(row.seconds for _, row in inside),
        calls=sum(row.calls for _, row in inside),
        errors=sum(row.errors for _, row in inside),
        service=Sketch.merged(row.service for _, row in inside),
        response=Sketch.merged(row.response for _, row in inside),
    )
