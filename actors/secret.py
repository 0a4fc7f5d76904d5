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


MIN_TOLD = 8
"""So many characters of a secret are told by chance; more of them stand there because somebody knew it."""
VEIL = "***"


def veiled(text: str, secret: str) -> str:
    """`text` without `secret`, which a server may say again; also where only its beginning has been kept."""
    if len(secret) < MIN_TOLD or secret[:MIN_TOLD] not in text:
        return text
    told = next(n for n in range(len(secret), MIN_TOLD - 1, -1) if secret[:n] in text)
    return veiled(text.replace(secret[:told], VEIL), secret)
