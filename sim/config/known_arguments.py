"""Arguments with which tools are called that have no story, as a file holds them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import attrs


@attrs.frozen
class KnownArguments:
    """What a file says: by tool, the arguments of calls that can be made.

    `str` of it is the file's name and a digest: a report says which arguments they were, and shows none.
    """

    source: str = ""
    by_tool: Mapping[str, tuple[Mapping[str, Any], ...]] = attrs.field(factory=dict, repr=False)

    def __str__(self) -> str:
        if not self.source:
            return ""
        text = json.dumps(self.by_tool, sort_keys=True)
        return f"{self.source} (sha256 {hashlib.sha256(text.encode()).hexdigest()[:12]})"
