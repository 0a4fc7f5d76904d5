"""While a crowd is on stage the garbage collector looks less often, and afterwards as before."""

from __future__ import annotations

import gc
import weakref

import pytest

from sim.runtime.collection import rare_collection


class Ring:
    """Refers to itself, so that counting references never frees it."""

    def __init__(self) -> None:
        self.itself = self


def test_what_was_there_is_left_alone_and_comes_back_afterwards() -> None:
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    with rare_collection():
        assert gc.get_freeze_count() > frozen
        assert gc.get_threshold()[0] > before[0]
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)


def test_a_crowd_that_has_come_meanwhile_is_left_alone_once_that_is_said() -> None:
    with rare_collection() as leave_alone:
        frozen = gc.get_freeze_count()
        crowd = [Ring() for _ in range(1_000)]
        gone = weakref.ref(Ring())
        leave_alone()
        assert gc.get_freeze_count() >= frozen + len(crowd)
        assert gone() is None
    assert gc.get_freeze_count() == 0


def test_cycles_that_come_meanwhile_are_still_found() -> None:
    with rare_collection():
        first = weakref.ref(Ring())
        rings = [Ring() for _ in range(200_000)]
        del rings
        many = [Ring() for _ in range(200_000)]
        assert first() is None
        del many


def test_all_is_as_before_although_the_block_fails() -> None:
    before = gc.get_threshold()
    with pytest.raises(ZeroDivisionError), rare_collection():
        raise ZeroDivisionError
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)
