"""`simulate workflows`: what there is to play."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sim.config.usage import UsageError
from sim.runtime.exit import ExitCode
from workflows.base import BadWorkflow, Workflow
from workflows.catalogue import catalogue


def list_workflows(files: Sequence[Path]) -> ExitCode:
    """Print every workflow: roles, steps, and the tools it needs."""
    try:
        known = catalogue(files)
    except BadWorkflow as error:
        raise UsageError(f"FILE {' '.join(str(error).split())}") from error
    console = Console(highlight=False)
    for workflow in known.values():
        console.print(describe(workflow))
    return ExitCode.OK


def describe(workflow: Workflow) -> Table:
    """One workflow as a small table."""
    table = Table.grid(padding=(0, 2))
    roles = ", ".join(workflow.roles) + (f", {workflow.crowd}…" if workflow.crowd else "")
    table.add_row(Text(workflow.name, style="bold"), Text(workflow.summary))
    table.add_row("  roles", Text(roles))
    table.add_row("  steps", Text(", ".join(workflow.steps)))
    table.add_row("  tools", Text(", ".join(sorted(workflow.tools))))
    return table
