"""Lists of a tape told again: a row for each thing that there is now, instead of those that there were."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import attrs

from sim.standin.tape.made_things import MadeThings, TapedThing
from sim.standin.tape.tape_facts import TapeFacts
from sim.standin.tape.tape_file import Json, parsed
from sim.standin.tape.walks import Leaf, leaves, words_of
from sim.standin.tape.wording import Voice

COUNTS = frozenset({"count", "total", "found", "length"})
"""Words in names of keys whose numbers are those of the rows beside them."""


@attrs.frozen(eq=False)
class Sight:
    """A thing, the answer as it stands for it, and how that is told."""

    thing: TapedThing
    value: Json
    voice: Voice


@attrs.frozen
class Retelling:
    """One answer for one user. `seen`: what they may see of what it is about."""

    facts: TapeFacts
    things: MadeThings
    seen: Sequence[Sight]

    def told(
        self, value: Json, voice: Voice, way: tuple[str, ...] = (), of: TapedThing | None = None
    ) -> Json:
        """`value`, with rows of what was made for each that there is.

        Args:
            way: the keys that lead to it in the whole answer.
            of: the thing whose row it is in.
        """
        inner = parsed(value) if isinstance(value, str) else value
        if isinstance(inner, dict):
            told = {key: self.told(each, voice, (*way, key), of) for key, each in inner.items()}
            again: Json = recounted(inner, told)
        elif isinstance(inner, list):
            again = self._rows(inner, voice, way, of)
        else:
            return voice.told(value)
        return json.dumps(again) if isinstance(value, str) else again

    def _rows(
        self, rows: list[Json], voice: Voice, way: tuple[str, ...], of: TapedThing | None
    ) -> list[Json]:
        kept = [voice.told(row) for row in rows if self.maker(row) is None]
        if of is not None:
            return kept + self._rows_in(rows, voice, way, of)
        for sight in self.seen:
            there = at(sight.value, way)
            row = self._row_of(sight.thing, there if isinstance(there, list) else [])
            if row is not None:
                kept.append(self.told(row, sight.voice, way, sight.thing))
        return kept

    def _rows_in(self, rows: list[Json], voice: Voice, way: tuple[str, ...], of: TapedThing) -> list[Json]:
        """Rows within a row: of what was made in the thing that it is about."""
        return [
            self.told(row, voice.also(thing.ids, thing.words), way, thing)
            for row in rows
            if (n := self.maker(row)) is not None
            for thing in self.things.of_call(n)
            if thing.is_within(of)
        ]

    def _row_of(self, thing: TapedThing, rows: list[Json]) -> Json:
        return next((row for row in rows if self.maker(row) == thing.n), None)

    def maker(self, row: Json) -> int | None:
        """The call that made what a row is about, the last whose id is in it; None: it was there before."""
        flat = row.items() if isinstance(row, dict) else ()
        own = [Leaf((key,), each).token for key, each in flat if not isinstance(each, dict | list)]
        found = self._births(own) or self._births(leaf.token for leaf in leaves(row))
        return max(found, default=None)

    def _births(self, tokens: Iterable[str]) -> list[int]:
        makers = (self.facts.maker.get(token) for token in tokens)
        return [n for n in makers if n in self.facts.births]


def at(value: Json, way: tuple[str, ...]) -> Json:
    """What stands there, also in JSON in a text; None where nothing does."""
    for key in (*way, None):
        value = parsed(value) if isinstance(value, str) else value
        if key is None:
            break
        value = value.get(key) if isinstance(value, dict) else None
    return value


def recounted(before: dict[str, Json], after: dict[str, Json]) -> dict[str, Json]:
    """With the numbers of rows that stand beside a list as they are now."""
    for key, rows in before.items():
        if not isinstance(rows, list):
            continue
        for beside, number in before.items():
            if words_of(beside) & COUNTS and number == len(rows) and not isinstance(number, bool):
                after[beside] = len(after[key])
    return after
