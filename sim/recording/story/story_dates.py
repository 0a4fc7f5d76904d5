"""Dates among arguments: they stay as they were recorded, and are past some day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from sim.recording.story.leaf_values import DATE, leaves_of
from sim.recording.story.story_model import PlannedStep

MAX_AHEAD = timedelta(days=400)
MAX_BEFORE = timedelta(days=7)
"""Dates so near the recording were meant as today, tomorrow, next month."""
MAX_NAMED = 5


def dates_that_pass(steps: Sequence[PlannedStep], began: str) -> Iterator[str]:
    """A remark that names them; none where there are none."""
    try:
        then = in_utc(began)
    except ValueError:
        return
    found: dict[str, None] = {}
    for step in steps:
        for leaf in leaves_of(dict(step.first.call.arguments)):
            if leaf.keys and isinstance(leaf.value, str) and is_near(leaf.value, then):
                found[f"{leaf.keys[-1]} of {step.tool} ({leaf.value})"] = None
    if found:
        more = f", and {len(found) - MAX_NAMED} more" if len(found) > MAX_NAMED else ""
        yield f"Dates are as they were recorded, and pass: {', '.join(list(found)[:MAX_NAMED])}{more}."


def is_near(text: str, then: datetime) -> bool:
    """Whether it is a day, or an instant of one, near that time."""
    if not DATE.fullmatch(text) or not text[:4].isdigit():
        return False
    try:
        return -MAX_BEFORE <= in_utc(text) - then <= MAX_AHEAD
    except (ValueError, OverflowError):
        return False


def in_utc(text: str) -> datetime:
    """Without a zone it is UTC. Raises ValueError."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
