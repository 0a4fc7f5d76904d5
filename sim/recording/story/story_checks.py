"""What each step is to see: the shape of its answer, and what somebody else wrote where they read it."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from sim.recording.story.carrying import Carrying
from sim.recording.story.expressions import CarriedValue, Expression, Fixed, Made, UidOf, is_fixed, parts_of
from sim.recording.story.leaf_values import LeafValue, leaves_of, plain_of
from sim.recording.story.name_words import KINDS, ToolName, words_of
from sim.recording.story.story_model import (
    ContentIs,
    FindsLines,
    FindsText,
    GrantsRight,
    HasKeys,
    HasRows,
    KeyIs,
    ListsRows,
    PlannedStep,
    RowShows,
    ShowsMade,
    Sight,
    StepCheck,
)
from sim.recording.story.takes import Json, Take

CONTENT = "content"
EVERYTHING = ("everything",)
MAX_WRITERS = 300
"""As many of those before a look are held against what it shows, the last ones."""
MIN_CONTENT = 2
MAX_CONTENT = 100_000
RULE = "- "
SHARES = "nc_share_"
APPENDING = frozenset({"append"})


def same_text(one: str, other: str) -> bool:
    """Line ends apart, as checks compare."""
    return _plain(one) == _plain(other)


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")


class Contents:
    """Who wrote which text into what, in the order of the calls."""

    def __init__(self, steps: Sequence[PlannedStep], rounds: Sequence[Sequence[PlannedStep]]) -> None:
        self._writers: dict[tuple[str, Json], list[PlannedStep]] = defaultdict(list)
        """By family of the tools and what was written into, None where nobody can tell."""
        for step in sorted(steps, key=lambda step: step.take.place):
            if not step.first.only_reads and isinstance(step.first.call.arguments.get(CONTENT), str):
                family = step.take.tool.family
                for thing in dict.fromkeys((self._thing(step), EVERYTHING)):
                    self._writers[family, thing].append(step)
        self._rounds = {id(step): place for place, each in enumerate(rounds) for step in each}

    def check(self, step: PlannedStep, beside: Sequence[PlannedStep]) -> StepCheck | None:
        """What a look at a text must find; None where it was not written in the recording.

        Args:
            beside: what is made at the same time; nobody knows which of it is seen.
        """
        seen = step.take.value.get(CONTENT) if isinstance(step.take.value, dict) else None
        if (
            not isinstance(seen, str)
            or not MIN_CONTENT <= len(seen) <= MAX_CONTENT
            or not step.take.only_reads
        ):
            return None
        if any(not other.take.only_reads for other in beside):
            return None
        before = self._before(step)
        written = [each for each in before if each.take.error is None]
        refused = tuple(_text(each) for each in before if each.take.is_refused)
        return self._of_texts(seen, written, refused) or _of_lines(seen, written)

    def _before(self, look: PlannedStep) -> list[PlannedStep]:
        """Who wrote a text before, as far as anybody can tell into what is looked at."""
        family, thing = look.take.tool.family, self._thing(look)
        things = (EVERYTHING,) if thing is None else (thing, None)
        writers = [step for each in things for step in self._last(family, each, look.take.place)]
        return sorted(writers, key=lambda step: step.take.place)[-MAX_WRITERS:]

    def _last(self, family: str, thing: Json, place: int) -> list[PlannedStep]:
        every = self._writers.get((family, thing), [])
        return every[: bisect_left(every, place, key=lambda step: step.take.place)][-MAX_WRITERS:]

    def _thing(self, step: PlannedStep) -> Json:
        """The id of what it works on, None where it is not known (a path is another one for everybody)."""
        for key, value in step.first.call.arguments.items():
            words = words_of(key)
            if words and KINDS.get(words[-1]) == "id":
                return plain_of(value)
        made = step.take.value.get("id") if isinstance(step.take.value, dict) else None
        return plain_of(made)

    def _of_texts(
        self, seen: str, written: Sequence[PlannedStep], refused: Iterable[str]
    ) -> StepCheck | None:
        """A text that was written as a whole."""
        whole = [each for each in written if not _appends(each)]
        place = next((at for at in range(len(whole) - 1, -1, -1) if same_text(_text(whole[at]), seen)), None)
        if place is None or any(_appends(each) for each in written[written.index(whole[place]) :]):
            return None
        newest = _text(whole[place])
        # Who wrote at the same time may be the last one the next time.
        met = [each for each in whole if self._is_met(each, whole[place])]
        also = others_than(newest, met)
        older = others_than(newest, [each for each in whole[:place] if each not in met])
        never = tuple(dict.fromkeys(text for text in refused if not same_text(text, newest)))
        return FindsText(newest, older, never, also) if older or never or also else ContentIs(newest)

    def _is_met(self, one: PlannedStep, other: PlannedStep) -> bool:
        return one is not other and self._rounds.get(id(one)) == self._rounds.get(id(other))


def others_than(newest: str, steps: Iterable[PlannedStep]) -> tuple[str, ...]:
    """What these steps wrote, if it is something else."""
    return tuple(dict.fromkeys(_text(each) for each in steps if not same_text(_text(each), newest)))


def _text(step: PlannedStep) -> str:
    return str(step.first.call.arguments[CONTENT])


def _of_lines(seen: str, written: Sequence[PlannedStep]) -> StepCheck | None:
    """A text to which lines were appended."""
    bases = [at for at, each in enumerate(written) if not _appends(each)]
    if not bases:
        return None
    base = _text(written[bases[-1]])
    lines = tuple(_text(each) for each in written[bases[-1] + 1 :])
    if (
        not lines
        or any("\n" in line or not line.strip("- ") for line in lines)
        or len({*lines}) != len(lines)
    ):
        return None
    stands = [line for line in _plain(seen).splitlines() if line.strip(RULE)]
    wanted = [line for line in _plain(base).splitlines() if line.strip(RULE)] + list(lines)
    return FindsLines(base, lines) if sorted(stands) == sorted(wanted) else None


def _appends(step: PlannedStep) -> bool:
    return step.first.tool.verb in APPENDING


def shape_check(step: PlannedStep, used: Iterable[CarriedValue], carrying: Carrying) -> StepCheck | None:
    """What can be asked of any answer: what it granted, what of one's own it shows, what later steps need."""
    take, value = step.take, step.take.value
    permissions = take.call.arguments.get("permissions")
    if take.tool.thing == "share" and take.call.name.startswith(SHARES) and isinstance(permissions, int):
        return GrantsRight(permissions)
    # Not yet seen is no wrong content: a look for something checks nothing but the shape.
    if take.only_reads and step.sight is None and (shown := made_and_shown(take, carrying)):
        return ShowsMade(shown)
    if isinstance(value, list):
        return ListsRows("")
    if not isinstance(value, dict):
        return None
    needed = tuple(dict.fromkeys(str(each.path[0]) for each in used if each.take is take and each.path))
    if needed and not any(isinstance(value.get(key), list) for key in needed):
        return HasKeys(needed)
    listed = next((key for key, each in value.items() if isinstance(each, list) and words_of(key)), "")
    return ListsRows(listed) if listed and take.only_reads else None


