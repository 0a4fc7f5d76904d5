"""Small numbers of a tape told apart: a board 7, a stack 7 and the place 7 in a list are three things.

What a call made and numbered is given a number on the tape that nothing else has, wherever it is named: by a
key that calls it so, in an address, in a failure. All that is equal by chance (limits, totals, columns) stays
as it was recorded.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

import attrs

from sim.standin.tape.deeds import may_change, removes
from sim.standin.tape.tape_file import Json, Tape, TapedCall
from sim.standin.tape.thing_words import (
    CREATING,
    OF_NOTHING,
    QUANTITIES,
    ThingName,
    thing_at,
    tool_thing,
    words_in_order,
)
from sim.standin.tape.walks import OF_TEXTS, Leaf, rewritten, words_of

OWN_NUMBERS = 900_000_000_000
"""From here on numbers are given: longer than those above which a stand-in begins to number."""
MAX_DIGITS = 4
"""Longer numbers are hardly equal by chance."""
MIN_TELLING = 100
"""Below, a number names what its key says, or nothing."""
MAX_BEFORE = 60
"""Characters before a number that are looked at for what it is of."""
NUMBER = re.compile(r"(?<![\w.-])[1-9][0-9]{0,3}(?![\w-])")


@attrs.define(eq=False)
class NumberedThing:
    """What a call made, and what it is called. `own`: its number, which nothing else has."""

    own: str
    thing: str
    verb: str
    is_gone: bool = False

    def is_called(self, name: ThingName) -> bool:
        """The answer to `share_board` has the number of a share."""
        return name.thing == self.thing or (name.is_explicit and name.thing == self.verb)


@attrs.frozen
class GivenNumber:
    """What stands where the arguments of a call name something. `found`: None for what nobody made."""

    name: ThingName
    token: str | None
    found: NumberedThing | None


@attrs.frozen
class NumberedTape:
    """A tape on which nothing that was made is equal to something else by chance.

    `recorded`: the numbers that were given → those that were recorded.
    """

    tape: Tape
    recorded: Mapping[str, str]


def told_apart(tape: Tape) -> NumberedTape:
    """The tape, with small numbers under which something was made put in the place of those recorded."""
    apart = TellingApart(tape.tools)
    calls = tuple(map(apart.told, tape.calls))
    return NumberedTape(attrs.evolve(tape, calls=calls), apart.recorded)


class TellingApart:
    """Goes through the calls in their order."""

    def __init__(self, tools: Mapping[str, Mapping[str, Json]]) -> None:
        self.recorded: dict[str, str] = {}
        self._tools = tools
        self._made: dict[str, list[NumberedThing]] = defaultdict(list)
        self._before: set[tuple[str, str]] = set()
        """Numbers of what nobody made, with what that is called."""
        self._written: set[str] = set()
        """Texts that somebody has written: the numbers in them say what they say."""

    def told(self, call: TapedCall) -> TapedCall:
        """The call, with what it names and makes under numbers of their own."""
        given: list[GivenNumber] = []
        arguments = rewritten(dict(call.arguments), lambda leaf: self._argument(leaf, call.tool, given))
        if call.is_error:
            return attrs.evolve(call, arguments=arguments, value=in_failure(str(call.value), given))
        value = rewritten(call.value, lambda leaf: self._answered(leaf, call.tool, given))
        if removes(call.tool):
            note_gone(call.tool, given)
        return attrs.evolve(call, arguments=arguments, value=value)

    def _argument(self, leaf: Leaf, tool: str, given: list[GivenNumber]) -> Json:
        name, token = thing_at(leaf.place, tool), small(leaf)
        found = None if token is None else self._named(token, name)
        if token is not None and found is None and name.has_number and int(token) >= MIN_TELLING:
            # Whatever the argument is called: a number like this is there for a reason.
            found = self._only(token, name)
        if name.has_number or found is not None:
            given.append(GivenNumber(name, token, found))
        if token is not None:
            return numbered(leaf, found)
        if isinstance(leaf.value, str) and "/" in leaf.value:
            return self._text(leaf)
        if isinstance(leaf.value, str):
            self._written.add(leaf.value)
        return leaf.value

    def _answered(self, leaf: Leaf, tool: str, given: Sequence[GivenNumber]) -> Json:
        token = small(leaf)
        if token is None:
            return leaf.value if leaf.value in self._written else self._text(leaf)
        name = thing_at(leaf.place, tool)
        said = [each for each in given if each.token == token and each.name.has_number and name.has_number]
        for each in said:
            if each.name.thing == name.thing and each.name.is_explicit:
                return numbered(leaf, each.found)
        found = self._named(token, name)
        if found is not None and found.is_gone and tool_thing(tool)[0] in CREATING:
            # Numbers of what was removed are given again.
            found = None
        if found is None and said and is_of_what_was_given(name, tool):
            found = said[0].found
        elif found is None and name.has_number:
            found = self._new_or_there(token, name, tool, given)
        return numbered(leaf, found)

    def _named(self, token: str, name: ThingName) -> NumberedThing | None:
        """What was made and is called so, the last one."""
        if not (name.has_number or name.is_relative or name.is_lone) or name.thing in QUANTITIES:
            return None
        called = [each for each in self._made.get(token, []) if each.is_called(name)]
        return max(called, key=lambda each: (not each.is_gone, int(each.own)), default=None)

    def _only(self, token: str, name: ThingName) -> NumberedThing | None:
        """What was made with that number, where nothing else has it."""
        made = self._made.get(token, [])
        is_alone = len(made) == 1 and (token, name.thing) not in self._before
        return made[0] if is_alone else None

    def _new_or_there(
        self, token: str, name: ThingName, tool: str, given: Sequence[GivenNumber]
    ) -> NumberedThing | None:
        """A number in an answer under a name that nothing had before."""
        if may_change(tool, self._tools.get(tool, {})):
            is_there = (token, name.thing) in self._before
            return None if is_there else self._born(token, name, tool, given)
        says_little = not name.is_told or name.thing in OF_NOTHING
        if says_little and int(token) >= MIN_TELLING and (found := self._only(token, name)) is not None:
            return found
        self._before.add((token, name.thing))
        return None

    def _born(self, token: str, name: ThingName, tool: str, given: Sequence[GivenNumber]) -> NumberedThing:
        verb, _ = tool_thing(tool)
        # What is made of something that is named is called after the deed: a share of a board.
        is_deed = not name.is_told and any(
            each.name.is_explicit and each.name.thing == name.thing for each in given
        )
        made = NumberedThing(str(OWN_NUMBERS + len(self.recorded)), verb if is_deed else name.thing, verb)
        self.recorded[made.own] = token
        self._made[token].append(made)
        return made

    def _text(self, leaf: Leaf) -> Json:
        """An address, or a sentence, that says of what the numbers in it are."""
        text = leaf.value
        if not isinstance(text, str) or words_of(leaf.key) & (OF_TEXTS - {"message"}):
            return text

        def own(found: re.Match[str]) -> str:
            made, before = self._made.get(found[0], ()), word_before(text, found.start())
            called = [each.own for each in made if before in (each.thing, each.verb)]
            return called[-1] if called and before else found[0]

        return NUMBER.sub(own, text)


def is_of_what_was_given(name: ThingName, tool: str) -> bool:
    """Whether a number in an answer, which does not say of what, is one of those that the call was given."""
    return not name.is_told and tool_thing(tool)[0] not in CREATING


def note_gone(tool: str, given: Sequence[GivenNumber]) -> None:
    _, thing = tool_thing(tool)
    for each in given:
        if each.found is not None and each.found.thing == thing:
            each.found.is_gone = True


def in_failure(text: str, given: Sequence[GivenNumber]) -> str:
    """The numbers in a failure of a call are those that it was given."""

    def own(found: re.Match[str]) -> str:
        named = [each.found for each in given if each.token == found[0] and each.found is not None]
        before = word_before(text, found.start())
        meant = next((thing for thing in named if thing.thing == before), named[0] if named else None)
        return found[0] if meant is None else meant.own

    return NUMBER.sub(own, text)


def word_before(text: str, place: int) -> str:
    """`/boards/7` and `Board 7` are a board."""
    words = [word for word in words_in_order(text[max(0, place - MAX_BEFORE) : place]) if word != "id"]
    return words[-1] if words else ""


def numbered(leaf: Leaf, found: NumberedThing | None) -> Json:
    """The value as it is, or under the number of what it names."""
    if found is None:
        return leaf.value
    return int(found.own) if isinstance(leaf.value, int) else found.own


def small(leaf: Leaf) -> str | None:
    """A number that others may have by chance; None for all else."""
    token = leaf.token
    is_number = token.isascii() and token.isdecimal() and not token.startswith("0")
    return token if is_number and len(token) <= MAX_DIGITS else None
