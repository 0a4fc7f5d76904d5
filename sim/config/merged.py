"""Merged settings as the builders of a run ask for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sim.config.layers import Settings
from sim.config.options import find
from sim.config.usage import UsageError


class Said:
    """Merged settings by name, and where each was said."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __getitem__(self, name: str) -> Any:
        setting = self._settings.get(name)
        return None if setting is None else setting.value

    def many(self, name: str) -> tuple[Any, ...]:
        return self[name] or ()

    def origin(self, *names: str) -> str:
        """Where the first of these that was said was said."""
        return next((self._settings[name].origin for name in names if name in self._settings), names[0])

    def over(self, settings: Settings) -> Said:
        """The same, with `settings` in the place of what they concern."""
        mine = dict(self._settings)
        if "mix" in settings or "workload" in settings:
            mine.pop("mix", None)
            mine.pop("workload", None)
        return Said(mine | dict(settings))

    def error(self, name: str, problem: str) -> UsageError:
        return UsageError(f"{self._settings[name].origin}: {problem}")

    def forbid(self, names: Sequence[str], because: str) -> None:
        """Raises UsageError when one of these is said; its default changes nothing, and is let through."""
        for name in names:
            if self[name] not in (None, (), find(name).default):
                raise self.error(name, because)
