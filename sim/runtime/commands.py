"""What somebody who looks on may ask of a run that goes on: values, and who carries them out."""

from __future__ import annotations

from typing import Protocol

import attrs


@attrs.frozen
class StopRun:
    """End it in order, as the first Ctrl-C does; `now`: as the second does."""

    now: bool = False


@attrs.frozen
class ChangeLoad:
    """So many users, or arrivals a second, of `group`, reached straight in `over_s` seconds.

    `group` "": the only one there is.
    """

    wanted: float
    over_s: float = 0.0
    group: str = ""


@attrs.frozen
class PauseLoad:
    """Begin no workflow until it goes on; what is being played is played to its end."""

    on: bool


@attrs.frozen
class MarkInstant:
    """Nothing is changed: a line with a word, where charts are drawn."""

    word: str


Command = StopRun | ChangeLoad | PauseLoad | MarkInstant


class NotDone(Exception):
    """It cannot be done; the text says why, in one line."""


class Steerable(Protocol):
    """A run that heeds commands."""

    def carry_out(self, command: Command) -> str:
        """Do it at once; says in words what is done. Raises NotDone, and then nothing was done."""
