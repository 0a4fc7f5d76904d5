"""One call of a user, told in the ids of the tape."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import attrs

from sim.standin.tape.made_things import MadeThings, TapedThing
from sim.standin.tape.tape_facts import MIN_WORD, Place, TapeFacts, is_path, titles_of
from sim.standin.tape.tape_file import Json, TapedCall
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

    def likeness(self, call: TapedCall, facts: TapeFacts) -> tuple[int, int]:
        """How much it is like a call of the tape: first by the ids in it, then by all that differs."""
        # Whoever is named is somebody else here, also where both happen to have one name.
        mine, theirs = (
            {
                (leaf.place, leaf.token or repr(leaf.value))
                for leaf in each
                if (self.tool, leaf.place) not in facts.persons
            }
            for each in (self.leaves, facts.asked[call])
        )
        differing = mine ^ theirs
        return -sum(token in facts.maker for _, token in differing), -len(differing)

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
        return {
            taped.value: given.value
            for taped, given in self._pairs(call, facts)
            if isinstance(taped.value, str)
            and isinstance(given.value, str)
            and taped.value
            and taped.place not in facts.places.get(self.tool, {})
        }

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
        found = named_by_id(leaf, uid, facts, things)
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
    leaf: Leaf, uid: str, facts: TapeFacts, things: MadeThings
) -> dict[str, tuple[TapedThing, str]]:
    """The things whose ids stand in an argument, with what those are on the tape. Raises Absent."""
    found = {own: each for own in owns_in(leaf) if (each := things.named(own)) is not None}
    for thing, token in found.values():
        if not thing.is_seen_by(uid) and token not in facts.handed:
            raise Absent(leaf.token)
    return found


def is_known(facts: TapeFacts, tool: str, leaf: Leaf) -> bool:
    """Whether it may stand there although nobody made it: it was there before, or names nothing."""
    if leaf.place in facts.paths.get(tool, ()):
        return leaf.token in facts.before
    known = facts.places.get(tool, {}).get(leaf.place)
    return known is None or leaf.token in known


def titled(leaf: Leaf, things: Iterable[TapedThing]) -> list[TapedThing]:
    """Those whose own title stands in a path: `/Notes/Plan 7-1.md` is the note of that title.

    What was made in one of them, a share of it for one, has its path too, and is not meant.
    """
    if not is_path(leaf):
        return []
    found = [thing for thing in things if any(title in leaf.token for title in titles_of(thing.given))]
    return [each for each in found if not any(each is not one and each.is_within(one) for one in found)]


def owns_in(leaf: Leaf) -> list[str]:
    """What may be an id: the whole of it, or a part of a path."""
    parts = parts_of(leaf.value) if isinstance(leaf.value, str) else []
    return list(dict.fromkeys([leaf.token, *(part for part in parts if len(part) >= MIN_WORD)]))
