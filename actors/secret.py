"""A string that must not be printed."""

from __future__ import annotations

import attrs


@attrs.frozen(repr=False)
class Secret:
    """A password, token or code. `reveal()` at the place that sends it, and nowhere else.

    Its `repr` and `str` say nothing, so it may stand in any value that is logged or in a traceback.
    """

    _value: str

    def reveal(self) -> str:
        """The plain text."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __bool__(self) -> bool:
        return bool(self._value)
