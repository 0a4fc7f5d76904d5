"""One call of a user, told in the ids of the tape."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

import attrs

from sim.standin.tape.made_things import MadeThings, TapedThing
from sim.standin.tape.tape_facts import MIN_TITLE, MIN_WORD, Place, TapeFacts, is_path, stem_of, titles_of
from sim.standin.tape.tape_file import Json, TapedCall
from sim.standin.tape.thing_words import thing_at, tool_thing
from sim.standin.tape.walks import Leaf, leaves, parts_of, texts_of, words_of
from sim.standin.tape.wording import with_ids

STAMPS = frozenset({"etag", "match"})
"""Words in names of arguments that say which version is to be changed."""


class Absent(Exception):
    """What is named is not there, or not for this user. `token`: what was named."""

    def __init__(self, token: str) -> None:
        super().__init__(token)
        self.token = token


@attrs.frozen(eq=False)
class TapeQuestion:
    """What somebody asks.

    Attributes:
        leaves: the arguments, in the tape's ids.
        things: what they name.
        ids: the tape's ids → those that were named.
        is_outdated: a version is named that is no longer the newest.
    """

    uid: str
    tool: str
    leaves: tuple[Leaf, ...]
    things: tuple[TapedThing, ...] = ()
    ids: Mapping[str, str] = attrs.field(factory=dict)
    is_outdated: bool = False

    def likeness(self, calls: Iterable[TapedCall], facts: TapeFacts) -> Iterator[tuple[int, int]]:
        """How much it is like each of these calls: first by the ids in it, then by all that differs."""
        mine = facts.signs_of(self.tool, self.leaves)
        for call in calls:
            differing = mine ^ facts.signs[call]
            yield -sum(token in facts.maker for _, token in differing), -len(differing)

    def other_ids(self, call: TapedCall, facts: TapeFacts) -> dict[str, str]:
        """Ids that the call was made with on the tape, where others are named now."""
        return {
            taped.token: self.ids.get(given.token, given.token)
            for taped, given in self._pairs(call, facts)
            if given.token and taped.place in facts.places.get(self.tool, {}) and taped.token != given.token
        }

    def new_words(self, call: TapedCall, facts: TapeFacts) -> dict[str, str]:
        """Texts that are given in the place of others: a title, a content, the name of a person.

        Also those that are the same: no name within them is told otherwise then.
        """
        words = {
            taped.value: given.value
            for taped, given in self._pairs(call, facts)
            if isinstance(taped.value, str)
            and isinstance(given.value, str)
            and taped.value
            and self._may_be_new(taped, facts)
        }
        files = [
            (stem_of(one), stem_of(other)) for one, other in words.items() if "/" in one and "/" in other
        ]
        # What it is called elsewhere, as where it is shared: `/Plan (2).md`.
        return {one: other for one, other in files if len(one) >= MIN_TITLE} | words

    def _may_be_new(self, taped: Leaf, facts: TapeFacts) -> bool:
        place = self.tool, taped.place
        return place in facts.open or taped.place not in facts.places.get(self.tool, {})

    @property
    def texts(self) -> dict[Place, str]:
        """What is given at which place."""
        return texts_of(self.leaves)

    def _pairs(self, call: TapedCall, facts: TapeFacts) -> list[tuple[Leaf, Leaf]]:
        """What stood at each place, and what stands there now."""
        mine: dict[Place, list[Leaf]] = defaultdict(list)
        for leaf in self.leaves:
            mine[leaf.place].append(leaf)
        theirs = facts.asked[call]
        return [(taped, mine[taped.place].pop(0)) for taped in theirs if mine[taped.place]]


def understood(
    facts: TapeFacts, things: MadeThings, uid: str, tool: str, arguments: Mapping[str, Json]
) -> TapeQuestion:
    """What is asked. Raises Absent."""
    named: dict[TapedThing, None] = {}
    ids: dict[str, str] = {}
    told, is_outdated = [], False
    for leaf in leaves(arguments):
        found = named_by_id(leaf, uid, facts, things, facts.places.get(tool, ()))
        for own, (thing, token) in found.items():
            named[thing], ids[token] = None, own
            is_stamp = bool(words_of(leaf.key) & STAMPS) and token in facts.stamps
            is_outdated |= is_stamp and own != thing.stamp
        by_title = [] if found else titled(leaf, things.seen_by(uid))
        if leaf.token and not found and not by_title and not is_known(facts, tool, leaf):
            raise Absent(leaf.token)
        named |= dict.fromkeys(by_title)
        taped = {own: token for own, (_, token) in found.items()}
        told.append(attrs.evolve(leaf, value=with_ids(leaf.token, taped)) if taped else leaf)
    return TapeQuestion(uid, tool, tuple(told), tuple(named), ids, is_outdated)


def named_by_id(
    leaf: Leaf, uid: str, facts: TapeFacts, things: MadeThings, places: Collection[Place]
) -> dict[str, tuple[TapedThing, str]]:
    """The things whose ids stand in an argument, with what those are on the tape. Raises Absent."""
    # A number that counts is not the number of a thing, whatever it is.
    is_count = isinstance(leaf.value, int) and not leaf.names_a_thing and leaf.place not in places
    owns = [] if is_count else owns_in(leaf)
    found = {own: each for own in owns if (each := things.named(own)) is not None}
    for thing, token in found.values():
        if not thing.is_seen_by(uid) and token not in facts.handed:
            raise Absent(leaf.token)
    return found


def to_be_removed(
    facts: TapeFacts, things: MadeThings, uid: str, tool: str, arguments: Mapping[str, Json]
) -> list[TapedThing]:
    """What a tool is to remove, by the argument that is called like it: a card, and not its board."""
    _, kind = tool_thing(tool)
    naming = [leaf for leaf in leaves(arguments) if leaf.names_a_thing or is_path(leaf)]
    called = [leaf for leaf in naming if thing_at(leaf.place, tool).thing == kind]
    for leaf in called or (naming if len(naming) == 1 else []):
        try:
            found = named_by_id(leaf, uid, facts, things, (leaf.place,)).values()
        except Absent:
            return []
        seen = things.seen_by(uid)
        return [thing for thing, _ in found] or titled(leaf, seen) or given_as(leaf, seen)
    return []


def given_as(leaf: Leaf, things: Iterable[TapedThing]) -> list[TapedThing]:
    """What bears a name that its maker gave it, and what lies in a folder of that path."""
    below = f"{leaf.token.rstrip('/')}/"
    return [
        thing
        for thing in things
        if any(
            text == leaf.token or (below[0] == "/" and text.startswith(below))
            for text in thing.given.values()
        )
    ]


def is_known(facts: TapeFacts, tool: str, leaf: Leaf) -> bool:
    """Whether it may stand there although nobody made it: it was there before, or names nothing."""
    if leaf.place in facts.paths.get(tool, ()):
        return leaf.token in facts.before
    if (tool, leaf.place) in facts.open:
        return True
    known = facts.places.get(tool, {}).get(leaf.place)
    return known is None or leaf.token in known


def titled(leaf: Leaf, things: Iterable[TapedThing]) -> list[TapedThing]:
    """Those whose own title stands in a path: `/Notes/Plan 7-1.md` is the note of that title.

    What was made in one of them, a share of it for one, has its path too, and is not meant.
    """
    if not is_path(leaf):
        return []
    seen = list(things)
    found = [thing for thing in seen if is_titled(leaf.token, titles_of(thing.given))]
    found = found or [thing for thing in seen if is_titled(leaf.token, titles_of(thing.given, stems=True))]
    return [each for each in found if not any(each is not one and each.is_within(one) for one in found)]


def is_titled(path: str, titles: Iterable[str]) -> bool:
    return any(title in path for title in titles)


def owns_in(leaf: Leaf) -> list[str]:
    """What may be an id: the whole of it, or a part of a path."""
    parts = parts_of(leaf.value) if isinstance(leaf.value, str) else []
    return list(dict.fromkeys([leaf.token, *(part for part in parts if len(part) >= MIN_WORD)]))
