"""Texts of a tape told again: with other ids, names and words in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from random import Random

import attrs

from sim.standin.tape.tape_file import Json
from sim.standin.tape.walks import Leaf, parts_of, rewritten

HEX = re.compile(r"(?=.*[0-9])(?=.*[a-f])[0-9a-f-]{8,}", re.IGNORECASE)
OWN_NUMBER = re.compile(r"9[0-9]{11}")
"""Of a thing of the tape, see `telling_apart`."""
MIN_DRAWN = 6
"""Shorter texts would soon be drawn twice."""
MIN_REPLACED = 3
"""Shorter words stand in others by chance."""


@attrs.frozen
class Voice:
    """What stands in the place of the tape's ids and words."""

    ids: Mapping[str, str]
    words: Mapping[str, str]

    def also(self, ids: Mapping[str, str], words: Mapping[str, str]) -> Voice:
        """With these, which go before."""
        return Voice({**self.ids, **ids}, {**self.words, **words})

    def told(self, value: Json) -> Json:
        """A whole answer."""
        return rewritten(value, self._leaf)

    def text_of(self, text: str) -> str:
        """A text with ids in it."""
        return with_ids(told_with(text, self.words), self.ids)

    def _leaf(self, leaf: Leaf) -> Json:
        own = self.ids.get(leaf.token) if leaf.token else None
        if own is not None:
            return int(own) if isinstance(leaf.value, int) and own.isdecimal() else own
        return self.text_of(leaf.value) if isinstance(leaf.value, str) else leaf.value


def told_with(text: str, words: Mapping[str, str]) -> str:
    """`text` with the words in it that somebody has put others in the place of."""
    if text in words:
        return words[text]
    inside = [
        word for word in sorted(words, key=len, reverse=True) if len(word) >= MIN_REPLACED and word in text
    ]
    return replaced(text, {word: words[word] for word in inside})


def with_ids(text: str, ids: Mapping[str, str]) -> str:
    """`text` with other ids where ids stand in it: in a path, an address, a sentence."""
    if text in ids:
        return ids[text]
    return replaced(text, {part: ids[part] for part in dict.fromkeys(parts_of(text)) if part in ids})


def replaced(text: str, others: Mapping[str, str]) -> str:
    """Each of `others` that stands by itself; all at once, so that nothing is replaced twice."""
    if not others:
        return text
    either = "|".join(map(re.escape, others))
    return re.sub(rf"(?<![A-Za-z0-9])(?:{either})(?![A-Za-z0-9])", lambda found: others[found[0]], text)


def like(token: str, number: int, random: Random) -> str:
    """Another text of the same make: a number, a UUID, a key, a path."""
    if token.isdecimal():
        return str(number)
    if HEX.fullmatch(token):
        return "".join(random.choice("0123456789abcdef") if sign.isalnum() else sign for sign in token)
    if "/" in token or "." in token.strip("."):
        folder, slash, name = token.rstrip("/").rpartition("/")
        stem, dot, ending = name.rpartition(".") if "." in name[1:] else (name, "", "")
        return f"{folder}{slash}{stem}-{number}{dot}{ending}{'/' * token.endswith('/')}"
    if sum(map(str.isalnum, token)) < MIN_DRAWN or not any(map(str.isdigit, token)):
        return f"{token}{number}"
    return "".join(_sign_like(sign, random) for sign in token)


def _sign_like(sign: str, random: Random) -> str:
    if sign.isdecimal():
        return random.choice("0123456789")
    if sign.isalpha() and sign.isascii():
        drawn = random.choice("abcdefghijklmnopqrstuvwxyz")
        return drawn.upper() if sign.isupper() else drawn
    return sign


def recorded_again(value: Json, recorded: Mapping[str, str]) -> Json:
    """`value` with the numbers that were given to things of the tape as they were recorded."""
    return Voice(recorded, {}).told(value) if recorded and OWN_NUMBER.search(str(value)) else value
