"""Answers as a tape holds them: for each user, under ids of their own.

What is asked is told in the tape's ids first, and compared with what was asked there. Of the calls that are
most alike the one counts that came next after what has been changed since; its answer is told in the ids,
names and words of the one who asks. A list has a row for each thing that they made or were handed, and none
of others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import attrs

from sim.standin.tape.asking import Absent, TapeQuestion, to_be_removed, understood
from sim.standin.tape.deeds import adds, removes
from sim.standin.tape.made_things import MadeThings, TapedThing
from sim.standin.tape.rows import Retelling, Sight
from sim.standin.tape.tape_facts import TapeFacts, is_path
from sim.standin.tape.tape_file import Json, Tape, TapedCall, is_deep
from sim.standin.tape.telling_apart import told_apart
from sim.standin.tape.walks import Leaf
from sim.standin.tape.wording import Voice, recorded_again, with_ids

NOT_FOUND = re.compile(r"not found|does not exist|no such|\b404\b", re.IGNORECASE)
CONFLICT = re.compile(r"conflict|precondition|modified by|\b4(?:09|12)\b", re.IGNORECASE)


@attrs.frozen
class TapeAnswer:
    """An answer: a value, or the text of a failure."""

    value: Json
    is_structured: bool = False
    is_error: bool = False


class TapePlayer:
    """Answers the tools of one tape. `seed`: of the ids that are drawn."""

    def __init__(self, tape: Tape, seed: int = 1) -> None:
        told = told_apart(tape)
        self.tape = told.tape
        self.facts = TapeFacts(self.tape)
        self._recorded = told.recorded
        self.things = MadeThings(self.facts, seed)
        self._alone: dict[str, TapedThing] = {}
        """By user, what is theirs and has no id: a status, settings."""
        self._roles: dict[str, str] = {}
        """By user, who they were last on the tape."""

    def call(self, uid: str, tool: str, arguments: Mapping[str, Json]) -> TapeAnswer:
        """Everything that is wrong is an answer too."""
        answer = self._answer(uid, tool, arguments)
        # What of the tape is nobody's here is told as it was recorded.
        return attrs.evolve(answer, value=recorded_again(answer.value, self._recorded))

    def _answer(self, uid: str, tool: str, arguments: Mapping[str, Json]) -> TapeAnswer:
        if problem := self._bad_arguments(tool, arguments):
            return TapeAnswer(f"Error executing tool {tool}: {problem}", is_error=True)
        if not self.facts.calls.get(tool):
            return self._removed_unseen(uid, tool, arguments)
        try:
            asked = understood(self.facts, self.things, uid, tool, arguments)
        except Absent as absent:
            return TapeAnswer(
                self._failure(tool, NOT_FOUND, absent.token, "not found (HTTP 404)"), is_error=True
            )
        if asked.is_outdated and self.facts.changes(tool):
            return TapeAnswer(
                self._failure(tool, CONFLICT, "", "precondition failed (HTTP 412)"), is_error=True
            )
        alike = self._alike(asked)
        call = self._next_of(alike, uid, asked.things or tuple(filter(None, [self._alone.get(uid)])))
        if call.is_error:
            return TapeAnswer(self._voice(asked, call).text_of(str(call.value)), is_error=True)
        if self.facts.changes(tool):
            return TapeAnswer(self._changed(asked, call), call.is_structured)
        return TapeAnswer(self._read(asked, call, alike), call.is_structured)

    def holdings(self, has_account: Callable[[str], bool]) -> list[str]:
        """What those who have an account made and nobody removed: `OWNER:ID` each."""
        there = (thing for thing in self.things if thing.ids and has_account(thing.owner))
        return sorted(f"{thing.owner}:{next(iter(thing.ids.values()))}" for thing in there)

    def _bad_arguments(self, tool: str, arguments: Mapping[str, Json]) -> str:
        if is_deep(arguments):
            return "1 validation error: nested too deep"
        schema = self.tape.tools[tool].get("inputSchema")
        required = schema.get("required") if isinstance(schema, dict) else None
        lacking = [str(n) for n in required if n not in arguments] if isinstance(required, list) else []
        if lacking:
            return f"{len(lacking)} validation errors: field required: {', '.join(lacking)}"
        is_served = bool(self.facts.calls.get(tool)) or removes(tool)
        return "" if is_served else "the recording has no call of it"

    def _removed_unseen(self, uid: str, tool: str, arguments: Mapping[str, Json]) -> TapeAnswer:
        """Take away what is named, by a tool that nobody called on the recording: people tidy up with it."""
        meant = to_be_removed(self.facts, self.things, uid, tool, arguments)
        if not meant:
            return TapeAnswer(f"{tool} failed: not found (HTTP 404)", is_error=True)
        for thing in meant:
            if not thing.is_gone:
                self.things.remove(thing)
        return TapeAnswer({"success": True}, is_structured=True)

    def _failure(self, tool: str, kind: re.Pattern[str], token: str, words: str) -> str:
        """As the recording says it of this tool, else in words of our own."""
        for call in self.facts.calls[tool]:
            if call.is_error and kind.search(str(call.value)):
                given = {leaf.token: token or leaf.token for leaf in self.facts.asked[call] if leaf.token}
                return with_ids(str(call.value), given)
        return f"{tool} failed: {f'{token} ' if token else ''}{words}"

    def _alike(self, asked: TapeQuestion) -> list[TapedCall]:
        """The calls of this tool that are most like it, in their order.

        What is named is there, and is not outdated: a call that was told otherwise is none of them, where
        there are others.
        """
        every = self.facts.calls[asked.tool]
        said = [
            call for call in every if not (asked.things and call.is_error and is_of_state(str(call.value)))
        ]
        calls = said or every
        likeness = {
            call.n: alike for call, alike in zip(calls, asked.likeness(calls, self.facts), strict=True)
        }
        best = max(likeness.values())
        return [call for call in every if likeness.get(call.n) == best]

    def _next_of(self, alike: Sequence[TapedCall], uid: str, about: Sequence[TapedThing]) -> TapedCall:
        """Of these calls the one that came after what was done to `about` last."""
        position = max((thing.position for thing in about), default=0)
        who = next(
            (w for thing in about for w, each in thing.cast.items() if each == uid), self._roles.get(uid)
        )
        own = [call for call in alike if call.who == who] or alike
        return next((call for call in own if call.n > position), own[-1])

    def _voice(self, asked: TapeQuestion, call: TapedCall) -> Voice:
        """In whose ids, names and words an answer is told."""
        voice = Voice({}, self._names_of({call.who: asked.uid}))
        if (alone := self._alone.get(asked.uid)) is not None:
            voice = voice.also({}, alone.words)
        for thing in asked.things:
            voice = voice.also(*self._own(thing))
        return voice.also(
            {**asked.ids, **asked.other_ids(call, self.facts)}, asked.new_words(call, self.facts)
        )

    def _names_of(self, cast: Mapping[str, str]) -> dict[str, str]:
        people = self.tape.people
        return {people[who]: uid for who, uid in cast.items() if who in people}

    def _changed(self, asked: TapeQuestion, call: TapedCall) -> Json:
        """Carry it out: things come, change, are handed on, and go; and tell it."""
        words = asked.new_words(call, self.facts)
        named = {leaf.token for leaf in self.facts.asked[call]} & self.facts.names.keys()
        guests = {name: words.get(name, name) for name in named}
        touched = max(asked.things, key=lambda thing: thing.n, default=None)
        voice, made = self._voice(asked, call), None
        for thing in asked.things:
            thing.come_to(call.n)
            thing.cast.setdefault(call.who, asked.uid)
        if removes(asked.tool):
            self._remove(touched, guests.values())
            guests = {}
        elif call.n in self.facts.births:
            made = self.things.make(call.n, asked.uid, asked.things, words, voice.words)
            made.cast[call.who] = asked.uid
            self._roles[asked.uid] = call.who
        elif touched is not None:
            self.things.renew(touched, call.n, voice.words)
            touched.words |= words
        else:
            self._note_alone(asked.uid, call, words)
        self._hand_over(touched or made, made if touched else None, guests)
        newest = made or touched
        if newest is None:
            return voice.told(call.value)
        if not adds(asked.tool) or made:
            newest.given |= {
                place: text
                for place, text in asked.texts.items()
                # By a path it is named here: where it is, it is called as it was.
                if newest is made or place not in newest.given or not is_path(Leaf(place, text))
            }
        return voice.also(*self._own(newest)).told(call.value)

    def _note_alone(self, uid: str, call: TapedCall, words: Mapping[str, str]) -> None:
        alone = self._alone.setdefault(uid, TapedThing(0, uid))
        alone.words |= words
        alone.position = call.n
        alone.cast[call.who] = uid

    def _hand_over(self, thing: TapedThing | None, by: TapedThing | None, guests: Mapping[str, str]) -> None:
        if thing is None:
            return
        for name, uid in guests.items():
            self.things.hand(thing, uid, by)
            thing.cast.setdefault(self.facts.names[name], uid)
            self._roles.setdefault(uid, self.facts.names[name])

    def _remove(self, thing: TapedThing | None, guests: Collection[str]) -> None:
        """A thing, or somebody's right to see it."""
        if thing is not None and not guests:
            self.things.remove(thing)
        elif thing is not None:
            for uid in guests:
                thing.grants.pop(uid, None)

    def _read(self, asked: TapeQuestion, call: TapedCall, alike: Sequence[TapedCall]) -> Json:
        """What is seen, with a row for each thing that they may see of what is named."""
        voice, seen = self._voice(asked, call), []
        for thing in dict.fromkeys([*self.things.seen_by(asked.uid), *self._open_to_all(asked.things)]):
            if all(thing.is_within(one) or one.is_within(thing) for one in asked.things):
                stood = self._next_of(alike, asked.uid, [thing])
                if not stood.is_error:
                    seen.append(Sight(thing, stood.value, voice.also(*self._own(thing))))
        return Retelling(self.facts, self.things, seen).told(call.value, voice)

    def _open_to_all(self, named: Sequence[TapedThing]) -> Iterator[TapedThing]:
        """What is in those of the things that everybody may use who can name them: a public room."""
        for thing in named:
            if not self.facts.handed.isdisjoint(thing.ids):
                yield from (each for each in thing.and_inside() if not each.is_gone)

    def _own(self, thing: TapedThing) -> tuple[dict[str, str], dict[str, str]]:
        """Ids and words of a thing, and of what it is in, in the place of all that it had on the tape."""
        ids: dict[str, str] = {}
        words: dict[str, str] = {}
        for parent in thing.parents:
            parents_ids, parents_words = self._own(parent)
            ids, words = ids | parents_ids, words | parents_words
        words |= thing.words | self._names_of(thing.cast)
        for call in self.facts.tellings.get(thing.n, ()):
            made = self.facts.made.get(call.n, ())
            ids |= {token: thing.stamp for token in made if token in self.facts.stamps}
            told = () if adds(call.tool) and call.n != thing.n else self.facts.texts[call].items()
            words |= {text: thing.given[place] for place, text in told if place in thing.given}
        return ids | thing.ids | {
            token: thing.stamp for token in thing.ids if token in self.facts.stamps
        }, words


def is_of_state(text: str) -> bool:
    """A failure that says how things stood, and not what is wrong with the call."""
    return bool(NOT_FOUND.search(text) or CONFLICT.search(text))
