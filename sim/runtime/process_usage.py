"""What this process uses of the machine."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from pathlib import Path

STATM = Path("/proc/self/statm")
"""Sizes in pages; the second is what is resident (proc(5))."""


def usage_meter() -> Callable[[], tuple[float, int]]:
    """Asked again and again: CPU seconds since it was asked last, and resident memory now, bytes."""
    last = time.process_time()

    def measure() -> tuple[float, int]:
        nonlocal last
        now = time.process_time()
        used, last = now - last, now
        return used, resident_bytes()

    return measure


def resident_bytes() -> int:
    """Resident memory; where the system does not tell, the most there ever was."""
    try:
        return int(STATM.read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
