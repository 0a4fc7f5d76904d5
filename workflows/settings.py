"""What every story of a run is told."""

from __future__ import annotations

import attrs

from actors.trace_context import Traces


@attrs.frozen
class Settings:
    """What every story of a run is told.

    Attributes:
        mark: stands in the title of whatever the run makes, so that it can be found again.
        collaborators: how many users a story with a crowd has at most, the first role included.
        file_size: bytes of an uploaded file.
        propagation_timeout_s: how long a user looks for what was shared with them.
        traces: gives each execution its trace; None: calls bear none.
    """

    mark: str = "sim"
    collaborators: int = 3
    file_size: int = 400
    propagation_timeout_s: float = 10.0
    traces: Traces | None = None
