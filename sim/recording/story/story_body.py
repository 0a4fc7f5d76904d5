"""The steps of a plan, line by line, as they stand in the function."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sim.recording.story.carrying import Carrying, Doubt
from sim.recording.story.code_nodes import (
    STEP,
    Atom,
    Invocation,
    comment,
    flat,
    laid_out,
    literal,
    loaded_in,
)
from sim.recording.story.expressions import JoinedText, LeftOut, Made, MadeValue, parts_of
from sim.recording.story.identifiers import Names
from sim.recording.story.leaf_values import LeafValue, Path, at_path
from sim.recording.story.name_words import read_name, singular
from sim.recording.story.step_names import answer_name
from sim.recording.story.story_model import PlannedRemoval, PlannedStep, StoryPlan, source_path
from sim.recording.story.story_outsiders import OUTSIDER
from sim.recording.story.story_steps import StepCode
from sim.recording.story.story_values import StoryValues, is_suspicious, name_for

MIN_NAMED = 8
"""Characters of a content that gets a name; a shorter one is plainer as it is."""


class StoryWriter:
    """Writes one plan. It is written twice: the second time it is known which answers anybody asks for."""

    def __init__(self, plan: StoryPlan, carrying: Carrying, known: StoryWriter | None = None) -> None:
        self.plan = plan
        self.steps = [step for each in plan.rounds for step in each]
        self.values = StoryValues(self.steps, carrying)
        self.code = StepCode(self.values)
        self.body: list[str] = []
        self._names = Names()
        for role in (*plan.roles, OUTSIDER):
            self._names.take(role, "role")
        self._known = known
        self._removed_by = {id(each.step): each for each in plan.removals.values() if each.step}
        self._uses: dict[int, list[Path]] = {}
        for place, path in known.values.uses if known is not None else ():
            self._uses.setdefault(place, []).append(path)
        self.needs_left_out = False
        self.values.on_made = self._make
        self.values.aside = self._aside

    def write_body(self) -> None:
        if self.plan.thinking is not None:
            self._say("scene.thinks(median_s={:g}, sigma={:g})".format(*self.plan.thinking))
        for together in self.plan.rounds:
            self._round(together)

    def _round(self, together: Sequence[PlannedStep]) -> None:
        for step in together:
            self._before(step)
        if len(together) == 1:
            self._single(together[0])
        else:
            self._together(together)
        for step in together:
            self._after(step)

    def _before(self, step: PlannedStep) -> None:
        removal = self.plan.removals.get(step.take.place)
        if removal is not None and not self._own_verb(step):
            self._remove_afterwards(removal, None)
        for line in self._notes(step):
            self.body += comment(line, STEP)
        self._name_texts(step)
        self.needs_left_out |= any(
            isinstance(each, LeftOut) for value in step.arguments.values() for each in parts_of(value)
        )

    def _name_texts(self, step: PlannedStep) -> None:
        """A content that a later step is to find is written here, and has a name."""
        content = step.first.call.arguments.get("content")
        if not isinstance(content, str) or content not in self.plan.texts or content in self.values.texts:
            return
        expression = self.plan.texts[content]
        if not isinstance(expression, MadeValue) and len(content) >= MIN_NAMED:
            node = self.values.node(expression, "content")
            name = self._names.take("text", "text")
            self.body += laid_out(node, STEP, f"{name} = ")
            self.values.texts[content] = name
            if isinstance(expression, JoinedText):
                self.values.joined[expression] = name

    def _single(self, step: PlannedStep) -> None:
        own = self._removed_by.get(id(step))
        if own is not None and (name := self.code.removals.get(id(own))):
            self._say(f"await {name}")
            return
        self._help(step)
        node = self.code.move(step, *self._own_verb(step))
        lead = Invocation(f"await {node.head}", node.args)
        variable = self._variable(step)
        lines = laid_out(lead, STEP, f"{variable} = " if variable else "")
        self.body += self._lost() + lines

    def _together(self, together: Sequence[PlannedStep]) -> None:
        for step in together:
            self._help(step)
        moves = tuple(self.code.move(step, *self._own_verb(step)) for step in together)
        variables = [self._variable(step) for step in together]
        before = f"{', '.join(name or '_' for name in variables)} = " if any(variables) else ""
        lines = laid_out(Invocation("await scene.together", moves), STEP, before)
        self.body += self._lost() + lines

    def _help(self, step: PlannedStep) -> None:
        """Write the function that a step needs, between blank lines."""
        lines = self.code.helpers(step, self._names, STEP)
        if lines and self.body and self.body[-1]:
            self.body.append("")
        self.body += lines

    def _own_verb(self, step: PlannedStep) -> tuple[str, ...]:
        """For notes and shares the verb that removes what it makes, also where no answer came, and the name
        of the removal; nothing for all else."""
        removal = self.plan.removals.get(step.take.place)
        if removal is None or step.verb != "does":
            return ()
        keys = {*step.arguments}
        is_note = (step.tool, removal.tool) == ("nc_notes_create_note", "nc_notes_delete_note")
        if (
            is_note
            and removal.step is None
            and {"title", "content"} <= keys <= {"title", "content", "category"}
        ):
            return "creates_note", removal.name
        is_share = (step.tool, removal.tool) == ("nc_share_create", "nc_share_delete")
        if is_share and keys == {"path", "share_with", "permissions"}:
            return "shares", removal.name
        return ()

    def _after(self, step: PlannedStep) -> None:
        place = step.take.place
        removal = self.plan.removals.get(place)
        if self._known is not None and self.values.answers.get(place):
            self._hoist(step)
        if removal is not None and not self._own_verb(step) and id(removal) not in self.code.removals:
            self._remove_afterwards(removal, step)
        if step.outsider is not None:
            self.body += self.code.outsiders_look(step.outsider, STEP)
        if place in self.plan.staying:
            self.body += comment(self.plan.staying[place], STEP)

    def _remove_afterwards(self, removal: PlannedRemoval, step: PlannedStep | None) -> None:
        """Note the removal: before the thing exists where that can be said, else when `step` has made it."""
        kept, body = list(self.values.lost), list(self.body)
        move = self.code.removal(removal)
        if len(self.values.lost) > len(kept):
            # Its arguments are not known yet.
            self.values.lost, self.body = kept, body
            if step is not None:
                self.body += comment(
                    f"What {step.tool} made is not removed afterwards: see the last steps.", STEP
                )
            return
        if removal.step is not None and removal.step in self.steps:
            name = self._names.take(f"{removal.name}_move", "removal")
            self.code.removals[id(removal)] = name
            self.body += laid_out(move, STEP, f"{name} = ")
            self._say(f"scene.afterwards({name})")
        else:
            self.code.removals[id(removal)] = "afterwards"
            self.body += laid_out(Invocation("scene.afterwards", (move,)), STEP)

    def _hoist(self, step: PlannedStep) -> None:
        """Name values of an answer that are used more than once, or whose row nothing but its place tells."""
        assert self._known is not None
        place = step.take.place
        for path in self._uses.get(place, ()):
            if len(path) == 1:
                continue
            code = self.values.access(step.take, self.values.answers[place], path)
            number = next((at for at, part in enumerate(path) if isinstance(part, int)), None)
            is_blind = number is not None and ".one(" not in code
            if self._known.values.uses[place, path] < 2 and not is_blind:
                continue
            if is_blind and number is not None:
                self.body += self._blind(step, path, number)
            thing = read_name("", [str(part) for part in path[:-1] if isinstance(part, str)], step.tool).thing
            name = self._names.take(name_for(LeafValue(path, None), singular(thing)), "value")
            self.values.hoisted[place, path] = name
            self.body += laid_out(Atom(code), STEP, f"{name} = ")

    def _blind(self, step: PlannedStep, path: Path, number: int) -> list[str]:
        rows = at_path(step.take.value, path[:number])
        count = len(rows) if isinstance(rows, list) else 0
        if count < 2:
            return []
        return comment(
            f"Row {int(path[number]) + 1} of {count} in the recording: nothing tells it from the others.",
            STEP,
        )

    def _variable(self, step: PlannedStep) -> str:
        """A name for the answer, "" where nobody asks for it."""
        place = step.take.place
        if self._known is not None and place not in self._known.values.wanted:
            return ""
        name = self._names.take(answer_name(step), "answer_1")
        self.values.answers[place] = name
        return name

    def _make(self, made: Made) -> None:
        """Write where something is made up, before its first use."""
        if made.recorded in self.values.made:
            return
        stem = (
            "path"
            if "/" in made.recorded
            else made.key
            if made.style != "title" or len(made.title) < 60
            else "title"
        )
        name = self._names.take(stem, "title")
        self.values.made[made.recorded] = name
        if made.style == "uuid":
            self.values.imports.add("from uuid import UUID")
            self._say(f"{name} = str(UUID(int=scene.random.getrandbits(128), version=4))")
            return
        quoted = (
            flat(self.values.text(made.title)) if made.title not in self.values.texts else literal(made.title)
        )
        code = f"scene.title({quoted})"
        code = f'{code}.replace(" ", "-")' if made.style == "slug" else code
        before, after = made.around
        if before or after:
            code = (
                f"scene.title({quoted})".replace('"', "'")
                if "'" not in quoted and "\\" not in quoted
                else code
            )
            if '"' in code:
                title = self._names.take("title", "title")
                self._say(f"{title} = {code}")
                code = title
            code = f'f"{self._inner(before)}{{{code}}}{self._inner(after)}"'
        self._say(f"{name} = {code}")

    def _inner(self, text: str) -> str:
        """`text` for the inside of an f-string."""
        is_plain = (
            text.isprintable()
            and not set("\"'\\{}") & {*text}
            and len(text) <= 40
            and not is_suspicious(text)
        )
        return text if is_plain else f"{{{self.values.constant(text)}}}" if text else ""

    def _aside(self, code: str) -> str:
        name = self._names.take("part", "part")
        self._say(f"{name} = {code}")
        return name

    def _notes(self, step: PlannedStep) -> Iterator[str]:
        yield from step.notes
        for doubt in step.doubts:
            yield self._doubt(doubt)

    def _doubt(self, doubt: Doubt) -> str:
        places = " or ".join(
            f"{source_path(each.path)} of {self._named(each.take.place)}" for each in doubt.places
        )
        key = source_path(doubt.path)
        return f"Ambiguous: {key} was {doubt.value!r}, which is, most likely first: {places}."

    def _named(self, place: int) -> str:
        return next(
            (step.name for step in self.steps for take in step.takes if take.place == place),
            "a step left out",
        )

    def _lost(self) -> list[str]:
        lost, self.values.lost = self.values.lost, []
        return [
            line
            for key in lost
            for line in comment(f"As recorded: {key}; the answer that gave it is not at hand.", STEP)
        ]

    def _say(self, line: str) -> None:
        self.body += laid_out(Atom(line), STEP)

    def forget(self, written: StoryWriter) -> bool:
        """Forget what `written`, which relied on this one, has named and never used: whether it had."""
        loaded = loaded_in(written.body)
        answers = {place for place, name in written.values.answers.items() if name not in loaded}
        hoisted = {place for place, name in written.values.hoisted.items() if name not in loaded}
        self.values.wanted -= answers
        for place in hoisted:
            del self.values.uses[place]
        return bool(answers or hoisted)
