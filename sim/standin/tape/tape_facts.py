"""What a tape shows of its tools: which values were made by which call, and which arguments name things."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from sim.standin.tape.tape_file import Tape, TapedCall
from sim.standin.tape.walks import OF_TEXTS, Leaf, leaves, parts_of, texts_of, words_of

MIN_WORD = 4
"""Shorter texts occur in others by chance."""
MAX_TOKEN = 300
READING = re.compile(r"(?:^|_)(?:get|list|search|read|find|check|show|view|count|query|fetch)(?:_|$)")
REMOVING = re.compile(r"(?:^|_)(?:delete|remove|trash|unshare|revoke|leave)(?:_|$)")
UPDATING = re.compile(
    r"(?:^|_)(?:update|edit|rename|move|set|append|patch|change|modify|put|mark|toggle|archive|reorder)(?:_|$)"
)
"""In names of tools: verbs that make nothing anew, whatever new values there are in their answers."""
ADDING = re.compile(r"(?:^|_)(?:append|add)(?:_|$)")
"""In names of tools: verbs after which what was said before still holds."""
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
Place = tuple[str, ...]


class TapeFacts:
    """Worked out once.

    Attributes:
        calls: by tool, in the order of sending.
        asked, texts: by call, its arguments, and the texts among them by their place.
        made: by the number of a call, the values that were seen for the first time in its answer and name
            what it made.
        maker: by such a value, the number of that call.
        stamps: those of them that are etags.
        births: the numbers of calls that made a thing, and did not only change one.
        tellings: by such a number, that call and those that changed what was made: what was told of it.
        places: by tool, the places in its arguments that name things, each with the values that are good for
            everybody: they were there before, or somebody thought of them.
        names: by the name of a person, `who` that is.
        handed: values that another person used, and that no call handed to them by name: good for everybody.
    """

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.calls: dict[str, list[TapedCall]] = defaultdict(list)
        self.made: dict[int, list[str]] = {}
        self.maker: dict[str, int] = {}
        self.stamps: set[str] = set()
        self.births: set[int] = set()
        self.tellings: dict[int, list[TapedCall]] = defaultdict(list)
        self.asked = {call: tuple(leaves(call.arguments)) for call in tape.calls}
        self.texts = {call: texts_of(every) for call, every in self.asked.items()}
        self.names = {name: who for who, name in tape.people.items()}
        for call in tape.calls:
            self.calls[call.tool].append(call)
        self._find_made()
        self.places = self._find_places()
        self.handed = self._find_handed()

    def changes(self, tool: str) -> bool:
        """Whether it may change something: by its annotations, else by its name."""
        hints = self.tape.tools.get(tool, {}).get("annotations")
        told = hints.get("readOnlyHint") if isinstance(hints, dict) else None
        return not told if isinstance(told, bool) else READING.search(tool) is None

    def removes(self, tool: str) -> bool:
        return REMOVING.search(tool) is not None

    def _find_made(self) -> None:
        flows, seen = flows_of(self.tape), set(self.names)
        for call in self.tape.calls:
            seen.update(leaf.token for leaf in self.asked[call])
            answered = [] if call.is_error else list(leaves(call.value))
            if self.changes(call.tool):
                new = [leaf for leaf in answered if leaf.token not in seen and is_made(leaf, call, flows)]
                self._note_made(call, new)
            seen.update(leaf.token for leaf in answered)

    def _note_made(self, call: TapedCall, new: list[Leaf]) -> None:
        named = [self.maker[leaf.token] for leaf in self.asked[call] if leaf.token in self.maker]
        if named and UPDATING.search(call.tool):
            self.tellings[max(named, key=lambda n: (n in self.births, n))].append(call)
        elif new:
            self.births.add(call.n)
            self.tellings[call.n].append(call)
        self.made[call.n] = list(dict.fromkeys(leaf.token for leaf in new))
        self.maker.update(dict.fromkeys(self.made[call.n], call.n))
        self.stamps.update(leaf.token for leaf in new if "etag" in words_of(leaf.key))

    def _find_places(self) -> dict[str, dict[Place, set[str]]]:
        found: dict[str, dict[Place, set[str]]] = defaultdict(lambda: defaultdict(set))
        answered: set[str] = set()
        for call in self.tape.calls:
            for leaf in self.asked[call]:
                known = found[call.tool]
                if leaf.token in self.maker or (leaf.token in answered and names_something(leaf)):
                    known[leaf.place].add(leaf.token)
            if not call.is_error:
                answered.update(leaf.token for leaf in leaves(call.value) if leaf.token)
        for tool, places in found.items():
            for call in self.calls[tool]:
                for leaf in self.asked[call]:
                    if leaf.place in places:
                        places[leaf.place].add(leaf.token)
            for values in places.values():
                # What a call made is made anew for each who calls it.
                values.difference_update(self.maker)
        return {tool: dict(places) for tool, places in found.items()}

    def _find_handed(self) -> set[str]:
        makers = {call.n: call.who for call in self.tape.calls}
        named: set[tuple[str, str]] = set()
        handed: set[str] = set()
        for call in self.tape.calls:
            tokens = {leaf.token for leaf in self.asked[call]}
            named.update((call.who, self.names[token]) for token in tokens & self.names.keys())
            for token in () if call.is_error else tokens & self.maker.keys():
                owner = makers[self.maker[token]]
                if owner != call.who and (owner, call.who) not in named:
                    handed.add(token)
        return handed


def flows_of(tape: Tape) -> Mapping[str, int]:
    """By value, the number of the last call that took it as an argument, or as a part of one."""
    last: dict[str, int] = {}
    for call in tape.calls:
        for token in taken(call):
            last[token] = call.n
    return last


def taken(call: TapedCall) -> Iterator[str]:
    for leaf in leaves(call.arguments):
        if isinstance(leaf.value, str):
            yield leaf.token
            yield from (part for part in parts_of(leaf.token) if len(part) >= MIN_WORD)
        elif leaf.names_a_thing:
            yield leaf.token


def is_made(leaf: Leaf, call: TapedCall, flows: Mapping[str, int]) -> bool:
    """Whether a value that nobody had seen before names what this call made."""
    if not leaf.token or len(leaf.token) > MAX_TOKEN:
        return False
    return leaf.names_a_thing or (names_something(leaf) and flows.get(leaf.token, 0) > call.n)


def names_something(leaf: Leaf) -> bool:
    """Not a word (`open`) or a text that people write, nor a number that counts, nor a day."""
    if leaf.names_a_thing:
        return True
    if not isinstance(leaf.value, str) or len(leaf.value) < MIN_WORD or DAY.match(leaf.value):
        return False
    return any(map(str.isdigit, leaf.value)) and not words_of(leaf.key) & OF_TEXTS
