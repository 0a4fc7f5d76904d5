"""The garbage collector, while a crowd is on stage."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

YOUNG = 50_000
"""So many more objects than before are looked through at once, in the place of 700."""


@contextmanager
def rare_collection() -> Iterator[Callable[[], None]]:
    """Within it, what was there before is not looked through again, and what comes is so less often.

    It gives what says the same of all that has come meanwhile, for when a crowd has come to stay.

    Sessions, models and modules are hundreds of thousands of objects that stay: a fifth of a call, and half
    of opening one session of ten thousand, went into looking at them. What a call makes goes by counting;
    the cycles of failed ones are still found.
    """
    before = gc.get_threshold()
    leave_alone()
    gc.set_threshold(YOUNG, *before[1:])
    try:
        yield leave_alone
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def leave_alone() -> None:
    """Collect what is of no use, and look no more at what is there now, until it is unfrozen."""
    gc.collect()
    gc.freeze()
