"""A text that one user writes and others read: which one they must see, and what another one means.

Texts are the same when they differ in line ends, or in line breaks at their very end, alone: servers and
editors write CRLF, trim, or add a last newline, and nobody has lost anything by it.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from actors.answer import Answer, Finding, excerpt
from actors.events import ViolationKind


def plain(text: str) -> str:
    """`text` with line feeds for line ends, and none at its end."""
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")


def all_of(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(texts)


@attrs.frozen
class Text:
    """What must stand there, as a whole.

    Attributes:
        newest: what was written last, and acknowledged.
        older: what stood there before. Seen again, it is a stale read; seen for good, a lost update.
        refused: what somebody tried to write and was refused. Seen, it is a permission leak.
        key: where the text stands in the answer.
        also: what was written at the same time as the newest: nobody knows which of them was last.
    """

    newest: str
    older: tuple[str, ...] = attrs.field(default=(), converter=all_of)
    refused: tuple[str, ...] = attrs.field(default=(), converter=all_of)
    key: str = "content"
    also: tuple[str, ...] = attrs.field(default=(), converter=all_of)

    def judge(self, answer: Answer) -> tuple[Finding, ...]:
        """What one look at it finds; an older text is a stale read here."""
        seen = answer.text(self.key)
        if plain(seen) in map(plain, (self.newest, *self.also)):
            return ()
        if plain(seen) in map(plain, self.refused):
            return (Finding(ViolationKind.PERMISSION_LEAK, "what was refused is not written", excerpt(seen)),)
        is_old = plain(seen) in map(plain, self.older)
        kind = ViolationKind.STALE_READ if is_old else ViolationKind.WRONG_CONTENT
        return (Finding(kind, excerpt(self.newest), excerpt(seen)),)

    def reading(self) -> TextReading:
        """For one reader, who looks again while the text is old."""
        return TextReading(self)


@attrs.define
class TextReading:
    """What one reader finds of a text, look after look."""

    text: Text
    has_looked: bool = False
    _first: tuple[Finding, ...] = ()
    _last: tuple[Finding, ...] = ()

    def take(self, answer: Answer) -> bool:
        """Look at it; True when there is no need to look again."""
        self._last = self.text.judge(answer)
        self._first = self._first if self.has_looked else self._last
        self.has_looked = True
        return all(finding.kind is not ViolationKind.STALE_READ for finding in self._last)

    def conclude(self) -> tuple[Finding, ...]:
        """What was wrong. An old text that gave way was stale; one that stayed, a lost update."""
        if not self._last:
            return self._first
        return tuple(
            attrs.evolve(finding, kind=ViolationKind.LOST_UPDATE)
            if finding.kind is ViolationKind.STALE_READ
            else finding
            for finding in self._last
        )
