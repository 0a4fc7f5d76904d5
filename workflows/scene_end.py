"""How one execution of a story ended."""

from __future__ import annotations

import attrs

from actors.events import Ending


@attrs.define
class End:
    """How a scene ended; `finished` is None while it goes on, `leftovers` what could not be removed."""

    ending: Ending = Ending.INTERRUPTED
    failure: str = ""
    is_bug: bool = False
    leftovers: int = 0
    finished: float | None = None