def made_and_shown(take: Take, carrying: Carrying) -> tuple[str, ...]:
    """What was made up before and is seen in the answer, whole."""
    given = {leaf.value for leaf in leaves_of(dict(take.call.arguments)) if isinstance(leaf.value, str)}
    seen = dict.fromkeys(leaf.value for leaf in leaves_of(take.value) if isinstance(leaf.value, str))
    shown = [made for text in seen if text not in given and (made := carrying.made.get(text)) is not None]

    def may_be_seen(made: Made) -> bool:
        is_own = made.take.who == take.who or "/" not in made.recorded
        return is_own and made.style != "uuid" and made.take.place < take.place

    return tuple(made.recorded for made in shown if may_be_seen(made))[:3]


def sight_of(step: PlannedStep, before: Json, carrying: Carrying) -> Sight | None:
    """What the last look shows that `before` did not."""
    take = step.take
    old = {plain for leaf in leaves_of(before) if (plain := plain_of(leaf.value)) is not None}
    for leaf in _by_worth(leaves_of(take.value)):
        if plain_of(leaf.value) in old or not leaf.keys:
            continue
        expression = carrying.expression_of(take, leaf.keys[-1], leaf.value)
        if (row := _row_of(leaf, expression)) is not None:
            return row
    if isinstance(take.value, list) and take.value and not before:
        return HasRows("")
    return _changed_key(take.value, before)


def _by_worth(leaves: Iterator[LeafValue]) -> list[LeafValue]:
    """Ids first."""
    each = list(leaves)[:2000]
    return sorted(each, key=lambda leaf: not (leaf.keys and words_of(leaf.keys[-1])[-1:] == ("id",)))


def _row_of(leaf: LeafValue, expression: Expression) -> RowShows | None:
    """A known value in a row of a list that is the answer, or lies in it at the top."""
    if is_fixed(expression) or any(isinstance(each, UidOf) for each in parts_of(expression)):
        return None
    match leaf.path:
        case (int(), str() as column):
            return RowShows("", column, expression)
        case (str() as key, int(), str() as column):
            return RowShows(key, column, expression)
        case _:
            return None


def _changed_key(value: Json, before: Json) -> Sight | None:
    if not isinstance(value, dict) or not isinstance(before, dict):
        return None
    for key, each in value.items():
        if isinstance(each, list) and each and not before.get(key):
            return HasRows(key)
        if before.get(key) != each and is_word(each):
            return KeyIs(key, each)
    return None


def is_word(value: Json) -> bool:
    """Whether it says how things are ("done", true), and does not count or name them."""
    if isinstance(value, bool):
        return True
    return isinstance(value, str) and 0 < len(value) <= 40 and not any(sign.isdigit() for sign in value)


def fixed_ids(step: PlannedStep) -> list[tuple[str, Json]]:
    """Arguments that name a thing, and that no answer gave: the thing was there before."""
    found = []
    for key, value in step.arguments.items():
        words = words_of(key)
        kind = KINDS.get(words[-1], "") if words else ""
        if isinstance(value, Fixed) and kind == "id" and len(words) > 1 and plain_of(value.value) is not None:
            found.append((key, value.value))
    return found


def is_reading_tool(name: str) -> bool:
    return ToolName.of(name).verb in ("get", "read")
