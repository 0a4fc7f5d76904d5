"""Rows that are over are kept as bytes, and nothing of them is lost."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

import attrs
import pytest

from sim.measure.packed_rows import packed, unpacked
from sim.measure.row_parts import PartOfRow
from sim.measure.sketch import Sketch
from sim.measure.timeline_row import Row, coarse


def sketch(seed: int, count: int = 3_000) -> Sketch:
    draws, whole = random.Random(seed), Sketch()
    for _ in range(count):
        whole.add(draws.lognormvariate(-3, 0.8))
    return coarse(whole)


def full() -> Row:
    """A row with something in each of its fields."""
    return Row(
        calls=2**40,
        errors=3,
        executions=4,
        service_s=5.5,
        slowest_s=6.25,
        timed=7,
        phase="measured",
        there={"": 3, "eu": 2},
        wanted={"eu": 2.5},
        violations=Counter({"lost_update": 1}),
        not_started=Counter({"dropped": 2}),
        lateness_s=0.1,
        stalled_s=0.2,
        outcomes=Counter({"ok": 5, "tool_error/503": 1}),
        service=sketch(1),
        response=sketch(2, 1),
        bins=Counter({0: 1, 17: 3}),
        cpu_s=0.5,
        rss_bytes=2**33,
        seconds=4.0,
        conflicts=1,
        seen_after=(sketch(3), sketch(4)),
        regions={"eu": PartOfRow(2, 1, sketch(5))},
        groups={"front": PartOfRow(3, 0, Sketch()), "back": PartOfRow(1, 1, sketch(6, 20))},
    )


def plain(value: object) -> object:
    """What can be compared."""
    match value:
        case Sketch():
            return value.count, value.min, value.max, value.total, [*value.weighted()], value.quantiles()
        case Row() | PartOfRow():
            fields = attrs.fields(type(value))
            return type(value), [(each.name, plain(getattr(value, each.name))) for each in fields]
        case tuple():
            return tuple(map(plain, value))
        case dict():
            return type(value), {key: plain(each) for key, each in value.items()}
        case _:
            return value


def rows() -> Iterator[Row]:
    yield Row()
    yield full()
    both = full()
    both.absorb(full())
    yield both


def test_the_row_of_the_tests_has_something_in_each_field() -> None:
    empty, row = Row(), full()
    names = [each.name for each in attrs.fields(Row)]
    assert [name for name in names if plain(getattr(row, name)) == plain(getattr(empty, name))] == []


@pytest.mark.parametrize("row", [*rows()], ids=["empty", "full", "two"])
def test_a_row_comes_back_as_it_was(row: Row) -> None:
    assert plain(unpacked(packed(row))) == plain(row)


def test_what_comes_back_can_be_added_to() -> None:
    back, kept = unpacked(packed(full())), full()
    for each in (back, kept):
        each.absorb(full())
    assert plain(back) == plain(kept)


def test_a_usual_row_takes_less_than_a_kilobyte() -> None:
    row = Row(service=sketch(1), bins=Counter(range(15)), outcomes=Counter({"ok": 290, "tool_error/503": 3}))
    assert len(packed(row)) < 1_000
