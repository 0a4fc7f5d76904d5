"""Which workflows there are: ours, those of installed packages, and those of the user's own files."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

from workflows.base import BadWorkflow, Workflow
from workflows.baseline import baseline
from workflows.collaborative_edit import collaborative_edit
from workflows.fan_out import fan_out
from workflows.file_share import file_share
from workflows.hand_over_chain import hand_over_chain
from workflows.loading import guarded, run_file
from workflows.note_share import note_share
from workflows.permission_escalation import permission_escalation
from workflows.review_cycle import review_cycle

BUILT_IN: tuple[Workflow, ...] = (
    baseline,
    note_share,
    collaborative_edit,
    file_share,
    permission_escalation,
    fan_out,
    hand_over_chain,
    review_cycle,
)
ENTRY_POINTS = "simulate.workflows"
"""Group of entry points under which an installed package offers workflows (PyPA specification)."""


class NoSuchWorkflow(ValueError):
    """A name that no workflow has. The text names the nearest one, or all."""


def catalogue(files: Iterable[Path] = ()) -> dict[str, Workflow]:
    """Every workflow by name: built-in, installed, and from `files`, of which a later one wins.

    Raises BadWorkflow, in one line, when a file or a package cannot be used.
    """
    found = {workflow.name: workflow for workflow in BUILT_IN}
    for entry in entry_points(group=ENTRY_POINTS):
        loaded = guarded(entry.load, f"entry point {entry.name!r} ({entry.value})")
        if not isinstance(loaded, Workflow):
            raise BadWorkflow(f"entry point {entry.name!r} ({entry.value}) is no workflow")
        found[loaded.name] = loaded
    for path in files:
        found.update((workflow.name, workflow) for workflow in load_file(path))
    return found


def load_file(path: Path) -> tuple[Workflow, ...]:
    """The workflows in a Python file, which is run under a private module name; its prints go to stderr.

    Raises BadWorkflow, in one line, when it cannot be read or run, does not come to an end, or has none.
    """
    module = run_file(path)
    workflows = _workflows_of(module)
    if not workflows:
        raise BadWorkflow(f"{path}: no workflow in it; decorate one with @workflow(steps={{…}})")
    return workflows


def choose(known: Mapping[str, Workflow], weights: Mapping[str, float]) -> dict[Workflow, float]:
    """The workflows that `weights` names. Raises NoSuchWorkflow."""
    for name in weights:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known)}"
            raise NoSuchWorkflow(f"no workflow {name!r}; {hint}")
    return {known[name]: weight for name, weight in weights.items()}


def _workflows_of(module: ModuleType) -> tuple[Workflow, ...]:
    own = (value for value in vars(module).values() if isinstance(value, Workflow))
    return tuple(w for w in own if getattr(w.story, "__module__", "") == module.__name__)
