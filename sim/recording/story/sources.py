"""Where values were seen: in which answers, under which names; and how well a place fits an argument."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import attrs

from sim.recording.story.leaf_values import Path, Plain, leaves_of, plain_of, specificity
from sim.recording.story.name_words import NAMING, KeyName, read_name
from sim.recording.story.takes import Json, Take

MOUNTED = ("file", "target")
"""Where a share is mounted at the recipient's (OCS share API)."""
CONFLICT = -2.0
"""The two names are about different things."""
SAME = 3.0
"""They are about the same value."""
MAX_SOURCES = 400
"""Of one value: a word that stands in each row of each list is looked at so often, and no more."""


@attrs.frozen(eq=False)
class Source:
    """A value in the answer to `take`, at `path`."""

    take: Take
    path: Path
    name: KeyName
    value: Json
    given: Mapping[Plain, list[KeyName]]
    """The values that the call was given, with the names of its arguments."""

    @property
    def is_in_a_row(self) -> bool:
        return any(isinstance(part, int) for part in self.path)


@attrs.frozen(eq=False)
class Wish:
    """An argument that is to be accounted for."""

    take: Take
    name: KeyName
    plain: Plain
    value: Json


@attrs.frozen(eq=False)
class Fit:
    """How well `source` accounts for a wish."""

    source: Source
    agreement: float
    is_accepted: bool


class Sources:
    """All values in all answers."""

    def __init__(self, takes: Sequence[Take]) -> None:
        self._by_value: dict[Plain, list[Source]] = defaultdict(list)
        self._by_take: dict[int, list[Source]] = defaultdict(list)
        for take in takes:
            if take.error is None:
                self._read(take)

    def _read(self, take: Take) -> None:
        given = given_to(take)
        for leaf in leaves_of(take.value):
            plain = plain_of(leaf.value)
            if plain is None:
                continue
            keys = leaf.keys
            name = read_name(keys[-1] if keys else "", keys[:-1], take.call.name)
            source = Source(take, leaf.path, name, leaf.value, given)
            if len(found := self._by_value[plain]) < MAX_SOURCES:
                found.append(source)
            if len(own := self._by_take[take.place]) < MAX_SOURCES:
                own.append(source)

    def of(self, take: Take) -> list[Source]:
        """The first values in the answer to `take`."""
        return self._by_take.get(take.place, [])

    def before(self, take: Take, plain: Plain) -> Iterator[Source]:
        """Where the value was seen before `take` was sent."""
        for source in self._by_value.get(plain, ()):
            if source.take.place < take.place and source.take.ended <= take.call.at:
                yield source

    def paths(self) -> Iterator[str]:
        """All texts that look like paths."""
        for _, value in self._by_value:
            if (
                isinstance(value, str)
                and "/" in value
                and len(value) >= 4
                and not any(map(str.isspace, value[:1]))
            ):
                yield value

    def fits(self, wish: Wish) -> list[Fit]:
        """Those that may be it, best first."""
        each = [fit(wish, source) for source in self.before(wish.take, wish.plain)]
        accepted = [one for one in each if one.is_accepted]
        return sorted(accepted, key=lambda one: rank(wish, one))


def fit(wish: Wish, source: Source) -> Fit:
    agreed = agreement(wish.name, source.name, wish.take, wish.value, source)
    if type(wish.value) is type(source.value):
        agreed += 0.1
    return Fit(source, agreed, is_enough(wish, source, agreed))


def is_enough(wish: Wish, source: Source, agreed: float) -> bool:
    """Whether that is no chance: the less a value says by itself, the more its names must."""
    chance = specificity(wish.plain)
    if chance >= 3:
        return True
    if source.name.is_quantity and not _turns_pages(wish.name, source.name):
        return False
    if wish.name.is_quantity and not _turns_pages(wish.name, source.name):
        return False
    if chance >= 2:
        return agreed >= 0
    if chance >= 1 and wish.plain[0] == "number":
        return agreed >= 2
    return agreed >= SAME


def _turns_pages(wish: KeyName, source: KeyName) -> bool:
    """`offset` ← `nextOffset`."""
    return "next" in source.words and wish.core == source.core


