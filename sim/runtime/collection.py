"""The garbage collector, while a crowd is on stage."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

YOUNG = 50_000
"""So many more objects than before are looked through at once, in the place of 700."""


@contextmanager
def rare_collection() -> Iterator[None]:
    """Within it, what was there before is not looked through again, and what comes is so less often.

    Sessions, models and modules are hundreds of thousands of objects that stay, and a fifth of a call went
    into looking at them. What a call makes goes by counting; the cycles of failed ones are still found.
    """
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
