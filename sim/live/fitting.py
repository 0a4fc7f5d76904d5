"""Lines of a fixed width: parts that do not fit are left out whole, and only texts are ever cut."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
from rich.cells import cell_len
from rich.text import Text

GAP = 2


@attrs.frozen
class Column:
    """One column of figures. The lower `rank`, the longer it stays where room gets scarce."""

    title: str
    cells: tuple[Text, ...]
    rank: int
    left: bool = False

    @property
    def width(self) -> int:
        return max(cell_len(self.title), *(cell.cell_len for cell in self.cells), 0)


def fitted(parts: Sequence[Text | str], width: int, gap: int = GAP + 1) -> Text:
    """As many of `parts`, in this order, as there is room for. One that is empty is no part."""
    line = Text(no_wrap=True)
    for part in parts:
        text = part if isinstance(part, Text) else Text(part)
        if not text.cell_len:
            continue
        room = width - line.cell_len - (gap if line.cell_len else 0)
        if text.cell_len > room:
            continue
        line.append(" " * gap if line.cell_len else "").append_text(text)
    return line


def cut(text: str, width: int, style: str = "") -> Text:
    """A text of which the end may be missing, and then is said to be."""
    line = Text(text, style=style, no_wrap=True)
    line.truncate(max(0, width), overflow="ellipsis")
    return line


def labelled(label: str, rest: Text, label_width: int) -> Text:
    """`rest` after what it is about, in a dim hand."""
    return Text(no_wrap=True).append(label.ljust(label_width), style="dim").append_text(rest)


def columns_of(title: str, names: Sequence[str], columns: Sequence[Column], width: int) -> list[Text]:
    """Names to the left, which may be cut, and as many columns as fit; the heads first.

    Raises ValueError where a column has not as many cells as there are names.
    """
    longest = max(cell_len(title), *(cell_len(name) for name in names), 0)
    least = min(longest, max(12, width // 4))
    kept = list(columns)
    while kept and least + sum(column.width + GAP for column in kept) > width:
        kept.remove(max(kept, key=lambda column: column.rank))
    room = width - sum(column.width + GAP for column in kept)
    name_width = max(0, min(longest, room))
    head = cut(title, name_width, "dim")
    lines = [_row(head, name_width, kept, [Text(column.title, style="dim") for column in kept])]
    for place, name in enumerate(names):
        cells = [column.cells[place] for column in kept]
        lines.append(_row(cut(name, name_width), name_width, kept, cells))
    return lines


def _row(name: Text, name_width: int, columns: Sequence[Column], cells: Sequence[Text]) -> Text:
    line = Text(no_wrap=True).append_text(name).append(" " * (name_width - name.cell_len))
    for column, cell in zip(columns, cells, strict=True):
        blanks = " " * (column.width - cell.cell_len)
        line.append(" " * GAP)
        line = line.append_text(cell).append(blanks) if column.left else line.append(blanks).append_text(cell)
    line.rstrip()
    return line
