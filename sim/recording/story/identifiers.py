"""Names in a written workflow: of variables, roles and steps, whatever the recording calls them."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata

MAX_IDENTIFIER = 40
NOT_PLAIN = re.compile(r"[^a-z0-9]+")
TAKEN = frozenset(
    {
        *keyword.kwlist,
        *keyword.softkwlist,
        *dir(builtins),
        "l",
        "scene",
        "answer",
        "workflow",
        "quote",
        "json",
        "random",
    }
    | {"left_out", "newest", "row", "uuid", "self"}
)


def identifier(text: str, otherwise: str) -> str:
    """`text` in the letters of an identifier, snake case; `otherwise` where nothing of it is left."""
    spelled = text.replace("ß", "ss").replace("ø", "o").replace("ł", "l")
    plain = unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode()
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", plain).lower()
    name = NOT_PLAIN.sub("_", snake).strip("_")[:MAX_IDENTIFIER].strip("_")
    return name if name and not name[0].isdigit() else otherwise


class Names:
    """Hands out names of one scope, each once."""

    def __init__(self) -> None:
        self._taken: set[str] = set(TAKEN)
        self._numbers: dict[str, int] = {}

    def take(self, text: str, otherwise: str) -> str:
        """A name like `text` that nobody has yet: `note`, `note_2`, …"""
        stem = identifier(text, otherwise)
        if stem in TAKEN:
            stem = f"{stem}_"
        name, number = stem, self._numbers.get(stem, 1)
        while name in self._taken:
            number += 1
            name = f"{stem.rstrip('_')}_{number}"
        self._taken.add(name)
        self._numbers[stem] = number
        return name
