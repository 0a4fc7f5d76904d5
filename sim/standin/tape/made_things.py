"""Things that users have made with the tools of a tape: under ids of their own, seen by those who may."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from random import Random

import attrs

from sim.standin.tape.tape_facts import Place, TapeFacts
from sim.standin.tape.tape_file import Tape
from sim.standin.tape.walks import leaves, parts_of
from sim.standin.tape.wording import like, told_with


@attrs.define(eq=False)
class TapedThing:
    """What one call made.

    Attributes:
        n: number of that call on the tape.
        owner: who made it.
        ids: the tape's values → its own, as they are now.
        parents: what it was made in, as its arguments say.
        words: texts of the tape → those of its maker.
        given: its texts as they are now, by their place among the arguments.
        position: number of the last call on the tape that changed it.
        stamp: its etag, as it is now; "" where it has none.
        cast: who on the tape → who here.
        grants: who may see it beside its owner, with what was made for that (None: nothing).
        inside: what was made in it.
        every_id: that it has, or had.
    """

    n: int
    owner: str
    parents: tuple[TapedThing, ...] = ()
    ids: dict[str, str] = attrs.field(factory=dict)
    words: dict[str, str] = attrs.field(factory=dict)
    given: dict[Place, str] = attrs.field(factory=dict)
    position: int = 0
    stamp: str = ""
    cast: dict[str, str] = attrs.field(factory=dict)
    grants: dict[str, TapedThing | None] = attrs.field(factory=dict)
    inside: list[TapedThing] = attrs.field(factory=list)
    every_id: list[str] = attrs.field(factory=list)
    is_gone: bool = False

    def is_within(self, other: TapedThing) -> bool:
        """Whether it is that, or was made in it."""
        return self is other or any(parent.is_within(other) for parent in self.parents)

    def come_to(self, n: int) -> None:
        """The call `n` changed it, and so what it is in."""
        self.position = max(self.position, n)
        for parent in self.parents:
            parent.come_to(n)

    def and_inside(self) -> Iterator[TapedThing]:
        """It, and all that was made in it."""
        yield self
        for each in self.inside:
            yield from each.and_inside()

    def is_seen_by(self, uid: str) -> bool:
        """Whether they made it, or it was handed to them and not taken back."""
        by = self.grants.get(uid)
        is_handed = uid in self.grants and not (by is not None and by.is_gone)
        return self.owner == uid or is_handed or any(parent.is_seen_by(uid) for parent in self.parents)


class MadeThings:
    """All that there are. `seed`: of the ids that are drawn."""

    def __init__(self, facts: TapeFacts, seed: int) -> None:
        self._facts = facts
        self._random = Random(f"{seed}/tape")  # noqa: S311 (the same in every run with one seed)
        self._number = first_number(facts.tape)
        self._by_id: dict[str, tuple[TapedThing, str]] = {}
        self._by_call: dict[int, dict[TapedThing, None]] = defaultdict(dict)
        self._by_user: dict[str, dict[TapedThing, None]] = defaultdict(dict)

    def __iter__(self) -> Iterator[TapedThing]:
        return (thing for things in self._by_call.values() for thing in things)

    def seen_by(self, uid: str) -> list[TapedThing]:
        """What they made, or were handed, and what was made in that."""
        every = (each for thing in self._by_user.get(uid, ()) for each in thing.and_inside())
        return [thing for thing in dict.fromkeys(every) if not thing.is_gone and thing.is_seen_by(uid)]

    def hand(self, thing: TapedThing, uid: str, by: TapedThing | None) -> None:
        """To `uid`, for as long as `by` is there."""
        thing.grants[uid] = by
        self._by_user[uid][thing] = None

    def named(self, own: str) -> tuple[TapedThing, str] | None:
        """The thing that has, or had, this id, and what that is on the tape."""
        return self._by_id.get(own)

    def of_call(self, n: int) -> list[TapedThing]:
        """What that call of the tape has made so far, and is still there."""
        return list(self._by_call.get(n, ()))

    def make(
        self,
        n: int,
        owner: str,
        parents: tuple[TapedThing, ...],
        words: Mapping[str, str],
        told: Mapping[str, str],
    ) -> TapedThing:
        """What the call `n` of the tape makes, once more.

        Args:
            words: texts that are given in the place of others.
            told: all texts that stand in the place of others, names among them.
        """
        thing = TapedThing(n, owner, parents, words=dict(words), position=n)
        self.renew(thing, n, told)
        self._by_call[n][thing] = self._by_user[owner][thing] = None
        for parent in parents:
            parent.inside.append(thing)
        return thing

    def renew(self, thing: TapedThing, n: int, told: Mapping[str, str]) -> None:
        """What the call `n` gives a thing that it had not before: its ids, an etag, a new path."""
        names = {word: told[word] for word in told.keys() & self._facts.names.keys()}
        titles = {word: text for word, text in told.items() if word not in names}
        for token in self._facts.made.get(n, ()):
            if told_with(token, titles) != token or self._is_made_of_ids(token):
                # That tells one from the other already.
                continue
            own = self._own(token, names)
            thing.ids[token] = own
            thing.every_id.append(own)
            self._by_id[own] = thing, token
            if token in self._facts.stamps:
                thing.stamp = own

    def _is_made_of_ids(self, token: str) -> bool:
        """Whether it is an address with the numbers of things in it."""
        return any(part != token and part in self._facts.maker for part in parts_of(token))

    def remove(self, thing: TapedThing) -> None:
        """It, and all that was made in it."""
        for each in dict.fromkeys(thing.and_inside()):
            if not each.is_gone:
                self._forget(each)
        for parent in thing.parents:
            parent.inside.remove(thing)

    def _forget(self, thing: TapedThing) -> None:
        thing.is_gone = True
        del self._by_call[thing.n][thing]
        for uid in (thing.owner, *thing.grants):
            self._by_user[uid].pop(thing, None)
        for own in thing.every_id:
            self._by_id.pop(own, None)

    def _own(self, token: str, names: Mapping[str, str]) -> str:
        """An id like `token` that nobody has."""
        while True:
            self._number += 1
            own = like(told_with(token, names), self._number, self._random)
            if own != token and own not in self._by_id and own not in self._facts.maker:
                return own


def first_number(tape: Tape) -> int:
    """Above every number that stands in the tape where an id does."""
    every = (leaf for call in tape.calls for leaf in leaves([call.arguments, call.value]))
    numbers = [int(leaf.token) for leaf in every if leaf.token.isdecimal() and len(leaf.token) < 10]
    return (max(numbers, default=0) // 1000 + 1) * 1000
