"""Which faults to commit, and which were committed."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable
from random import Random
from typing import Any

import attrs

from sim.standin.faults.spec import FaultKind, FaultSpec

REMEMBERED = 100_000
"""How many committed faults are kept; the counts go on."""


@attrs.define
class Injected:
    """A fault that was committed.

    Attributes:
        number: from 1, in the order in which they came.
        at: epoch seconds.
        uid, tool: whose call of what it was.
        subject: the note, file or text that it is about.
        seconds: how long it lasts, where it does.
        spoiled: whose answers it has spoiled, one by one. A stale view spoils none when nobody looks.
    """

    number: int
    kind: FaultKind
    at: float
    uid: str
    tool: str
    subject: str = ""
    seconds: float = 0.0
    spoiled: list[str] = attrs.Factory(lambda self: [self.uid], takes_self=True)


class FaultBook:
    """Draws faults and keeps the list of them. Each user has draws of their own for each kind.

    Args:
        now: epoch seconds.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.configure((), 1)

    def configure(self, specs: Iterable[FaultSpec], seed: int) -> None:
        """Commit these from now on, and begin a new list."""
        self._specs = {spec.kind: spec for spec in specs}
        self._seed = seed
        self._draws: dict[tuple[FaultKind, str], Random] = {}
        self.counts: Counter[FaultKind] = Counter()
        self.injected: deque[Injected] = deque(maxlen=REMEMBERED)

    def __bool__(self) -> bool:
        return bool(self._specs)

    def draw(self, kind: FaultKind, uid: str, tool: str, subject: str = "") -> Injected | None:
        """Whether to commit `kind` on this occasion; then it is on the list already."""
        spec = self._specs.get(kind)
        if spec is None:
            return None
        draws = self._draws.get((kind, uid))
        if draws is None:
            draws = Random(f"{self._seed}/{kind}/{uid}")  # noqa: S311  reproducible draws, not secrets
            self._draws[kind, uid] = draws
        if draws.random() >= spec.probability:
            return None
        self.counts[kind] += 1
        number = self.counts.total()
        fault = Injected(number, kind, self.now(), uid, tool, subject, spec.draw_seconds(draws))
        self.injected.append(fault)
        return fault

    def as_json(self) -> dict[str, Any]:
        """The counts by kind, and the list."""
        return {"counts": dict(self.counts), "injected": [attrs.asdict(one) for one in self.injected]}
