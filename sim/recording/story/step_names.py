"""Steps are called after what they do: `create_note`, `bob_get_note`, `get_note_again`."""

from __future__ import annotations

from collections.abc import Sequence

from sim.recording.story.identifiers import identifier
from sim.recording.story.name_words import VERBS, ToolName, words_of
from sim.recording.story.story_model import PlannedStep
from sim.recording.story.takes import Take

MAX_STEP_NAME = 60


def phrase(take: Take) -> str:
    """Verb and thing of a tool's name; `read_capabilities` for a resource."""
    if take.is_resource:
        return identifier(f"read_{take.call.name.rpartition('/')[2] or take.call.name}", "read_resource")
    plain = identifier(take.call.name, "call").split("_")
    words = plain[1:] if len(plain) > 2 and plain[0] in ("nc", "mcp") else plain
    verb = next((at for at, word in enumerate(words) if word in VERBS), None)
    if verb is None:
        return "_".join(words)
    if words[0] == "share" and len(words) == 2:
        return {"create": "share", "delete": "unshare"}.get(
            words[1], f"{words[1]}_shares" if words[1] == "list" else f"{words[1]}_share"
        )
    after = words[verb + 1 :]
    before = [word for word in words[:verb] if word not in words_of("_".join(after))][-1:]
    return "_".join([words[verb], *(after or before)])


class StepNames:
    """Gives each step its name, each once."""

    def __init__(self, leader: str) -> None:
        self._leader = leader
        self._taken: set[str] = set()
        self._numbers: dict[str, int] = {}

    def name(self, steps: Sequence[PlannedStep]) -> None:
        bases = [self.base(step) for step in steps]
        roles: dict[str, set[str]] = {}
        for step, base in zip(steps, bases, strict=True):
            roles.setdefault(base, set()).add(step.role)
        shared = {base for base, each in roles.items() if len(each) > 1}
        for step, base in zip(steps, bases, strict=True):
            step.name = self.take(
                f"{step.role}_{base}" if base in shared and step.role != self._leader else base
            )

    def base(self, step: PlannedStep) -> str:
        name = phrase(step.first)
        return f"{name}_refused" if step.verb == "is_refused" else name

    def take(self, base: str) -> str:
        """`base`, or with what makes it another name."""
        base = base[:MAX_STEP_NAME]
        name, number = base, self._numbers.get(base, 1)
        while name in self._taken:
            number += 1
            name = f"{base}_again" if number == 2 else f"{base}_{number}"
        self._taken.add(name)
        self._numbers[base] = number
        return name


def plural(word: str) -> str:
    if word.endswith("s"):
        return word
    return f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"


def answer_name(step: PlannedStep) -> str:
    """`note` for what creates one, `notes` for a list, `note_seen` for a look."""
    tool = ToolName.of(step.tool)
    thing = "settings" if step.first.is_resource else tool.thing or "answer"
    if tool.verb == "share":
        return "share"
    if tool.verb in ("list", "search", "query"):
        return plural(thing)
    if step.take.only_reads:
        return f"{thing}_seen"
    return (
        thing if tool.creates else f"{thing}_{tool.verb}d" if tool.verb.endswith("e") else f"{thing}_changed"
    )
