"""A plan as the text of a workflow file, which reads like the stories in `workflows/`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from actors.text import harmless
from sim.recording.document import Recording, without_hidden
from sim.recording.story.carrying import Carrying
from sim.recording.story.code_nodes import (
    MAX_COLUMNS,
    STEP,
    Atom,
    Invocation,
    Node,
    Prefixed,
    comment,
    cut_to,
    laid_out,
    literal,
    loaded_in,
    long_literal,
)
from sim.recording.story.identifiers import identifier
from sim.recording.story.story_body import StoryWriter
from sim.recording.story.story_model import StoryPlan
from sim.recording.story.story_outsiders import OUTSIDER
from sim.recording.story.story_plan import Planner
from sim.recording.story.story_values import MAX_TEXT, is_suspicious

EXPORTS = (
    "Answer",
    "EDIT",
    "Lines",
    "READ_ONLY",
    "Role",
    "Scene",
    "Text",
    "content_is",
    "grants",
    "has",
    "lists",
    "shows",
    "workflow",
)
IN_WORKFLOWS = "from workflows import "
MAX_HEAD = 90
MAX_REMARKS = 50
MAX_PASSES = 4


class NothingToPlay(ValueError):
    """A recording has no call that a workflow could make. `str()` is one line."""


def written(plan: StoryPlan, carrying: Carrying, recording: Recording) -> str:
    """The whole file."""
    writer = known = StoryWriter(plan, carrying)
    writer.write_body()
    for _ in range(MAX_PASSES):
        writer = StoryWriter(plan, carrying, known)
        for text, expression in plan.texts.items():
            writer.code.know_text(text, expression)
        writer.write_body()
        if not known.forget(writer):
            break
    story = list(story_lines(plan, writer))  # which names texts that stand above it
    return "\n".join([*file_head(plan, recording, writer), *story, ""])


def workflow_text(recording: Recording, name: str) -> str:
    """A workflow called `name` that does what was recorded; the same recording gives the same text.

    Raises NothingToPlay.
    """
    planner = Planner(recording, name)
    if not planner.steps:
        raise NothingToPlay("no call in it worked, or was refused in order: there is nothing to play")
    return written(planner.plan(), planner.carrying, recording)


def story_lines(plan: StoryPlan, writer: StoryWriter) -> Iterator[str]:
    table = table_of(plan, writer)
    yield from laid_out(
        Invocation("@workflow", (Prefixed("steps=", Invocation("", tuple(table), "{}")),)), ""
    )
    roles = [Atom(f"{role}: Role") for role in plan.roles]
    if any(step.outsider is not None for step in writer.steps):
        roles += [Atom("*"), Atom(f"{OUTSIDER}: Role | None = None")]
    yield from laid_out(
        Invocation(f"async def {plan.name}", (Atom("scene: Scene"), *roles)), "", "", " -> None:"
    )
    yield f'{STEP}"""{docstring(plan.summary)}"""'
    yield from writer.body


def table_of(plan: StoryPlan, writer: StoryWriter) -> Iterator[Node]:
    """The steps and their tools, removals last."""
    rows: dict[str, str] = {}
    for step in writer.steps:
        rows[step.name] = step.tool
        if step.again is not None:
            rows[step.again.name] = step.again.tool
        if step.outsider is not None:
            rows[step.outsider.name] = step.outsider.tool
    for removal in plan.removals.values():
        if id(removal) in writer.code.removals or removal.name in writer.code.named:
            rows[removal.name] = removal.tool
    for name, tool in rows.items():
        yield Prefixed(f"{literal(name)}: ", writer.values.text(tool))


def file_head(plan: StoryPlan, recording: Recording, writer: StoryWriter) -> Iterator[str]:
    loaded = loaded_in(writer.body)
    yield f'"""{docstring(plan.summary)}'
    yield ""
    url, began = (cut_to(docstring(text), MAX_HEAD) for text in (recording.head.url, recording.head.began))
    yield f"Recorded at {url}"
    yield f"on {began}."
    yield ""
    yield f"simulate try {plan.name}.py"
    yield '"""'
    if plan.remarks:
        yield ""
        for remark in plan.remarks[:MAX_REMARKS]:
            yield from comment(remark, "")
    yield ""
    used = [name for name in EXPORTS if name in ("Role", "Scene", "workflow") or name in loaded]
    modules = sorted(writer.values.imports, key=lambda line: (not line.startswith("import"), line))
    yield from modules
    if modules:
        yield ""
    yield from laid_out_import(used)
    if writer.values.constants:
        yield ""
        for text, name in writer.values.constants.items():
            yield from constant_lines(name, text)
    yield ""
    yield ""
    if writer.needs_left_out:
        yield from LEFT_OUT


LEFT_OUT = (
    "def left_out(what: str) -> str:",
    f'{STEP}"""A secret, which no recording holds: put in its place where yours comes from."""',
    f'{STEP}raise ValueError(f"{{what}}: a secret, which is not in the recording")',
    "",
    "",
)


def laid_out_import(names: Sequence[str]) -> list[str]:
    line = IN_WORKFLOWS + ", ".join(names)
    if len(line) <= MAX_COLUMNS:
        return [line]
    return [f"{IN_WORKFLOWS}(", *(f"{STEP}{name}," for name in names), ")"]


def constant_lines(name: str, text: str) -> list[str]:
    """`TEXT_1 = …`; of a very long text its beginning, as often as it takes."""
    if len(text) > MAX_TEXT:
        start = text[:400]
        return [
            f"# {len(text)} characters in the recording, of which these are the first.",
            f"{name} = (",
            *long_literal(start, STEP),
            f") * {len(text) // len(start)}",
        ]
    noqa = "  # noqa: S104" if text == "0.0.0.0" else "  # noqa: S108" if is_suspicious(text) else ""  # noqa: S104
    plain = f"{name} = {literal(text)}{noqa}"
    if len(plain) <= MAX_COLUMNS:
        return [plain]
    return [f"{name} = (", *long_literal(text, STEP), f"){noqa}"]


def docstring(text: str) -> str:
    """`text` for the inside of a docstring: one harmless line."""
    return without_hidden(harmless(text, 200), "…").replace("\\", "/").replace('"', "'")


def name_of_file(stem: str) -> str:
    """The workflow's name, as its file is called."""
    return identifier(stem, "recorded")
