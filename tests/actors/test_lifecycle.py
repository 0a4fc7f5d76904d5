"""The states of a user: only the ways of the table, and no way back from gone."""

from __future__ import annotations

from itertools import product

import pytest

from actors.lifecycle import TRANSITIONS, IllegalTransition, Lifecycle, State

WAYS_TO = {
    State.OFF_STAGE: [],
    State.CONNECTING: [State.CONNECTING],
    State.ON_STAGE: [State.CONNECTING, State.ON_STAGE],
    State.DISCONNECTED: [State.CONNECTING, State.ON_STAGE, State.DISCONNECTED],
    State.TURNING_BACK: [State.CONNECTING, State.TURNING_BACK],
    State.LEAVING: [State.CONNECTING, State.ON_STAGE, State.LEAVING],
    State.GONE: [State.GONE],
}
"""A way from the beginning to each state."""

LEGAL = {
    ("off stage", "connecting"),
    ("connecting", "on stage"),
    ("connecting", "turning back"),
    ("on stage", "disconnected"),
    ("on stage", "leaving"),
    ("disconnected", "on stage"),
    ("disconnected", "leaving"),
} | {(state.value, "gone") for state in State if state is not State.GONE}


def in_state(state: State) -> Lifecycle:
    life = Lifecycle()
    for to in WAYS_TO[state]:
        life.move(to)
    assert life.state is state
    return life


@pytest.mark.parametrize(("before", "after"), list(product(State, State)))
def test_exactly_the_ways_of_the_table_are_open(before: State, after: State) -> None:
    life = in_state(before)
    legal = (before.value, after.value) in LEGAL
    assert life.leaves_for(after) is legal
    if legal:
        life.move(after)
        assert life.state is after
    else:
        with pytest.raises(IllegalTransition, match=f"{before.value} → {after.value}"):
            life.move(after)
        assert life.state is before


def test_the_table_names_every_state() -> None:
    assert set(TRANSITIONS) == set(State)


def test_from_everywhere_a_user_can_go_at_any_moment() -> None:
    assert {state for state, after in TRANSITIONS.items() if State.GONE not in after} == {State.GONE}


@pytest.mark.parametrize("state", list(State))
def test_it_tells_who_was_on_stage_and_who_turned_back_before(state: State) -> None:
    came_so_far = {State.ON_STAGE, State.DISCONNECTED, State.LEAVING}
    life = in_state(state)
    assert life.has_been_on_stage is (state in came_so_far)
    if state is not State.GONE:
        life.move(State.GONE)
        assert life.has_been_on_stage is (state in came_so_far)
