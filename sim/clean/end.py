"""What is known of what a run made, at its end."""

from __future__ import annotations

import attrs

from sim.clean.cleanup_result import CleanupResult

MAX_NAMED = 20
"""So many of the things left are named; the ledger names all."""


@attrs.frozen
class CleanupEnd:
    """What became of what was created.

    Attributes:
        result: None: nothing was to be removed, or it was not tried.
        ledger_path: the file that names what is left; "" where there is none.
        kept: whether it was to be left there.
    """

    result: CleanupResult | None = None
    ledger_path: str = ""
    kept: bool = False

    @property
    def is_clean(self) -> bool:
        return not self.left

    @property
    def left(self) -> tuple[str, ...]:
        """Names of what is, or may be, still there, and was to be removed."""
        return self.result.remaining if self.result is not None else ()

    @property
    def text(self) -> str:
        """In words; "Clean" only when that is known."""
        command = f"simulate cleanup --ledger {self.ledger_path}"
        if self.kept:
            return f"Kept as asked. This removes everything: {command}"
        if self.result is None:
            return "Clean: nothing was created."
        if self.left:
            more = len(self.left) - MAX_NAMED
            rest = f" and {more:,} more, named in the ledger" if more > 0 else ""
            return f"LEFT BEHIND: {', '.join(self.left[:MAX_NAMED])}{rest}. To try again: {command}"
        expiring = "".join(
            f" An OAuth client named {name!r} may exist, and expires by itself."
            for name in self.result.expiring
        )
        return f"Clean: {self.result.removed} things created, {self.result.removed} removed.{expiring}"
