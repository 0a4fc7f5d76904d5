"""A report that was asked for: `FORMAT:FILE`."""

from __future__ import annotations

from pathlib import Path

import attrs


@attrs.frozen
class ReportFile:
    """A file, and the name of the format in which the results go there."""

    format: str
    path: Path

    def __str__(self) -> str:
        return f"{self.format}:{self.path}"
