"""Steps are played in their order, and whoever looks on sees each begin and end, however it ends."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from actors.errors import SetupError
from actors.events import Event, StepBegan, StepEnded
from sim.world.worlds import WorldStep, play


def step(name: str, text: str = "", *, needed: list[bool] | None = None) -> WorldStep:
    async def act() -> str:
        await trio.sleep(1)
        return text

    return WorldStep(name, lambda: f"doing {name}", act, lambda: all(needed or ()))


async def test_every_step_begins_and_ends_in_its_turn(autojump_clock: trio.testing.MockClock) -> None:
    events: list[Event] = []
    begun = trio.current_time()
    assert await play([step("one"), step("two", "found")], events.append, more=2) == 2
    assert events == [
        StepBegan(1, 4, "one", "doing one", begun),
        StepEnded(1, 4, "one", ok=True, text="", at=begun + 1),
        StepBegan(2, 4, "two", "doing two", begun + 1),
        StepEnded(2, 4, "two", ok=True, text="found", at=begun + 2),
    ]


async def test_a_step_that_fails_is_told_and_those_after_it_are_not_played(autojump_clock: object) -> None:
    async def fail() -> str:
        raise SetupError("no server")

    events: list[Event] = []
    with pytest.raises(SetupError, match="no server"):
        await play([WorldStep("one", lambda: "", fail), step("two")], events.append)
    ended = events[-1]
    assert isinstance(ended, StepEnded)
    assert (ended.name, ended.ok, ended.text) == ("one", False, "no server")
    assert len(events) == 2


async def test_a_step_that_is_cut_off_has_ended_and_not_well(autojump_clock: object) -> None:
    events: list[Event] = []
    with trio.move_on_after(0.5):
        await play([step("one")], events.append)
    ended = events[-1]
    assert isinstance(ended, StepEnded)
    assert not ended.ok


async def test_whether_a_step_is_needed_is_asked_when_its_turn_comes(autojump_clock: object) -> None:
    """What it depends on may be found out by a step before it."""
    needed: list[bool] = [False]

    async def find_out() -> str:
        needed[0] = True
        return ""

    events: list[Event] = []
    steps = [WorldStep("look", lambda: "", find_out), step("grant", needed=needed), step("rest")]
    assert await play(steps, events.append) == 3
    began = [(event.name, event.number, event.of) for event in events if isinstance(event, StepBegan)]
    assert began == [("look", 1, 2), ("grant", 2, 3), ("rest", 3, 3)]


async def test_what_is_not_needed_is_passed_over_without_a_word(autojump_clock: object) -> None:
    events: list[Event] = []
    assert await play([step("grant", needed=[False]), step("rest")], events.append) == 1
    assert {event.name for event in events if isinstance(event, StepBegan | StepEnded)} == {"rest"}
