"""What a clean-up came to, as a value."""

from __future__ import annotations

import attrs


@attrs.frozen
class CleanupResult:
    """What became of what was there.

    Attributes:
        removed: how many things are confirmed to be gone.
        remaining: what is, or may be, still there, each with the reason.
        expiring: OAuth clients that nobody can remove, and that expire by themselves.
        reason: why the last removal that failed did so.
        notes: what else a person should know, a line each.
    """

    removed: int
    remaining: tuple[str, ...]
    expiring: tuple[str, ...] = ()
    reason: str = ""
    notes: tuple[str, ...] = ()

    @property
    def is_clean(self) -> bool:
        return not self.remaining
