"""A window of a run, closed: what happened in about a second, as a value that can be sent and merged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import fsum
from typing import Any

import attrs
import msgspec

from actors.events import Phase
from actors.text import harmless
from sim.measure.documents import GeneratorDocument, SnapshotDocument
from sim.measure.leaves import Leaves
from sim.measure.plain_leaves import leaves_document, leaves_of

VERSION = 1
"""Of the form as JSON; a new or changed key raises it."""
MAX_SHOWN = 200


@attrs.frozen
class GeneratorUsage:
    """What the simulator itself used in a window: CPU seconds, and resident memory at its end, bytes.

    Of several windows the sum, and the most.
    """

    cpu_s: float
    rss_bytes: int

    @staticmethod
    def merged(parts: Iterable[GeneratorUsage | None]) -> GeneratorUsage | None:
        """None where none is known."""
        known = [one for one in parts if one is not None]
        if not known:
            return None
        return GeneratorUsage(fsum(one.cpu_s for one in known), max(one.rss_bytes for one in known))


@attrs.frozen
class Snapshot:
    """One window, or several that follow each other.

    Attributes:
        number: of the window, from 1; of several the last.
        started: instant on the run's clock at which it began.
        seconds: how long it is.
        phase: the one that lasted at its end.
        leaves: what ended in it. Nobody changes them any more.
        wanted, there: what the load shape asks for, and how many users are on stage, by group, at its end.
        generator: None where that means nothing: on the virtual clock.
        stalled_s: for how long the simulator itself stood still in it.
        units: what `wanted` counts, of those groups where it is not users: `arrivals/s`.
        bins: successful calls by service time, in half octaves (`sim.measure.bins`).
    """

    number: int
    started: float
    seconds: float
    phase: Phase
    leaves: Leaves
    wanted: Mapping[str, float] = attrs.Factory(dict)
    there: Mapping[str, int] = attrs.Factory(dict)
    generator: GeneratorUsage | None = None
    stalled_s: float = 0.0
    bins: Mapping[int, int] = attrs.Factory(dict)
    units: Mapping[str, str] = attrs.Factory(dict)

    @staticmethod
    def merged(parts: Sequence[Snapshot]) -> Snapshot:
        """One of all of them, in whatever order they come. Raises ValueError where there are none."""
        if not parts:
            raise ValueError("no windows to merge")
        last = max(parts, key=lambda one: (one.number, one.started))
        return attrs.evolve(
            last,
            started=min(one.started for one in parts),
            seconds=fsum(one.seconds for one in parts),
            leaves=Leaves.merged(one.leaves for one in parts),
            generator=GeneratorUsage.merged(one.generator for one in parts),
            stalled_s=fsum(one.stalled_s for one in parts),
            bins=sum((Counter(one.bins) for one in parts), Counter()),
        )

    def to_json(self) -> dict[str, Any]:
        """Plain lists and objects, as JSON has them; `from_json` gives it back.

        Samples are rounded to five digits, and where a sketch has many they are points, at most 200.
        """
        generator = self.generator
        document = SnapshotDocument(
            version=VERSION,
            number=self.number,
            started=self.started,
            seconds=self.seconds,
            phase=self.phase,
            leaves=leaves_document(self.leaves),
            wanted=dict(self.wanted),
            there=dict(self.there),
            generator=None if generator is None else GeneratorDocument(**attrs.asdict(generator)),
            stalled_s=self.stalled_s,
            bins=[self.bins.get(place, 0) for place in range(max(self.bins, default=-1) + 1)],
            units=dict(self.units),
        )
        plain: dict[str, Any] = msgspec.to_builtins(document)
        return plain

    @classmethod
    def from_json(cls, document: object) -> Snapshot:
        """Raises ValueError, in one line with what is wrong and where, when it is no window, or of a newer
        release.
        """
        version = document.get("version") if isinstance(document, dict) else None
        if isinstance(version, int) and version > VERSION:
            raise ValueError(f"a window of a newer release: its version is {version}, this reads {VERSION}")
        try:
            told = msgspec.convert(document, SnapshotDocument)
            if told.version != VERSION:
                raise ValueError(f"its version is {told.version}, this reads {VERSION}")
            leaves = leaves_of(told.leaves)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"not as windows are: {harmless(str(error), MAX_SHOWN)}") from None
        generator = told.generator
        return cls(
            number=told.number,
            started=told.started,
            seconds=told.seconds,
            phase=told.phase,
            leaves=leaves,
            wanted=told.wanted,
            there=told.there,
            generator=None if generator is None else GeneratorUsage(generator.cpu_s, generator.rss_bytes),
            stalled_s=told.stalled_s,
            bins={place: count for place, count in enumerate(told.bins) if count},
            units=told.units,
        )
