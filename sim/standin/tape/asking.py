"""One call of a user, told in the ids of the tape."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import attrs

from sim.standin.tape.made_things import MadeThings, TapedThing
from sim.standin.tape.tape_facts import MIN_WORD, Place, TapeFacts
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
        mine, theirs = (
            {(leaf.place, leaf.token or repr(leaf.value)) for leaf in each}
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
        """Texts that are given in the place of others: a title, a content, the name of a person."""
        return {
            taped.value: given.value
            for taped, given in self._pairs(call, facts)
            if isinstance(taped.value, str)
            and isinstance(given.value, str)
            and taped.value not in ("", given.value)
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
    places = facts.places.get(tool, {})
    named: dict[TapedThing, None] = {}
    ids: dict[str, str] = {}
    told, is_outdated = [], False
    for leaf in leaves(arguments):
        taped: dict[str, str] = {}
        for own in owns_in(leaf):
            if (found := things.named(own)) is None:
                continue
            thing, token = found
            if not thing.is_seen_by(uid) and token not in facts.handed:
                raise Absent(leaf.token)
            named[thing], ids[token], taped[own] = None, own, token
            is_outdated |= bool(words_of(leaf.key) & STAMPS) and token in facts.stamps and own != thing.stamp
        if not taped and leaf.token and leaf.token not in places.get(leaf.place, {leaf.token}):
            raise Absent(leaf.token)
        told.append(attrs.evolve(leaf, value=with_ids(leaf.token, taped)) if taped else leaf)
    return TapeQuestion(uid, tool, tuple(told), tuple(named), ids, is_outdated)


def owns_in(leaf: Leaf) -> list[str]:
    """What may be an id: the whole of it, or a part of a path."""
    parts = parts_of(leaf.value) if isinstance(leaf.value, str) else []
    return list(dict.fromkeys([leaf.token, *(part for part in parts if len(part) >= MIN_WORD)]))
