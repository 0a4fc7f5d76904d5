"""What was measured at each number of users that was held for a while."""

from __future__ import annotations

from actors.events import Phase
from sim.measure.levels import MAX_LEVELS, levels_of
from sim.measure.sketch import Sketch
from sim.measure.timeline import Row


def row(wanted: float, phase: Phase = Phase.MEASURED, calls: int = 10, seconds: float = 0.1) -> Row:
    sketch = Sketch()
    for _ in range(calls):
        sketch.add(seconds)
    return Row(calls=calls, phase=phase.value, wanted={"": wanted}, service=sketch, seconds=1.0)


def test_each_number_that_was_held_is_a_level_with_all_its_calls_wherever_they_were() -> None:
    rows = [row(5), row(5), row(8), row(9), row(9), row(9, seconds=0.3), row(5), row(5)]
    found = levels_of(rows, 1.0)
    assert [(level.wanted, level.begun, level.seconds, level.calls) for level in found] == [
        (5, 0.0, 4.0, 40),
        (9, 3.0, 3.0, 30),
    ]
    assert [level.service.max for level in found] == [0.1, 0.3]


def test_only_the_measured_phase_has_levels() -> None:
    rows = [row(5, Phase.WARMUP), row(5, Phase.WARMUP), row(5), row(5), row(5, Phase.GRACE)]
    assert [level.seconds for level in levels_of(rows, 1.0)] == [2.0]
    assert levels_of([], 1.0) == ()


def test_their_number_is_bounded() -> None:
    rows = [row(float(number + 1)) for number in range(3 * MAX_LEVELS) for _ in range(2)]
    assert len(levels_of(rows, 1.0)) == MAX_LEVELS
