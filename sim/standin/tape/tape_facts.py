"""What a tape shows of its tools: which values were made by which call, and which arguments name things."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from sim.standin.tape.deeds import may_change, updates
from sim.standin.tape.tape_file import Tape, TapedCall
from sim.standin.tape.walks import OF_TEXTS, Leaf, leaves, parts_of, texts_of, words_of

MIN_WORD = 4
"""Shorter texts occur in others by chance."""
MAX_TOKEN = 300
MIN_TITLE = 6
OF_TITLES = frozenset({"title", "name", "path"})
OF_PATHS = frozenset({"path", "file", "filename", "folder", "uri", "url", "href", "source", "destination"})
"""Words in names of arguments whose texts are found again in paths, and of those that are paths."""
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
Place = tuple[str, ...]


class TapeFacts:
    """Worked out once.

    Attributes:
        calls: by tool, in the order of sending.
        asked, texts: by call, its arguments, and the texts among them by their place.
        signs: by call, what tells it from others.
        made: by the number of a call, the values that were seen for the first time in its answer and name
            what it made.
        maker: by such a value, the number of that call.
        stamps: those of them that are etags.
        births: the numbers of calls that made a thing, and did not only change one.
        tellings: by such a number, that call and those that changed what was made: what was told of it.
        places: by tool, the places in its arguments that name things, each with the values that are good for
            everybody: they were there before, or somebody thought of them.
        persons: tools and places in their arguments that name a person.
        before: values that were there before anybody made anything.
        open: tools and places in their arguments where somebody has named a path that was not there yet.
        paths: by tool, the places in its arguments where there is always the path of something that was made.
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
        self._titles: list[tuple[str, int]] = []
        for call in tape.calls:
            self.calls[call.tool].append(call)
        self._find_made()
        self.persons = {
            (call.tool, leaf.place)
            for call, asked in self.asked.items()
            for leaf in asked
            if leaf.token in self.names
        }
        self.signs = {call: self.signs_of(call.tool, asked) for call, asked in self.asked.items()}
        self.before: set[str] = set()
        self.places = self._find_places()
        self.open = self._find_open()
        self.paths = self._find_paths()
        self.handed = self._find_handed()

    def changes(self, tool: str) -> bool:
        """Whether it may change something."""
        return may_change(tool, self.tape.tools.get(tool, {}))

    def signs_of(self, tool: str, asked: Iterable[Leaf]) -> frozenset[tuple[Place, str]]:
        """By what calls of a tool are told apart.

        Whoever is named is somebody else here, also where both happen to have one name.
        """
        return frozenset(
            (leaf.place, leaf.token or repr(leaf.value))
            for leaf in asked
            if (tool, leaf.place) not in self.persons
        )

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
        named += self._named_by_path(call)
        has_only_stamps = all("etag" in words_of(leaf.key) for leaf in new)
        if named and (updates(call.tool) or has_only_stamps):
            self.tellings[max(named, key=lambda n: (n in self.births, n))].append(call)
        elif new:
            self.births.add(call.n)
            self._titles += [(title, call.n) for title in titles_of(self.texts[call], stems=True)]
            self.tellings[call.n].append(call)
        self.made[call.n] = list(dict.fromkeys(leaf.token for leaf in new))
        self.maker.update(dict.fromkeys(self.made[call.n], call.n))
        self.stamps.update(leaf.token for leaf in new if "etag" in words_of(leaf.key))

    def _named_by_path(self, call: TapedCall) -> list[int]:
        """The births whose titles stand in paths among its arguments."""
        paths = [leaf.token for leaf in self.asked[call] if is_path(leaf)]
        return [n for title, n in self._titles if any(title in path for path in paths)] if paths else []

    def _find_places(self) -> dict[str, dict[Place, set[str]]]:
        found: dict[str, dict[Place, set[str]]] = defaultdict(lambda: defaultdict(set))
        answered: set[str] = set()
        given: set[str] = set()
        for call in self.tape.calls:
            given.update(leaf.token for leaf in self.asked[call])
            for leaf in self.asked[call]:
                known = found[call.tool]
                if leaf.token in self.maker or (leaf.token in answered and names_something(leaf)):
                    known[leaf.place].add(leaf.token)
            if not call.is_error:
                answered.update({leaf.token for leaf in leaves(call.value)} - given)
        for tool, places in found.items():
            for call in self.calls[tool]:
                for leaf in self.asked[call]:
                    if leaf.place in places:
                        places[leaf.place].add(leaf.token)
            for values in places.values():
                # What a call made is made anew for each who calls it.
                values.difference_update(self.maker)
        self.before = answered - self.maker.keys()
        return {tool: dict(places) for tool, places in found.items()}

    def _find_open(self) -> set[tuple[str, Place]]:
        seen: set[str] = set()
        found: set[tuple[str, Place]] = set()
        for call in self.tape.calls:
            if self.changes(call.tool) and not call.is_error:
                new = (leaf for leaf in self.asked[call] if is_path(leaf) and leaf.token not in seen)
                found.update((call.tool, leaf.place) for leaf in new)
            seen.update(leaf.token for leaf in self.asked[call])
            seen.update(leaf.token for leaf in leaves(call.value))
        return found

    def _find_paths(self) -> dict[str, set[Place]]:
        """By tool, the places in its arguments where there is always the path of something made before."""
        refers: dict[tuple[str, Place], bool] = {}
        titles: list[str] = []
        for call in self.tape.calls:
            for leaf in filter(is_path, self.asked[call]):
                key = call.tool, leaf.place
                refers[key] = refers.get(key, True) and any(title in leaf.token for title in titles)
            if call.n in self.births:
                titles += titles_of(self.texts[call], stems=True)
        found: dict[str, set[Place]] = defaultdict(set)
        for (tool, place), always in refers.items():
            if always:
                found[tool].add(place)
        return dict(found)

    def _find_handed(self) -> set[str]:
        makers = {call.n: call.who for call in self.tape.calls}
        named: set[str] = set()
        handed: set[str] = set()
        for call in self.tape.calls:
            tokens = {leaf.token for leaf in self.asked[call]}
            # Whoever hands it on may be one to whom it was handed.
            named.update(self.names[token] for token in tokens & self.names.keys())
            if not call.is_error and call.who not in named:
                others = {
                    token for token in tokens & self.maker.keys() if makers[self.maker[token]] != call.who
                }
                handed |= others
        return handed


def titles_of(texts: Mapping[Place, str], *, stems: bool = False) -> list[str]:
    """Of texts by their place: the names among them that are long enough to be nobody else's.

    `stems`: also what a file is called without its folder and its ending, as at whomever it is shared with.
    """
    named = [text for place, text in texts.items() if words_of(place[-1]) & OF_TITLES]
    named += [stem_of(text) for text in named if stems and "/" in text]
    return [text for text in dict.fromkeys(named) if len(text) >= MIN_TITLE]


def stem_of(path: str) -> str:
    """`/Notes/Plan 7.md` → `Plan 7`."""
    name = path.rstrip("/").rpartition("/")[2]
    return name.rpartition(".")[0] or name


def is_path(leaf: Leaf) -> bool:
    """Whether it may be a path, by the name of its argument."""
    return isinstance(leaf.value, str) and bool(words_of(leaf.key) & OF_PATHS)


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
