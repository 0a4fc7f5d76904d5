"""What a workflow is: a story told as one async function, and the table of steps it is made of.

```python
@workflow(steps={"create_note": "nc_notes_create_note", "read_note_{i}": "nc_notes_get_note"})
async def story(scene: Scene, author: Role, *readers: Role, outsider: Role | None = None) -> None: ...
```

A parameter is a role, one user plays it. `*readers` is a **crowd**: at least one user, and as many as
`--collaborators` says (it counts the roles before the crowd too) and the stage has. A keyword with the
default None is an **extra**: a user more where the stage has one to spare, None where it has not. So this
story is played with two to four users at `--collaborators 3`. `{i}` in the name of a step stands for a
number, which the verbs take as `number=`: reports have a line for each.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import attrs

from workflows.failures import NoSuchStep

Story = Callable[..., Awaitable[None]]
"""`async def story(scene: Scene, alice: Role, bob: Role, *others: Role, outsider: Role | None = None)`."""


class BadWorkflow(ValueError):
    """A function is not a story. The text names it and says what is wrong."""


@attrs.frozen(eq=False)
class Workflow:
    """A story that the director can play.

    Attributes:
        name: as reports and mixes know it.
        roles: names of the users it casts, in order; the first has the initiative.
        crowd: name of the role that several users play (`*collaborators`), "" for none.
        steps: name of each step → the tool (or resource URI) it calls.
        story: the function.
        summary: the first line of its docstring.
        extras: names of roles that are cast where there are users enough, and None where not.
    """

    name: str
    roles: tuple[str, ...]
    crowd: str
    steps: Mapping[str, str]
    story: Story
    summary: str
    extras: tuple[str, ...] = ()

    @property
    def roles_min(self) -> int:
        """The fewest users it can be played with; a crowd has at least one."""
        return len(self.roles) + bool(self.crowd)

    def cast_size(self, on_stage: int, collaborators: int) -> int:
        """How many users to cast when `on_stage` are there and a crowd may make it `collaborators`.

        Extras come on top, as far as there are users for them.
        """
        needed = len(self.roles)
        if self.crowd:
            needed = max(self.roles_min, min(on_stage, collaborators))
        return max(needed, min(on_stage, needed + len(self.extras)))

    def count_extras(self, cast: int, collaborators: int) -> int:
        """How many of a cast of this size, the last ones in it, play extras."""
        needed = len(self.roles)
        if self.crowd:
            needed = max(self.roles_min, min(cast, collaborators))
        return max(0, min(len(self.extras), cast - needed))

    def tool_of(self, step: str) -> str:
        """The tool that `step` calls. Raises NoSuchStep, with what to write instead where that is known."""
        tool = self.steps.get(step)
        if tool is None:
            raise NoSuchStep(f"no step {step!r}; the table has: {', '.join(self.steps)}{self._hint(step)}")
        return tool

    def _hint(self, name: str) -> str:
        """What to write for a name in which a number was filled in already."""
        for known in self.steps:
            before, braces, after = known.partition("{i}")
            filled = name[len(before) : len(name) - len(after) or None]
            if braces and name == f"{before}{filled}{after}" and filled.isdecimal():
                return f" (say {known!r} with number={filled})"
        return ""

    @property
    def tools(self) -> frozenset[str]:
        """The tools it needs, resources left out."""
        return frozenset(tool for tool in self.steps.values() if "://" not in tool)


def workflow(*, steps: Mapping[str, str]) -> Callable[[Story], Workflow]:
    """Make a story a workflow named like its function, with its parameters as roles.

    The first parameter is the `Scene`; every further one is a role, `*others` a crowd of at least one, and
    `*, outsider=None` a user more where there is one. Raises BadWorkflow when the function cannot be played.
    """

    def make(story: Story) -> Workflow:
        name = getattr(story, "__name__", repr(story))
        if not isinstance(steps, Mapping) or not all(
            isinstance(text, str) for pair in steps.items() for text in pair
        ):
            raise BadWorkflow(f"workflow {name}: steps are names and tools, as in {{'create_note': 'nc_…'}}")
        if not inspect.iscoroutinefunction(story):
            raise BadWorkflow(f"workflow {name}: write it as 'async def'")
        if not steps:
            raise BadWorkflow(f"workflow {name}: name its steps, as in steps={{'create_note': 'nc_…'}}")
        roles, crowd, extras = _roles(name, story)
        summary = (inspect.getdoc(story) or "").partition("\n")[0]
        return Workflow(name, roles, crowd, dict(steps), story, summary, extras)

    return make


def _roles(name: str, story: Callable[..., Any]) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
    parameters = list(inspect.signature(story).parameters.values())[1:]
    roles = tuple(p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD)
    crowd = "".join(p.name for p in parameters if p.kind is p.VAR_POSITIONAL)
    extras = tuple(p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is None)
    if not roles or len(roles) + bool(crowd) + len(extras) != len(parameters):
        raise BadWorkflow(f"workflow {name}: its parameters are 'scene', then one name for each role")
    return roles, crowd, extras
