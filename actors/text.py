"""Texts that come from elsewhere, made harmless where they enter.

A server may put anything into an error text: escape sequences that a terminal obeys, line breaks that
tear a table, half of a surrogate pair that no file can hold, or a megabyte. Whatever keeps or shows a
foreign text passes it through `harmless` first.
"""

from __future__ import annotations

import re

MAX_TEXT_LENGTH = 300
"""Characters that are kept of a foreign text, enough to tell what a server meant."""

_SPACES = re.compile(r"\s+")
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def harmless(text: str, max_length: int = MAX_TEXT_LENGTH) -> str:
    """`text` in one line of printable characters, cut to `max_length` with an ellipsis.

    White space, line breaks included, becomes single blanks; each character that is not to be seen
    becomes U+FFFD, so that its having been there is not hidden.
    """
    if len(text) <= max_length and text.isprintable() and "  " not in text:
        return text.strip()  # as most are; the only printable white space is the blank
    # Only what can still be shown is looked at: a body of megabytes costs no more than a line.
    shown = text[: 4 * max_length]
    clean = _SPACES.sub(" ", shown).strip()
    if not clean.isprintable():
        # Controls, what turns the direction, lone surrogates, and what Unicode has not assigned yet.
        clean = "".join(one if one.isprintable() else REPLACEMENT for one in clean)
    if len(clean) <= max_length and len(shown) == len(text):
        return clean
    return clean[: max_length - 1] + "…"
