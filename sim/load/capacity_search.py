"""The search for the highest level of load at which all limits hold: which level is to be held next.

A state machine without time and without input or output: it is told how each hold ended, and says what is to
be held then. How long a hold takes and what it shows is for `sim.load.level_hold` to say.

    climbing    double until a level breaks, or the highest is reached
    narrowing   the middle between the highest that held and the lowest that did not
    resting     after a level that broke, one that held: until the server is itself again
    confirming  the answer, held longer: from below; then, after a level that broke, from above
    repeating   broke from above: is it that server, or chance? Once more from below
    sharpening  the answer and its upper neighbour in turn, until it is known which of them it is

Which levels hold is for `Evidence` to say, of all that has been seen: where it changes its mind, the
search narrows down again. A level that holds shortly and collapses when it is confirmed makes it forget
all that was held shortly.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence

import attrs

from sim.config.grammar.threshold import Threshold
from sim.load.evidence import Evidence
from sim.load.level_grid import LevelGrid
from sim.load.level_hold import HoldOutcome, LevelEnd

MAX_SHARPENED = 2
"""So many holds may be added to tell neighbours apart: each takes minutes, and says less than the last."""


class Purpose(enum.Enum):
    """What a level is held for."""

    CLIMB = "climbing"
    NARROW = "narrowing"
    REST = "resting"
    CONFIRM = "confirming from below"
    OVERLOAD = "breaking it once more"
    CONFIRM_ABOVE = "confirming from above"
    REPEAT = "confirming once more from below"
    SHARPEN = "telling neighbours apart"

    @property
    def is_thorough(self) -> bool:
        """Whether it is held longer, since the answer depends on it."""
        return self in (Purpose.CONFIRM, Purpose.CONFIRM_ABOVE, Purpose.REPEAT, Purpose.SHARPEN)


@attrs.frozen
class Asked:
    """What is to be held now."""

    level: float
    purpose: Purpose


class Confirmation(enum.Enum):
    """How far the answer has been confirmed."""

    NONE = "not confirmed"
    BELOW = "held a second time"
    BOTH = "held from below and from above"


@attrs.define
class CapacityFound:
    """The answer so far.

    Attributes:
        held: how the highest level that held ended when it was held last; None: none did.
        broke: the lowest level above it that did not; None: none broke.
        recovers: whether the server holds the answer also after it was overloaded; None: not known.
        rested_at: the level at which it did not become itself again; None where it always did.
        ends: of all holds, in their order, with what they were for.
        is_over: whether the search came to its end by itself, or had but to make its answer more exact.
        between: see `CapacityAnswer`.
    """

    held: LevelEnd | None = None
    broke: LevelEnd | None = None
    confirmation: Confirmation = Confirmation.NONE
    recovers: bool | None = None
    rested_at: float | None = None
    ends: list[tuple[Purpose, LevelEnd]] = attrs.Factory(list)
    is_over: bool = False
    between: tuple[float | None, float | None] | None = None


class CapacitySearch:
    """Ask `asked` what is to be held, `take` how it ended, until `asked` is None.

    Args:
        first: the level to begin with.
        is_open: levels are rates of arrivals. What an overload has left is there until it has been worked
            off, however good the server is: it rests at next to nothing, and confirms nothing from above.
    """

    def __init__(
        self, grid: LevelGrid, first: float, limits: Sequence[Threshold], *, is_open: bool = False
    ) -> None:
        self._grid = grid
        self._is_open = is_open
        self._evidence = Evidence(limits)
        self._then: Asked | None = None
        """What comes after the rest."""
        self._confirmed: set[float] = set()
        """Levels that were held longer, from below."""
        self._from_above: dict[float, bool] = {}
        """The same from above, and whether they held."""
        self._sharpened = 0
        self._doubts = False
        """Whether short holds are not to be trusted."""
        self.found = CapacityFound()
        self.asked: Asked | None = Asked(grid.rounded(first), Purpose.CLIMB)

    def take(self, end: LevelEnd) -> Asked | None:
        """How the hold that was asked for ended; gives what comes next."""
        assert self.asked is not None
        asked = self.asked
        self.found.ends.append((asked.purpose, end))
        if is_evidence(asked.purpose, end):
            self._note(end)
        if asked.purpose in (Purpose.CONFIRM, Purpose.REPEAT):
            self._confirmed.add(end.level)
            self._doubt(end)
        self.asked = self._next(asked, end)
        self.found.is_over = self.asked is None or self._only_sharpens
        return self.asked

    def _note(self, end: LevelEnd) -> None:
        self._evidence.note(end)
        self._update()

    def _update(self) -> None:
        evidence = self._evidence
        low, high = evidence.low, evidence.high
        self.found.held = evidence.best_of(low) if low is not None else None
        self.found.broke = evidence.worst_of(high) if high is not None else None
        self.found.between = self._between()

    def _between(self) -> tuple[float | None, float | None] | None:
        found, low, high = self._evidence.crossing, self._evidence.low, self._evidence.high
        if found is None or low is None or high is None:
            return None
        since = min(low, self._grid.rounded(found.low)) if found.low else None
        until = max(high, self._grid.rounded_up(found.high)) if found.high < math.inf else None
        return since, until

    def _doubt(self, end: LevelEnd) -> None:
        """A level that gives way after a while: so may all others that were held shortly."""
        if (
            end.is_held
            or self._doubts
            or (end.collapsed_s is None and end.outcome is not HoldOutcome.DRIFTED)
        ):
            return
        self._doubts = True
        self._evidence.forget_what_held_shortly(self._confirmed)
        self._update()

    def _next(self, asked: Asked, end: LevelEnd) -> Asked | None:
        match asked.purpose:
            case Purpose.CLIMB if (end.is_held or not end.is_sure) and end.level < self._grid.most:
                # One failed call among few says nothing yet.
                return Asked(self._grid.doubled(end.level), Purpose.CLIMB)
            case Purpose.REST:
                return self._rested(end)
            case Purpose.OVERLOAD if end.level == self._evidence.high:
                assert self._evidence.low is not None
                return Asked(self._evidence.low, Purpose.CONFIRM_ABOVE)
            case Purpose.CONFIRM_ABOVE:
                return self._confirmed_above(end)
            case Purpose.REPEAT if end.level == self._evidence.low:
                # From below it holds again, from above it surely did not.
                self.found.recovers = False
                return None
            case _:
                return self._narrow(rests=not end.is_held)

    def _narrow(self, *, rests: bool) -> Asked | None:
        low, high = self._evidence.low, self._evidence.high
        if low is None:
            return self._lower(high)
        middle = self._grid.between(low, high) if high is not None else None
        if middle is not None:
            asked = Asked(middle, self._narrowing)
            return self._rest_before(asked, low) if rests else asked
        if low not in self._confirmed:
            # From below, which is to come from somewhere lower.
            return self._rest_before(Asked(low, Purpose.CONFIRM), self._grid.halved(low))
        self.found.confirmation = Confirmation.BELOW
        broke = self.found.broke
        if high is None or broke is None or broke.outcome is HoldOutcome.OWN_LIMIT:
            return None
        if not self._is_open and low not in self._from_above:
            return Asked(high, Purpose.OVERLOAD)
        return self._sharpen(low, high)

    def _sharpen(self, low: float, high: float) -> Asked | None:
        """What was held for the shorter time of both; None where they are told apart, or never will be."""
        if low in self._from_above:
            self.found.recovers = True
            self.found.confirmation = Confirmation.BOTH if self._from_above[low] else Confirmation.BELOW
        if self._sharpened >= MAX_SHARPENED or self._are_apart(low, high):
            return None
        self._sharpened += 1
        level = min((low, high), key=self._evidence.seconds_at)
        return self._rest_before(Asked(level, Purpose.SHARPEN), self._grid.halved(level))

    @property
    def _only_sharpens(self) -> bool:
        """Whether what is held next makes the answer more exact, and is no part of it."""
        asked = self._then if self.asked and self.asked.purpose is Purpose.REST else self.asked
        return asked is not None and asked.purpose is Purpose.SHARPEN

    def _are_apart(self, low: float, high: float) -> bool:
        """Whether the true number is at most one level away."""
        found = self._evidence.crossing
        return found is None or (self._grid.before(low) <= found.low and found.high <= self._grid.after(high))

    def _lower(self, high: float | None) -> Asked | None:
        """Nothing has held yet: lower, as long as there is anything."""
        if high is None or high <= self._grid.least:
            return None
        lower = self._grid.halved(high)
        return self._rest_before(Asked(lower, self._narrowing), self._grid.least)

    @property
    def _narrowing(self) -> Purpose:
        return Purpose.CONFIRM if self._doubts else Purpose.NARROW

    def _rest_before(self, then: Asked, level: float) -> Asked:
        if self._is_open or self.found.rested_at is not None:
            # It did not become itself again at more.
            level = self._grid.least
        if level >= then.level:
            return then
        self._then = then
        return Asked(level, Purpose.REST)

    def _rested(self, end: LevelEnd) -> Asked | None:
        if end.is_held or self._evidence.low is None:
            # Where nothing has held yet, there is nothing to become again.
            return self._then
        self.found.rested_at = end.level
        if end.level > self._grid.least:
            return Asked(self._grid.least, Purpose.REST)
        self.found.recovers = False
        return None

    def _confirmed_above(self, end: LevelEnd) -> Asked | None:
        if not end.is_held and end.is_sure:
            return self._rest_before(Asked(end.level, Purpose.REPEAT), self._grid.halved(end.level))
        self._from_above[end.level] = end.is_held
        return self._narrow(rests=True)


def is_evidence(purpose: Purpose, end: LevelEnd) -> bool:
    """Whether the hold says what the level is like; what surely broke from above may still suffer."""
    if purpose is Purpose.CONFIRM_ABOVE:
        return end.is_held or not end.is_sure
    return purpose is not Purpose.REST
