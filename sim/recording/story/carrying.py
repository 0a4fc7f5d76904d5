"""Accounts for the arguments of each call: what of them was carried, from where, and what was made up."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from sim.recording.document import is_hidden_name
from sim.recording.story.cast_list import CastList, is_userish, names_somebody
from sim.recording.story.expressions import (
    CarriedValue,
    Expression,
    Fixed,
    JsonText,
    LeftOut,
    ListOf,
    Made,
    MadeValue,
    ObjectOf,
    UidOf,
    is_fixed,
)
from sim.recording.story.leaf_values import MAX_DEPTH_SEEN, Path, json_in, plain_of
from sim.recording.story.making_up import made_of, says_what_it_is_called
from sim.recording.story.name_words import FIELDS, read_name
from sim.recording.story.sources import Fit, Source, Sources, Wish, is_echo, others
from sim.recording.story.takes import Json, Take, is_hidden
from sim.recording.story.text_parts import TextParts

QUERIES = frozenset({"query", "search", "pattern", "term", "q", "filter"})


@attrs.frozen
class Doubt:
    """An argument that may come from several places; the first of them was taken."""

    path: Path
    value: Json
    places: tuple[Source, ...]


@attrs.frozen
class Accounted:
    """The arguments of one call, and what is doubtful about them."""

    arguments: dict[str, Expression]
    doubts: tuple[Doubt, ...]


class Carrying:
    """Goes through the calls in their order.

    Attributes:
        made: what was made up so far, by what was recorded.
    """

    def __init__(self, takes: Sequence[Take], cast: CastList) -> None:
        self.made: dict[str, Made] = {}
        self.sources = Sources(takes)
        self._cast = cast
        self._parts = TextParts(self.sources, self.made, cast)
        self._doubts: list[Doubt] = []
        self._may_add = True

    def account(self, take: Take) -> Accounted:
        """What the arguments of `take` stand for. Calls are to be given in their order."""
        self._doubts = []
        arguments = dict(take.call.arguments)
        self._make_up(take, arguments, ())
        found = {key: self._value(take, (key,), value) for key, value in arguments.items()}
        return Accounted(found, tuple(self._doubts))

    def expression_of(self, take: Take, key: str, value: Json) -> Expression:
        """What `value` stands for, were it an argument `key` of `take`."""
        kept, self._doubts, self._may_add = self._doubts, [], False
        try:
            return self._value(take, (key,), value)
        finally:
            self._doubts, self._may_add = kept, True

    def _make_up(self, take: Take, arguments: Json, path: Path) -> None:
        """Note what the arguments make up, before any of them is accounted for."""
        is_named = says_what_it_is_called(take)
        for key, value in arguments.items():
            here = (*path, key)
            if isinstance(value, dict) and len(here) < 4:
                self._make_up(take, value, here)
                continue
            made = made_of(take, here, value, is_named_elsewhere=is_named)
            if made is not None and made.recorded not in self.made and not self._is_known(take, here, made):
                self.made[made.recorded] = made

    def _is_known(self, take: Take, path: Path, made: Made) -> bool:
        """Whether the value names something that is there already."""
        if is_hidden(made.recorded):
            return True
        name = read_name(made.key, (), take.call.name)
        is_reference = (
            name.is_explicit and name.kind == "name" and name.thing != "display"
        ) or not take.tool.creates
        if (is_reference or "/" in made.recorded) and self._fits(take, path, made.recorded):
            return True
        return "/" in made.recorded and not is_fixed(self._parts.parted(take, path, made.recorded))

    def _fits(self, take: Take, path: Path, value: Json) -> list[Fit]:
        plain = plain_of(value)
        keys = [part for part in path if isinstance(part, str)]
        if plain is None or not keys:
            return []
        name = read_name(keys[-1], (), take.call.name)
        return self.sources.fits(Wish(take, name, plain, value))

    def _value(self, take: Take, path: Path, value: Json) -> Expression:
        if isinstance(value, dict) and len(path) < MAX_DEPTH_SEEN:
            return ObjectOf(
                tuple(
                    (self._key(take, value, key), self._value(take, (*path, key), each))
                    for key, each in value.items()
                )
            )
        if isinstance(value, list) and len(path) < MAX_DEPTH_SEEN:
            return ListOf(tuple(self._value(take, (*path, at), each) for at, each in enumerate(value)))
        return self._single(take, path, value)

    def _single(self, take: Take, path: Path, value: Json) -> Expression:
        key = next((part for part in reversed(path) if isinstance(part, str)), "")
        if is_hidden(value):
            # By some of them things are named: those that an answer gave are carried like all others.
            named = self._fits(take, path, value) if is_hidden_name(value) else []
            return self._carried(take, path, value, named) if named else LeftOut(f"{key} of {take.call.name}")
        if isinstance(value, str) and (made := self.made.get(value)) is not None:
            return self._where_it_is(take, path, made) or MadeValue(made)
        if somebody := self._somebody(take, key, value):
            return UidOf(somebody)
        fits = self._fits(take, path, value)
        if fits:
            return self._carried(take, path, value, fits)
        if not isinstance(value, str):
            return Fixed(value)
        if (inner := json_in(value)) is not None:
            within = self._value(take, path, inner)
            return Fixed(value) if is_fixed(within) else JsonText(within)
        return self._parts.parted(take, path, value)

    def _where_it_is(self, take: Take, path: Path, made: Made) -> CarriedValue | None:
        """Where somebody else has what was made, as an answer of theirs says: it may lie elsewhere."""
        if "/" not in made.recorded or made.take.who == take.who:
            return None
        for each in self._fits(take, path, made.recorded):
            if (
                each.source.take.who == take.who
                and each.agreement >= 2
                and not is_echo(each.source, ("text", made.recorded))
            ):
                return carried(each.source, made.recorded)
        return None

    def _somebody(self, take: Take, key: str, value: Json) -> str:
        """The role that `value` names, "" for none."""
        if not is_userish(key):
            return ""
        if role := self._cast.named(value):
            return role
        is_new = names_somebody(key, value, dict(take.call.arguments)) and not take.only_reads
        if not is_new or not self._may_add or take.error is not None or self._fits(take, (key,), value):
            return ""
        return self._cast.add(str(value))

    def _carried(self, take: Take, path: Path, value: Json, fits: list[Fit]) -> Expression:
        first = fits[0].source
        plain = plain_of(value)
        assert plain is not None
        wish = Wish(take, read_name(str(path[-1]), (), take.call.name), plain, value)
        if also := others(wish, fits):
            self._doubts.append(Doubt(path, value, (first, *also)))
        return carried(first, value)

    def _key(self, take: Take, row: dict[str, Json], key: str) -> Expression:
        """A key of an object is an id where it is that of a column, or of another such thing."""
        plain = plain_of(key)
        if plain is None or not key.isdecimal():
            return Fixed(key)
        for source in self.sources.before(take, plain):
            if source.name.kind == "id" and source.name.thing in FIELDS:
                return carried(source, key)
        return Fixed(key)


def carried(source: Source, value: Json) -> CarriedValue:
    """`source` in the type of `value`."""
    same = type(source.value) is type(value)
    return CarriedValue(source.take, source.path, "" if same else "int" if isinstance(value, int) else "str")
