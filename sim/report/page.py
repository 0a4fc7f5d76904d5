"""A page of a certain width: headings, lines, tables that leave out whole columns and never half a number."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
from rich.cells import cell_len, chop_cells
from rich.console import RenderableType
from rich.text import Text

from actors.text import harmless
from sim.config.grammar.threshold import Unit, format_bound

COLUMNS = ("Total", "Success", "Failed", "Rate", "P50", "P90", "P95", "P99", "Max")
FIRST_TO_GO = ("Success", "P90", "P99", "Max", "Rate", "P50", "Count")
"""Which columns are left out where there is no room, in this order; the others stay whatever happens."""
MIN_NAME = 12
MAX_RULE = 120
GAP = 2


@attrs.frozen
class TableRow:
    """One line of a table: a name, and a text for each column."""

    name: str
    cells: tuple[str, ...]
    is_part: bool = False
    """Of the row above: drawn dim."""


class Page:
    """What is put on it is kept until `parts` is taken.

    Attributes:
        left_out: columns for which there was no room.
    """

    def __init__(self, width: int) -> None:
        self.width = width
        self.parts: list[RenderableType] = []
        self.left_out: dict[str, None] = {}

    def rule(self, title: str = "") -> None:
        """A double line across, with a title in its middle."""
        width = min(self.width, MAX_RULE)
        self.line(f" {title} ".center(width, "=") if title else "=" * width, "bold")

    def heading(self, title: str) -> None:
        """The beginning of a section."""
        self.line(f"{title} ".ljust(min(self.width, MAX_RULE), "-"), "bold")

    def line(self, text: str, style: str = "") -> None:
        """One line; broken between words where it is too long."""
        self.parts.append(Text(one_line(text), style=style, overflow="fold"))

    def pairs(self, rows: Sequence[tuple[str, str]]) -> None:
        """Names and what is to be said of them, below each other where the page is narrow."""
        wide = max(cell_len(name) for name, _ in rows) + 1
        for name, value in rows:
            label = f"{name}:"
            self.line(f"{label.ljust(wide)}  {one_line(value)}" if self.width > 60 else f"{label} {value}")

    def table(self, first: str, columns: Sequence[str], rows: Sequence[TableRow]) -> None:
        """Names to the left, figures to the right; names are folded, figures never."""
        widths = {
            name: max(cell_len(name), *(cell_len(row.cells[at]) for row in rows), 0)
            for at, name in enumerate(columns)
        }
        longest = max(cell_len(first), *(cell_len(one_line(row.name)) for row in rows), 0)
        least = min(longest, max(MIN_NAME, self.width // 4))
        kept = self._kept(columns, widths, least)
        room = self.width - sum(widths[name] + GAP for name in kept)
        name_width = max(least, min(longest, room))
        self._row(first, list(kept), kept, widths, name_width, "")
        places = [columns.index(name) for name in kept]
        for row in rows:
            cells = [row.cells[place] for place in places]
            self._row(one_line(row.name), cells, kept, widths, name_width, "dim" if row.is_part else "")

    def _kept(self, columns: Sequence[str], widths: dict[str, int], name_width: int) -> list[str]:
        kept = list(columns)
        for name in FIRST_TO_GO:
            if name_width + sum(widths[each] + GAP for each in kept) <= self.width:
                break
            if name in kept:
                kept.remove(name)
                self.left_out[name] = None
        return kept

    def _row(
        self,
        name: str,
        cells: Sequence[str],
        kept: Sequence[str],
        widths: dict[str, int],
        name_width: int,
        style: str,
    ) -> None:
        indent = name[: len(name) - len(name.lstrip())]
        folded = chop_cells(name, name_width) or [""]
        figures = "".join(
            " " * (GAP + widths[column] - cell_len(cell)) + cell
            for column, cell in zip(kept, cells, strict=True)
        )
        head = folded[0] + " " * (name_width - cell_len(folded[0]))
        for text in (head + figures, *(indent + rest for rest in folded[1:])):
            self.parts.append(Text(text.rstrip(), style=style, no_wrap=True, overflow="ignore"))


def one_line(text: str) -> str:
    """`text` as it is where all of it can be shown in one line, else made so."""
    return text if text.isprintable() else harmless(text)


def duration(value: float | None) -> str:
    """Seconds as people and options write them: `12.3ms`, `1.25s`; `–` for none."""
    return "–" if value is None else format_bound(value, Unit.SECONDS)


def percent(rate: float | None) -> str:
    """A share in percent; None is that of nothing."""
    return "–" if rate is None else f"{rate:.1f}%"


def count_text(count: int | None) -> str:
    """None is not known."""
    return "–" if count is None else f"{count:,}"


def several(count: int, one: str, many: str = "") -> str:
    """`1 note`, `2 notes`, `1,234 notes`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def clock(seconds: float) -> str:
    """An instant of a run as people read it: `3:24`, `1:02:03`."""
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{left:02d}" if hours else f"{minutes}:{left:02d}"
