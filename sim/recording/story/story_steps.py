"""One step as a call of its role's verb."""

from __future__ import annotations

import keyword
from typing import assert_never

from sim.recording.story.code_nodes import STEP, Atom, Invocation, Node, Prefixed, flat, laid_out, literal
from sim.recording.story.expressions import Expression, Fixed
from sim.recording.story.identifiers import Names
from sim.recording.story.name_words import spelled
from sim.recording.story.story_model import (
    ContentIs,
    FindsLines,
    FindsOthers,
    FindsText,
    GrantsRight,
    HasKeys,
    HasRows,
    KeyIs,
    ListsRows,
    PlannedRemoval,
    PlannedStep,
    RowShows,
    ShowsMade,
    Sight,
    StepCheck,
)
from sim.recording.story.story_order import is_version
from sim.recording.story.story_values import PLAIN_KEY, StoryValues
from sim.recording.story.takes import Take

OWN_WORDS = spelled(
    "self step number expects absence tolerates statuses sees interval absence_is_a_miss never "
    "share more wanted again title content category removal"
)
"""Names of the verbs' own parameters; `title` and the like are those of `creates_note` alone."""
OF_NOTES = frozenset({"title", "content", "category"})
USUAL = {"creates_note": "delete_note", "shares": "unshare"}
"""Verbs that remove by themselves what they make, and the step that they take for it if none is said."""
PERMISSIONS = {1: "READ_ONLY", 3: "EDIT"}


