"""Reproducible draws: one stream a name, so that nobody's draws depend on the order of tasks."""

from __future__ import annotations

from random import Random


def draws_of(name: str, time: int = 1) -> Random:
    """The stream called `name`; who comes back (`time` from 2 on) goes on with another, and replays none."""
    return Random(name if time == 1 else f"{name}/{time}")  # noqa: S311  reproducible draws, not secrets
