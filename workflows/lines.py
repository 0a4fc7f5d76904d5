"""A text to which several users add lines: what must stand in it, and what it means when it does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import attrs

from actors.answer import Answer, Finding, excerpt
from actors.events import ViolationKind

SHOWN = 300


def in_order(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(lines)


@attrs.frozen
class Lines:
    """What must stand in a text, line by line; line ends do not count.

    Attributes:
        base: the text that the lines were added to.
        wanted: each must stand there exactly once.
        possible: each may stand there, once at most: additions whose fate is not known.
    """

    base: str
    wanted: tuple[str, ...] = attrs.field(default=(), converter=in_order)
    possible: tuple[str, ...] = attrs.field(default=(), converter=in_order)

    def unspoiled(self, answer: Answer) -> tuple[Finding, ...]:
        """A check: the base stands there, and nothing that nobody wrote."""
        return tuple(self.strange(answer.text("content")))

    def reading(self) -> Reading:
        """For one reader, who looks again while something is missing."""
        return Reading(self)

    def missing(self, text: str) -> tuple[str, ...]:
        """Those of the wanted lines that `text` does not hold."""
        return lines_missing(text, self.wanted)

    def doubled(self, text: str) -> Iterable[Finding]:
        counts = Counter(text.splitlines())
        for line in dict.fromkeys((*self.wanted, *self.possible)):
            if counts[line] > 1:
                yield Finding(ViolationKind.DUPLICATE, f"once: {line}", excerpt(text, SHOWN))

    def strange(self, text: str) -> Iterable[Finding]:
        """Lines that nobody wrote, or lines of the base that have gone; rules between them do not count."""
        present = [line for line in text.splitlines() if line.strip("- ")]
        base = [line for line in self.base.splitlines() if line.strip("- ")]
        known = {*base, *self.wanted, *self.possible}
        if not known.issuperset(present) or not set(base).issubset(present):
            yield Finding(ViolationKind.WRONG_CONTENT, excerpt(self.base), excerpt(text, SHOWN))


@attrs.define
class Reading:
    """What one reader finds of the lines, look after look."""

    lines: Lines
    _findings: dict[tuple[ViolationKind, str], Finding] = attrs.Factory(dict)
    _first: str | None = None
    _last: str = ""

    def take(self, answer: Answer) -> bool:
        """Look at a text; True when there is no need to look again."""
        text = answer.text("content")
        self._first, self._last = text if self._first is None else self._first, text
        strange = list(self.lines.strange(text))
        for finding in (*self.lines.doubled(text), *strange):
            self._findings.setdefault((finding.kind, finding.expected), finding)
        return bool(strange) or not self.lines.missing(text)

    def conclude(self) -> tuple[Finding, ...]:
        """What was wrong. A line that was missed at first and seen later was stale, not lost."""
        found = list(self._findings.values())
        if any(finding.kind is ViolationKind.WRONG_CONTENT for finding in found):
            return tuple(found)  # of a spoiled text nobody can say what is lost
        lost = self.lines.missing(self._last)
        for line in self.lines.missing(self._first or ""):
            kind = ViolationKind.LOST_UPDATE if line in lost else ViolationKind.STALE_READ
            found.append(Finding(kind, line, excerpt(self._first or "", SHOWN)))
        return tuple(found)

    @property
    def has_looked(self) -> bool:
        return self._first is not None


def lines_missing(text: str, lines: Iterable[str]) -> tuple[str, ...]:
    """Those of `lines` that `text` does not hold as lines of their own."""
    present = set(text.splitlines())
    return tuple(line for line in lines if line not in present)
