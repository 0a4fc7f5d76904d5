"""Which workflows there are: ours, those of installed packages, and those of the user's own files."""

from __future__ import annotations

import difflib
import importlib.util
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
        loaded = entry.load()
        if not isinstance(loaded, Workflow):
            raise BadWorkflow(f"entry point {entry.name!r} ({entry.value}) is no workflow")
        found[loaded.name] = loaded
    for path in files:
        found.update((workflow.name, workflow) for workflow in load_file(path))
    return found


def load_file(path: Path) -> tuple[Workflow, ...]:
    """The workflows in a Python file, which is run under a private module name.

    Raises BadWorkflow when it cannot be read or run, or has none.
    """
    name = f"_simulate_workflows_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise BadWorkflow(f"{path}: not a Python file (its name must end in .py)")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except OSError as error:
        raise BadWorkflow(f"{path}: {error.strerror or error}") from error
    except BadWorkflow as error:
        raise BadWorkflow(f"{path}: {error}") from error
    except Exception as error:
        raise BadWorkflow(f"{path}{_line_of(error, path)}: {type(error).__name__}: {error}") from error
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
    return tuple(workflow for workflow in own if workflow.story.__module__ == module.__name__)


def _line_of(error: Exception, path: Path) -> str:
    if isinstance(error, SyntaxError):
        return f":{error.lineno}"
    trace = error.__traceback__
    lines = []
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            lines.append(trace.tb_lineno)
        trace = trace.tb_next
    return f":{lines[-1]}" if lines else ""
