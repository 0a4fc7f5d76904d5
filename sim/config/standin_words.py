"""What a run says of its built-in stand-in."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.config.standin_options import StandinOptions


class StandinWords(tuple[str, ...]):
    """`fault=cut:0.2`, `token_ttl=3s`, …: as they were said, for reports to show (no secret is one).

    Args:
        origin: where they were said, which the text of an error begins with.
    """

    def __new__(cls, words: Iterable[str] = (), origin: str = "--standin-option") -> StandinWords:
        made = super().__new__(cls, words)
        made.origin = origin
        return made

    origin: str

    @cached_property
    def options(self) -> StandinOptions:
        """What they make, read once. Raises UsageError at the first time, which is before the run."""
        # Not before it is needed: the stand-in takes a while to be imported.
        from sim.config.standin_options import read_standin_words

        return read_standin_words(self, self.origin)
