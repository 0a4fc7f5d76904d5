"""A terminal's glass: what stands on it, and above it, after some bytes. Knows what this program sends."""

from __future__ import annotations

import re

from rich.cells import cell_len

_TOKEN = re.compile(r"\x1b\[([0-9;]*)([A-Za-z])|\x1b.?|[\r\n]|[^\x1b\r\n]+")


class Glass:
    """As many columns as it has; it scrolls without end. Raises AssertionError for what it does not know."""

    def __init__(self, columns: int, rows: int = 24) -> None:
        self.columns, self.rows = columns, rows
        self.lines: list[list[str]] = [[]]
        self._row = self._column = 0

    def feed(self, text: str) -> None:
        """Obey `text`."""
        for found in _TOKEN.finditer(text):
            token = found.group()
            if token == "\r":
                self._column = 0
            elif token == "\n":
                self._down()
            elif token.startswith("\x1b"):
                self._obey(found.group(2), found.group(1))
            else:
                self._write(token)

    @property
    def text(self) -> str:
        """All lines, those that were scrolled away too."""
        return "\n".join("".join(line).rstrip() for line in self.lines)

    def _obey(self, command: str | None, argument: str) -> None:
        match command:
            case "m":
                pass
            case "K":
                del self.lines[self._row][self._column :]
            case "J":
                del self.lines[self._row][self._column :]
                del self.lines[self._row + 1 :]
            case "A":
                top = max(0, len(self.lines) - self.rows)
                self._row = max(top, self._row - int(argument or 1))
            case _:
                raise AssertionError(f"no terminal is asked for this: {command!r} {argument!r}")

    def _down(self) -> None:
        self._row += 1
        self._column = 0
        while len(self.lines) <= self._row:
            self.lines.append([])

    def _write(self, text: str) -> None:
        for character in text:
            width = cell_len(character)
            if self._column + width > self.columns:
                self._down()
            line = self.lines[self._row]
            line.extend(" " * (self._column - len(line)))
            line[self._column : self._column + width] = [character, *[""] * (width - 1)]
            self._column += width