def agreement(wish: KeyName, source: KeyName, take: Take, value: Json, place: Source) -> float:
    """How well the names fit, from `CONFLICT` to `SAME`."""
    if wish.kind == "path" and source.words == MOUNTED:
        return SAME + 0.1
    if (wish.is_relative and not wish.is_explicit) or (
        wish.is_relative and wish.thing in ("reply", "parent")
    ):
        return SAME if source.thing == take.tool.thing and source.kind in ("id", "") else CONFLICT
    if wish.kind == source.kind == "id" and wish.thing == place.take.tool.verb and not source.is_explicit:
        # The answer to `share_board` has the id of a share.
        return SAME
    if wish.words == source.words and (wish.is_explicit or wish.kind not in ("id", "name")):
        return SAME
    if wish.core and wish.core == source.core and wish.is_explicit:
        return SAME
    same_thing = wish.thing == source.thing
    if same_thing and wish.kind == source.kind and wish.kind:
        return SAME
    if same_thing and not wish.kind and source.kind in NAMING:
        fits_type = isinstance(value, int) == (source.kind == "id")
        return SAME if fits_type else SAME - 0.5
    if same_thing and wish.kind in NAMING and source.kind in NAMING:
        return 1.5
    return _otherwise(wish, source, value, place)


def _otherwise(wish: KeyName, source: KeyName, value: Json, place: Source) -> float:
    if {"if", "match"} <= {*wish.words} and source.kind == "etag":
        return SAME
    if wish.kind == "path" and isinstance(value, str) and value.startswith("/"):
        return 2.0 if source.kind == "path" or {"file", "folder"} & {*source.words} else 1.0
    if wish.kind and wish.kind == source.kind:
        if wish.is_explicit and source.thing and wish.thing != source.thing:
            return CONFLICT
        return 1.0
    if wish.kind in NAMING and wish.is_explicit and source.kind in NAMING and source.thing != wish.thing:
        return CONFLICT
    return 0.0


def rank(wish: Wish, one: Fit) -> tuple[float, ...]:
    """Smaller is better. Of places that say the same the plainest one: where it came into being."""
    source = one.source
    is_theirs = source.take.who == wish.take.who
    is_moving = wish.name.kind in ("path", "etag")
    return (
        float(is_echo(source, wish.plain)),
        -round(one.agreement, 1),
        -is_theirs if is_moving else 0,
        float(source.is_in_a_row),
        -float(source.take.place) if wish.name.kind == "etag" else float(source.take.place),
        float(len(source.path)),
    )


def given_to(take: Take) -> Mapping[Plain, list[KeyName]]:
    """The values among the arguments of `take`, with their names."""
    found: dict[Plain, list[KeyName]] = defaultdict(list)
    for leaf in leaves_of(dict(take.call.arguments)):
        value, keys = plain_of(leaf.value), leaf.keys
        if value is not None and keys:
            found[value].append(read_name(keys[-1], keys[:-1], take.call.name))
    return dict(found)


def is_echo(source: Source, plain: Plain) -> bool:
    """Whether the call whose answer this is had been given the value itself, and not another one like it."""
    names = source.given.get(plain, ())
    return any(not name.is_quantity and _is_that(name, source.name) for name in names)


def _is_that(given: KeyName, shown: KeyName) -> bool:
    """Whether an argument of the name `given` is what is `shown` in the answer."""
    if given.is_explicit and shown.thing and given.thing != shown.thing:
        return False
    return given.kind == shown.kind or not given.kind


def scope_of(source: Source, plain: Plain) -> dict[str, Plain]:
    """By which other things the call was narrowed: rows of which table, cards of which board."""
    named = ((value, name) for value, names in source.given.items() for name in names if value != plain)
    return {" ".join(name.words): value for value, name in named if name.kind == "id" and name.is_explicit}


def others(wish: Wish, fits: Sequence[Fit]) -> list[Source]:
    """Places that fit as well as the first one, and may be another thing: the value is ambiguous then."""
    if not fits or specificity(wish.plain) >= 3 or is_echo(fits[0].source, wish.plain):
        return []
    first = fits[0]
    found: list[Source] = []
    known = [first.source]
    for each in fits[1:]:
        if first.agreement - each.agreement > 0.5:
            break
        if not is_echo(each.source, wish.plain) and all(
            _differ(each.source, one, wish.plain) for one in known
        ):
            found.append(each.source)
            known.append(each.source)
    return found


def _differ(one: Source, other: Source, plain: Plain) -> bool:
    if one.name.thing != other.name.thing:
        return True
    mine, theirs = scope_of(one, plain), scope_of(other, plain)
    return any(mine[key] != theirs[key] for key in mine.keys() & theirs.keys())
