"""A mix of tools without a story: each execution is one call of one tool, drawn by weight.

It is a workflow like others, with a step for each tool, so that figures, limits and reports know it.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from itertools import accumulate
from typing import Any

import attrs

from actors.answer import Answer, Check, Finding, Json
from actors.events import ViolationKind
from actors.offered_tool import OfferedTool, reading
from workflows.base import Workflow, workflow
from workflows.expect import Expectation
from workflows.made_arguments import make_arguments, not_to_be_invented
from workflows.role import Role
from workflows.scene import Scene
from workflows.schema_check import misfit

TOOL_MIX = "tools"
"""The name of the workflow that is made of a mix of tools."""
MAKING = re.compile(r"(?:^|_)(?:create|add|new)(?:_|$)|(?:create|add|new)[A-Z]")
"""In names of tools: verbs after which there is something more."""
NOT_IN_A_STEP = re.compile(r"[^A-Za-z0-9_-]")
Known = Mapping[str, Sequence[Mapping[str, Json]]]
"""Arguments with which a tool can be called, by its name."""


class NotCallable(ValueError):
    """Tools that cannot be called as they were asked for. The text names each, and says what to do."""


@attrs.frozen
class PlannedTool:
    """A tool of the mix, and how it is called. `known`: arguments to draw from; none: they are made."""

    tool: OfferedTool
    known: Sequence[Mapping[str, Json]] = ()
    is_making: bool = False

    def arguments(self, scene: Scene) -> Mapping[str, Json]:
        if self.known:
            return scene.random.choice(self.known)
        title = scene.title if self.is_making else None
        return make_arguments(self.tool.input_schema, scene.random, title)


def steps_of(tools: Iterable[str]) -> dict[str, str]:
    """The name of each tool's step: its own, with signs replaced that no limit can be set on."""
    steps: dict[str, str] = {}
    for tool in tools:
        name = NOT_IN_A_STEP.sub("_", tool)
        name = name if name[:1].isalpha() or name[:1] == "_" else f"_{name}"
        while name in steps.values():
            name += "_"
        steps[tool] = name
    return steps


def unplanned(weights: Mapping[str, float]) -> Workflow:
    """The workflow as far as it is known before a server was asked: not to be played."""
    return _mix(weights, {})


def planned(
    weights: Mapping[str, float], offered: Mapping[str, OfferedTool], known: Known, *, may_write: bool = False
) -> Workflow:
    """The workflow, to be played. Raises NotCallable, which names every tool that cannot be called.

    Args:
        weights: by tool; only their ratios count.
        known: arguments for tools that have some.
        may_write: also tools that may change something are called.
    """
    names = [name for name, weight in weights.items() if weight > 0]
    reads = reading(offered.values())
    problems = [
        why
        for name in names
        if (why := why_unknown(name, offered) or why_not(offered[name], known, reads, may_write=may_write))
    ]
    if problems:
        raise NotCallable("; ".join(problems))
    plans = {
        name: PlannedTool(offered[name], tuple(known.get(name, ())), is_making(offered[name], reads))
        for name in names
    }
    return _mix(weights, plans)


def why_unknown(name: str, offered: Iterable[str]) -> str:
    """What to say where there is no such tool; "" where there is."""
    names = list(offered)
    if name in names:
        return ""
    near = get_close_matches(name, names, n=3)
    hint = f"did you mean {' or '.join(map(repr, near))}?" if near else "see simulate tools"
    return f"no tool {name!r}; {hint}"


def why_not(tool: OfferedTool, known: Known, reads: Collection[str], *, may_write: bool = False) -> str:
    """Why a mix cannot call `tool`, and what to do about it; "" where it can.

    Args:
        reads: the tools that are known to change nothing.
    """
    if tool.name not in reads and not may_write:
        doubt = "is not known to be read-only" if tool.is_read_only is None else "changes something"
        return f"{tool.name} {doubt} (--tools-may-write calls it all the same)"
    if not (unknown := lacking_for(tool, known, reads)):
        return ""
    example = ", ".join(f'"{name}": …' for name in unknown)
    return (
        f"{tool.name} needs {', '.join(unknown)}, which nobody can invent "
        f'(--arguments FILE: a recording, or {{"{tool.name}": [{{{example}}}]}})'
    )


def lacking_for(tool: OfferedTool, known: Known, reads: Collection[str]) -> list[str]:
    """The arguments that it needs, that are not known, and that nobody can invent."""
    if known.get(tool.name):
        return []
    return not_to_be_invented(tool.input_schema, is_new=is_making(tool, reads))


def is_making(tool: OfferedTool, reads: Collection[str]) -> bool:
    """Whether it makes something, for which a name can be thought of."""
    return tool.name not in reads and MAKING.search(tool.name) is not None


def fits_schema(schema: Json) -> Check:
    """A check that the structured answer is as a tool's output schema says.

    A tool that returns a text is wrapped as `{"result": TEXT}` on the wire, and told without that here.
    """
    wrapped = _of_result(schema)

    def look(answer: Answer) -> tuple[Finding, ...]:
        value = answer.value
        if wrapped is not None and not (isinstance(value, dict) and value.keys() == {"result"}):
            # What a text held, where it was JSON, is as good as the text.
            problem = misfit(wrapped, value) if misfit(wrapped, "") else ""
        else:
            problem = misfit(schema, value)
        expected = "an answer as the tool's output schema says"
        return (Finding(ViolationKind.WRONG_CONTENT, expected, problem),) if problem else ()

    return Expectation(None, look)


def _of_result(schema: Json) -> Json:
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if (
        isinstance(properties, dict)
        and properties.keys() == {"result"}
        and isinstance(properties["result"], dict)
    ):
        return {**properties["result"], "$defs": schema.get("$defs", {})}
    return None


def _mix(weights: Mapping[str, float], plans: Mapping[str, PlannedTool]) -> Workflow:
    names = [name for name, weight in weights.items() if weight > 0]
    steps, bounds = steps_of(names), list(accumulate(weights[name] for name in names))
    checks: dict[str, Any] = {
        name: fits_schema(plan.tool.output_schema)
        for name, plan in plans.items()
        if isinstance(plan.tool.output_schema, dict)
    }

    async def tools(scene: Scene, user: Role) -> None:
        """One user calls one tool, which is drawn."""
        name = names[bisect(bounds, scene.random.random() * bounds[-1])]
        arguments = plans[name].arguments(scene)
        message = scene.step(steps[name], None, arguments, check=checks.get(name))
        # Not by `does`: a tool's arguments may have the names of its own.
        await user.ask(message)

    return workflow(steps={step: name for name, step in steps.items()})(tools)
