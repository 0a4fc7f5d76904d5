"""Figures as few characters: bars, lines of blocks, times in three digits."""

from __future__ import annotations

from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"
NEEDED = f"{BLOCKS}░…✔✘·"
"""What a terminal's encoding has to know."""


def sparkline(values: Sequence[float], width: int) -> str:
    """The latest values, the highest of them as a full block; 0 is a blank."""
    shown = list(values)[-width:] if width > 0 else []
    top = max(shown, default=0.0)
    if top <= 0:
        return "".ljust(len(shown))
    last = len(BLOCKS) - 1
    return "".join(" " if value <= 0 else BLOCKS[min(last, int(value / top * last + 0.5))] for value in shown)


def bar(share: float, width: int) -> str:
    """`share` (0..1, cut to it) of `width` characters filled."""
    filled = round(max(0.0, min(1.0, share)) * width)
    return "█" * filled + "░" * (width - filled)


def milliseconds(seconds: float | None) -> str:
    """In one unit, so that numbers below each other can be compared: `0.4`, `41`, `12,300`; `–` for none."""
    if seconds is None:
        return "–"
    value = 1000 * seconds
    return f"{value:.1f}" if value < 10 else f"{value:,.0f}"


def minutes(seconds: float) -> str:
    """`01:12`, and from an hour on `1:01:12`."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    text = f"{rest // 60:02}:{rest % 60:02}"
    return f"{hours}:{text}" if hours else text


def share(part: float, whole: float) -> str:
    """In percent; `–` of nothing. What is not quite nothing, or not quite all, is never shown as that."""
    if not whole:
        return "–"
    percent = 100 * part / whole
    if percent >= 100 or percent <= 0:
        return f"{percent:.0f}"
    return f"{min(99.9, max(0.1, percent)):.1f}"
