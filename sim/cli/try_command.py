"""`simulate try`: a workflow of one's own, once."""

from __future__ import annotations

from typing import Any

import click

from sim.cli.configured import a_file, agreed, read_settings, say_assumptions
from sim.cli.parser import command, file_argument, table_options


def try_command() -> click.Command:
    """For click."""
    params = [file_argument(required=True), *table_options()]
    return command("try", try_, params, "Play a file's workflow once, printing every step.")


def try_(file: str, **flags: Any) -> int:
    """Raises UsageError."""
    path = a_file(file)
    merged = read_settings({**flags, "workflows": (file, *(flags.get("workflows") or ()))})
    config = agreed(merged)
    if not config.output.quiet:
        click.echo(f"Seed {config.load.seed}", err=True)
        say_assumptions(merged, config)
    from sim.cli.trial import try_workflow

    return int(try_workflow(config, path))
