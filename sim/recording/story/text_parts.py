"""A text of which a part was carried: a path below a folder, an id in an address, a title in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import quote, unquote

from sim.recording.story.cast_list import CastList
from sim.recording.story.expressions import (
    CarriedValue,
    EncodedText,
    Expression,
    Fixed,
    JoinedText,
    Made,
    MadeValue,
    NotePath,
    UidOf,
)
from sim.recording.story.leaf_values import Path, plain_of, specificity
from sim.recording.story.name_words import KINDS, read_name, words_of
from sim.recording.story.sources import Sources, Wish
from sim.recording.story.takes import Take

SEPARATORS = re.compile(r"([/?&=#:,;\"'<>()\[\]{}|\s]+)")
PROSE = re.compile(r"\s")
MAX_PARTED = 100_000
"""Characters of a text that is looked through; a longer one is as it was."""
OF_USERS = frozenset(
    {"file", "user", "principal", "calendar", "addressbook", "dav", "trashbin", "version", "u"}
)
"""Segments of an address after which a uid comes."""
CREATES_NOTE = "nc_notes_create_note"
NOTE_ENDS = (".md", ".txt")


class TextParts:
    """Takes texts apart. `made` grows while it is used."""

    def __init__(self, sources: Sources, made: dict[str, Made], cast: CastList) -> None:
        self._sources = sources
        self._made = made
        self._cast = cast
        self._paths: list[str] | None = None

    def parted(self, take: Take, path: Path, text: str) -> Expression:
        """`text`, with what of it was carried or made up; Fixed where nothing was."""
        if len(text) > MAX_PARTED:
            return Fixed(text)
        if (of_note := self._note_path(text)) is not None:
            return of_note
        parts: list[Expression] = []
        for piece in self._split_by_made(text):
            parts += [piece] if not isinstance(piece, str) else self._pieces(take, path, piece)
        return joined(parts)

    def _note_path(self, text: str) -> Expression | None:
        """A path to a note that was created, where it lies among its author's."""
        folder, _, name = text.rpartition("/")
        stem = next((name.removesuffix(end) for end in NOTE_ENDS if name.endswith(end)), "")
        made = self._made.get(stem)
        if made is None or made.take.call.name != CREATES_NOTE or not folder.startswith("/"):
            return None
        return NotePath(made.take)

    def _split_by_made(self, text: str) -> list[str | Expression]:
        pieces: list[str | Expression] = [text]
        found = [(made, made.recorded, False) for made in self._made.values() if made.recorded in text]
        if "%" in text:
            spelled = ((made, percent(made.recorded)) for made in self._made.values())
            found += [(made, code, True) for made, code in spelled if code != made.recorded and code in text]
        for made, code, is_encoded in sorted(found, key=lambda each: -len(each[1])):
            pieces = [part for piece in pieces for part in _cut(piece, made, code, is_encoded)]
        return pieces

    def _pieces(self, take: Take, path: Path, text: str) -> list[Expression]:
        for known in self._longer_paths(take, text):
            place = text.find(known)
            expression = self._whole(take, "path", known)
            if expression is not None and _is_bounded(text, place, place + len(known)):
                before, after = text[:place], text[place + len(known) :]
                return [*self._pieces(take, path, before), expression, *self._pieces(take, path, after)]
        return list(self._segments(take, path, text))

    def _longer_paths(self, take: Take, text: str) -> list[str]:
        if "/" not in text or (PROSE.search(text) and len(text) > 500):
            return []
        if self._paths is None:
            self._paths = sorted(self._sources.paths(), key=len, reverse=True)[:2000]
        return [path for path in self._paths if len(path) < len(text) and path in text]

    def _segments(self, take: Take, path: Path, text: str) -> Iterator[Expression]:
        is_prose = bool(PROSE.search(text.strip()))
        split = SEPARATORS.split(text)
        for at, segment in enumerate(split):
            before = next((each for each in reversed(split[:at:2]) if each), "")
            found = (
                self._segment(take, path, segment, before, is_prose=is_prose)
                if at % 2 == 0 and len(split) > 1
                else None
            )
            yield Fixed(segment) if found is None else found

    def _segment(
        self, take: Take, path: Path, segment: str, before: str, *, is_prose: bool
    ) -> Expression | None:
        if not segment:
            return None
        plain = plain_of(segment)
        if is_prose:
            may_be = plain is not None and specificity(plain) >= 3
            return self._whole(take, str(path[-1]), segment) if may_be else None
        if (role := self._cast.named(segment)) and OF_USERS & {*words_of(before)}:
            return UidOf(role)
        around = words_of(before)
        # "/f/12" says nothing of what 12 is, "/cards/12" does.
        key = before if around and around[-1] in KINDS else f"{before}_id" if len(before) > 2 else "id"
        if (found := self._whole(take, key, segment)) is not None:
            return found
        if "%" in segment and (plainly := unquote(segment)) != segment and percent(plainly) == segment:
            inner = (
                MadeValue(self._made[plainly])
                if plainly in self._made
                else self._whole(take, "path", plainly)
            )
            return EncodedText(inner) if inner is not None else None
        return None

    def _whole(self, take: Take, key: str, text: str) -> Expression | None:
        """What `text` is, were it an argument by itself; None for nothing else than it says."""
        plain = plain_of(text)
        if plain is None:
            return None
        fits = self._sources.fits(Wish(take, read_name(key, (), take.call.name), plain, text))
        return CarriedValue(fits[0].source.take, fits[0].source.path, "") if fits else None


@lru_cache(maxsize=4096)
def percent(text: str) -> str:
    """`text`, percent-encoded (RFC 3986, 2.1)."""
    return quote(text, safe="", errors="replace")


def _cut(piece: str | Expression, made: Made, spelled: str, is_encoded: bool) -> list[str | Expression]:
    """`piece`, with what was made up in it taken out."""
    if not isinstance(piece, str):
        return [piece]
    value: Expression = EncodedText(MadeValue(made)) if is_encoded else MadeValue(made)
    found: list[str | Expression] = []
    begin = at = 0
    while (at := piece.find(spelled, at)) >= 0:
        end = at + len(spelled)
        if _is_bounded(piece, at, end) and _is_telling(piece, at, end, made):
            found += [piece[begin:at], value]
            begin = end
        at = end
    return [part for part in (*found, piece[begin:]) if part != ""]


def _is_bounded(text: str, begin: int, end: int) -> bool:
    """Whether no word goes on beyond either end."""
    before, after = text[begin - 1 : begin], text[end : end + 1]
    return not (before.isalnum() and text[begin].isalnum()) and not (
        after.isalnum() and text[end - 1].isalnum()
    )


def _is_telling(text: str, begin: int, end: int, made: Made) -> bool:
    """Whether it is no common word by chance: long, of several words, or a whole segment of a path."""
    if len(made.recorded) >= 8 or " " in made.recorded:
        return True
    before, after = text[begin - 1 : begin], text[end : end + 1]
    return len(made.recorded) >= 3 and before in ("/", "=") and after in ("", "/", ".", "&", "?")


def joined(parts: list[Expression]) -> Expression:
    """One text of several parts, neighbouring fixed ones put together."""
    merged: list[Expression] = []
    for part in parts:
        last = merged[-1] if merged else None
        if isinstance(part, Fixed) and isinstance(last, Fixed):
            merged[-1] = Fixed(last.value + part.value)
        elif part != Fixed(""):
            merged.append(part)
    if not merged:
        return Fixed("")
    return merged[0] if len(merged) == 1 else JoinedText(tuple(merged))
