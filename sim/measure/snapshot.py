"""A window of a run, closed: what happened in about a second, as a value that can be sent and merged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from actors.events import Phase
from sim.measure.leaves import Leaves


@attrs.frozen
class Generator:
    """What the simulator itself used in a window: CPU seconds, and resident memory at its end, bytes."""

    cpu_s: float
    rss_bytes: int


@attrs.frozen
class Snapshot:
    """One window, or several that follow each other.

    Attributes:
        number: of the window, from 1; of several the last.
        started: instant on the run's clock at which it began.
        seconds: how long it is.
        phase: the one that lasted at its end.
        leaves: what ended in it. Nobody changes them any more.
        wanted, there: users on stage, as the load shape wants them and as they are, by group, at its end.
        generator: None where that means nothing: on the virtual clock.
        stalled_s: for how long the simulator itself stood still in it.
    """

    number: int
    started: float
    seconds: float
    phase: Phase
    leaves: Leaves
    wanted: Mapping[str, float] = attrs.Factory(dict)
    there: Mapping[str, int] = attrs.Factory(dict)
    generator: Generator | None = None
    stalled_s: float = 0.0

    @staticmethod
    def merged(parts: Sequence[Snapshot]) -> Snapshot:
        """One of all of them, in whatever order they come. Raises ValueError where there are none."""
        if not parts:
            raise ValueError("no windows to merge")
        first, last = min(parts, key=lambda one: one.started), max(parts, key=lambda one: one.number)
        known = [one.generator for one in parts if one.generator is not None]
        generator = last.generator and attrs.evolve(last.generator, cpu_s=sum(one.cpu_s for one in known))
        return attrs.evolve(
            last,
            started=first.started,
            seconds=sum(one.seconds for one in parts),
            leaves=Leaves.merged(one.leaves for one in parts),
            generator=generator,
            stalled_s=sum(one.stalled_s for one in parts),
        )