class StepCode:
    """Renders steps.

    Attributes:
        removals: the removals that were noted, by identity, with the variable of the move.
        named: steps that are only named, by the verb for notes.
    """

    def __init__(self, values: StoryValues) -> None:
        self.values = values
        self.removals: dict[int, str] = {}
        self.named: set[str] = set()
        self._again: dict[int, str] = {}
        self._texts: dict[str, Expression] = {}

    def know_text(self, text: str, expression: Expression) -> None:
        """Checks may name `text`: it stands for `expression` where it was written."""
        self._texts[text] = expression

    def content(self, text: str) -> Node:
        """A content that was written, as it is written anew."""
        expression = self._texts.get(text)
        return self.values.node(expression, "content") if expression is not None else self.values.text(text)

    def move(self, step: PlannedStep, verb: str = "", removal: str = "") -> Invocation:
        """The call that makes it, without `await`. `verb`: one that removes by itself what it makes."""
        if verb:
            self.named.add(removal)
            more = [Prefixed("removal=", Atom(literal(removal)))] if removal != USUAL[verb] else []
            arguments = [Prefixed(f"{key}=", self._own(key, value)) for key, value in step.arguments.items()]
            return Invocation(f"{step.role}.{verb}", (self._name(step), *arguments, *more))
        verb_arguments = [self._name(step), *self._of_verb(step)]
        return Invocation(f"{step.role}.{step.verb}", (*verb_arguments, *self._arguments(step.arguments)))

    def _own(self, key: str, value: Expression) -> Node:
        if key == "permissions" and isinstance(value, Fixed) and value.value in PERMISSIONS:
            return Atom(PERMISSIONS[value.value])
        return self.values.node(value, key)

    def removal(self, removal: PlannedRemoval) -> Invocation:
        name = Atom(literal(removal.name))
        return Invocation(f"{removal.role}.does", (name, *self._arguments(removal.arguments)))

    def helpers(self, step: PlannedStep, names: Names, indent: str) -> list[str]:
        """The function that looks again after a conflict."""
        if step.verb != "gets_through" or step.again is None:
            return []
        version = next((key for key in step.arguments if is_version(key)), "etag")
        name = names.take(f"newest_for_{step.role}", "newest")
        self._again[id(step)] = name
        again = step.again
        checks = [Prefixed("expects=", self._check(again.check))] if again.check is not None else []
        words = (Atom(literal(again.name)), *checks, *self._arguments(again.arguments))
        look = Invocation(f"await {again.role}.does", words)
        shown = self._version_of(again)
        return [
            f"{indent}async def {name}() -> dict[str, str]:",
            *laid_out(look, indent + STEP, "seen = "),
            f"{indent}{STEP}return {{{literal(version)}: seen[{literal(shown)}]}}",
            "",
        ]

    def outsiders_look(self, look: PlannedStep, indent: str) -> list[str]:
        """Where there is somebody more, they look as well."""
        move = self.move(look)
        lines = laid_out(Invocation(f"await {move.head}", move.args), indent + STEP)
        return [f"{indent}if {look.role}:", *lines]

    def _version_of(self, look: PlannedStep) -> str:
        value = look.take.value
        keys = [key for key in value if is_version(key)] if isinstance(value, dict) else []
        return keys[0] if keys else "etag"

    def _name(self, step: PlannedStep) -> Node:
        return Atom(literal(step.name))

    def _of_verb(self, step: PlannedStep) -> list[Node]:
        found: list[Node] = []
        if step.sight is not None:
            found.append(self._sight(step.sight))
        if step.verb == "gets_through" and id(step) in self._again:
            found.append(Atom(self._again[id(step)]))
        if step.verb == "finds" and isinstance(step.check, FindsText | FindsLines):
            found.append(self._wanted(step.check))
        elif step.check is not None and step.verb != "is_refused":
            found.append(Prefixed("expects=", self._check(step.check)))
        if step.verb == "is_refused" and step.statuses != (403, 404):
            found.append(Prefixed("statuses=", Atom(f"[{', '.join(map(str, step.statuses))}]")))
        if step.is_absence_a_miss and step.verb in ("until", "finds"):
            found.append(Prefixed("absence_is_a_miss=", Atom("True")))
        if step.share is not None and step.verb in ("until", "finds"):
            found.append(Prefixed("share=", Atom(self.values.answer(step.share))))
        return found

    def _arguments(self, arguments: dict[str, Expression]) -> list[Node]:
        plain, more = [], []
        for key, value in arguments.items():
            node = self.values.node(value, key)
            if PLAIN_KEY.fullmatch(key) and key not in OWN_WORDS - OF_NOTES and not keyword.iskeyword(key):
                plain.append(Prefixed(f"{key}=", node))
            else:
                more.append(Prefixed(f"{flat(self.values.text(key))}: ", node))
        if more:
            plain.append(Prefixed("more=", Invocation("", tuple(more), "{}")))
        return [*plain]

    def _sight(self, sight: Sight) -> Node:
        match sight:
            case RowShows(key=key, column=column, value=value):
                rows = flat(self.values.text(key)) if key else ""
                code = flat(self.values.node(value, column))
                wanted = f"row.get({flat(self.values.text(column))}) == {code} for row in seen.rows({rows})"
                return Invocation("lambda seen: any", (Atom(wanted),))
            case HasRows(key=key):
                rows = flat(self.values.text(key)) if key else ""
                return Invocation("lambda seen: any", (Atom(f"True for _ in seen.rows({rows})"),))
            case KeyIs(key=key, value=value):
                wanted = flat(self.values.fixed(value))
                return Atom(f"lambda seen: seen.get({flat(self.values.text(key))}) == {wanted}")
            case _:
                assert_never(sight)

    def _check(self, check: StepCheck) -> Node:
        match check:
            case HasKeys(keys=keys):
                return Invocation("has", tuple(self.values.text(key) for key in keys))
            case ListsRows(key=key):
                return Invocation("lists", (self.values.text(key),) if key else ())
            case ContentIs(text=text):
                return Invocation("content_is", (self.content(text),))
            case GrantsRight(permissions=permissions):
                return Invocation("grants", (Atom(PERMISSIONS.get(permissions, str(permissions))),))
            case ShowsMade(texts=texts):
                return Invocation("shows", tuple(self._made(text) for text in texts))
            case FindsText() | FindsLines():
                return self._wanted(check)
            case FindsOthers(texts=texts, before=before):
                return self._others(texts, before)
            case _:
                assert_never(check)

    def _others(self, texts: tuple[str, ...], before: Take) -> Node:
        args: list[Node] = [self.content(texts[0])]
        if texts[1:]:
            args.append(Prefixed("also=", Invocation("", tuple(map(self.content, texts[1:])), "[]")))
        older = Atom(f'{self.values.answer(before)}["content"]')
        return Invocation("content_is", (*args, Prefixed("older=", Invocation("", (older,), "[]"))))

    def _made(self, text: str) -> Node:
        return Atom(self.values.made[text]) if text in self.values.made else self.values.text(text)

    def _wanted(self, wanted: FindsText | FindsLines) -> Node:
        if isinstance(wanted, FindsLines):
            lines = Invocation("", tuple(map(self.content, wanted.lines)), "[]")
            return Invocation("Lines", (self.content(wanted.base), lines))
        args: list[Node] = [self.content(wanted.newest)]
        for word, texts in (("also", wanted.also), ("older", wanted.older), ("refused", wanted.refused)):
            if texts:
                args.append(Prefixed(f"{word}=", Invocation("", tuple(map(self.content, texts)), "[]")))
        return Invocation("Text", tuple(args))
