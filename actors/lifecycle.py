"""The states of a user, and the one table of ways between them."""

from __future__ import annotations

import enum


class State(enum.StrEnum):
    """Where a user is in their life.

    `OFF_STAGE` → `CONNECTING` (the first session is being opened) → `ON_STAGE` (takes initiative, is cast,
    serves) → `LEAVING` (serves until no workflow casts them) → `GONE`. Whoever is told to leave before
    they were on stage is `TURNING_BACK`; a user on stage whose session died is `DISCONNECTED` until the
    next step makes them connect again.
    """

    OFF_STAGE = "off stage"
    CONNECTING = "connecting"
    TURNING_BACK = "turning back"
    ON_STAGE = "on stage"
    DISCONNECTED = "disconnected"
    LEAVING = "leaving"
    GONE = "gone"


TRANSITIONS: dict[State, frozenset[State]] = {
    State.OFF_STAGE: frozenset({State.CONNECTING, State.GONE}),
    State.CONNECTING: frozenset({State.ON_STAGE, State.TURNING_BACK, State.GONE}),
    State.TURNING_BACK: frozenset({State.GONE}),
    State.ON_STAGE: frozenset({State.DISCONNECTED, State.LEAVING, State.GONE}),
    State.DISCONNECTED: frozenset({State.ON_STAGE, State.LEAVING, State.GONE}),
    State.LEAVING: frozenset({State.GONE}),
    State.GONE: frozenset(),
}
"""Which states may follow which. `GONE` follows every state: a user can be cancelled at any moment."""


class IllegalTransition(Exception):
    """A bug: a user was moved to a state that cannot follow the one they are in."""


class Lifecycle:
    """The state of one user; `move` is the only way to change it."""

    def __init__(self) -> None:
        self._state = State.OFF_STAGE
        self._was_on_stage = False

    @property
    def state(self) -> State:
        return self._state

    @property
    def has_been_on_stage(self) -> bool:
        """Whether they were on stage, now or before. Of one who has gone: whether they came so far."""
        return self._was_on_stage

    def move(self, to: State) -> None:
        """Go to `to`. Raises IllegalTransition where `TRANSITIONS` has no such way."""
        if to not in TRANSITIONS[self._state]:
            raise IllegalTransition(f"{self._state.value} → {to.value}")
        self._state = to
        self._was_on_stage = self._was_on_stage or to is State.ON_STAGE

    def leaves_for(self, to: State) -> bool:
        """Whether `to` may follow now."""
        return to in TRANSITIONS[self._state]
