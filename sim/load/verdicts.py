"""What thresholds are known to be: told when it changes, and the first instant at which each was broken."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from actors.events import Emit, Judged
from sim.config.grammar.threshold import Threshold
from sim.measure.thresholds import Verdict


class Verdicts:
    """Of the thresholds of one run."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._held: dict[Threshold, bool] = {}
        self._broke_at: dict[Threshold, float] = {}

    def note(self, verdicts: Iterable[Verdict], at: float) -> None:
        """They were found so at this instant. Where nothing was measured, nothing is known."""
        for verdict in verdicts:
            if verdict.measured is not None:
                self.find(verdict, at)

    def find(self, verdict: Verdict, at: float) -> None:
        """One was found so, whatever was measured."""
        limit = verdict.threshold
        if not verdict.held:
            self._broke_at.setdefault(limit, at)
        if self._held.get(limit, True) != verdict.held:
            self._emit(judgement(verdict, at))
        self._held[limit] = verdict.held

    def conclude(self, verdicts: Sequence[Verdict], at: float) -> tuple[Verdict, ...]:
        """The last word on each, with the first instant at which it was broken."""
        for verdict in verdicts:
            if verdict.measured is not None and not verdict.held:
                self._broke_at.setdefault(verdict.threshold, at)
            self._emit(attrs.evolve(judgement(verdict, at), is_final=True))
        return tuple(
            attrs.evolve(verdict, broke_at=self._broke_at.get(verdict.threshold)) for verdict in verdicts
        )


def judgement(verdict: Verdict, at: float) -> Judged:
    limit = verdict.threshold
    return Judged(at, str(limit), verdict.held, str(verdict), limit.aborts)
