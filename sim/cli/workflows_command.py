"""`simulate workflows`: what there is to play."""

from __future__ import annotations

import click

from sim.cli.configured import a_file
from sim.cli.parser import command, file_argument


def workflows_command() -> click.Command:
    """For click."""
    return command(
        "workflows", workflows, [file_argument(required=False)], "List the workflows: roles, steps, tools."
    )


def workflows(file: str | None) -> int:
    """Raises UsageError."""
    from sim.cli.listing import list_workflows

    return int(list_workflows([] if file is None else [a_file(file)]))
