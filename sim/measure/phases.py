"""When each phase of a run began, and to which one an instant belongs."""

from __future__ import annotations

from math import fsum

from actors.events import Phase


class Phases:
    """The phases so far, in the order in which they began."""

    def __init__(self, started: float, first: Phase) -> None:
        self._boundaries: list[tuple[float, Phase]] = [(started, first)]

    def begin(self, phase: Phase, at: float) -> None:
        """From `at` on, what starts belongs to `phase`."""
        self._boundaries.append((at, phase))

    @property
    def current(self) -> Phase:
        return self._boundaries[-1][1]

    @property
    def boundaries(self) -> tuple[tuple[float, Phase], ...]:
        """When each phase began."""
        return tuple(self._boundaries)

    def at(self, instant: float) -> Phase:
        """The phase that lasts at `instant`; what was before the first belongs to that one."""
        begun, current = self._boundaries[-1]
        if instant >= begun:
            return current  # nearly always: this is asked for each call
        for at, phase in reversed(self._boundaries):
            if instant >= at:
                return phase
        return self._boundaries[0][1]

    def of_due(self, due: float) -> Phase:
        """To which phase a workflow belongs that was due at this instant: the last one may be due at the
        very end of the profile, at which the grace begins.
        """
        begins_grace = any(at == due and phase is Phase.GRACE for at, phase in self._boundaries)
        return Phase.MEASURED if begins_grace else self.at(due)

    def span(self, phase: Phase, now: float) -> float:
        """How long `phase` has lasted by `now`, seconds; 0 when it has not begun."""
        ends = [at for at, _ in self._boundaries[1:]] + [now]
        spans = zip(self._boundaries, ends, strict=True)
        return fsum(end - at for (at, each), end in spans if each is phase)
