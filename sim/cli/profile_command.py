"""`simulate profile`: the planned load as a picture."""

from __future__ import annotations

from typing import Any

import click

from sim.cli.configured import make_config, read_settings, read_stories
from sim.cli.parser import command, table_options
from sim.runtime.exit import ExitCode


def profile_command() -> click.Command:
    """For click."""
    return command(
        "profile", profile, table_options(), "Draw the load that these options plan, without running it."
    )


def profile(**flags: Any) -> int:
    """Raises UsageError."""
    from sim.cli.drawing import draw_load

    config = make_config(read_settings(flags))
    click.echo(draw_load(config.load, read_stories(config.stories)), nl=False)
    return ExitCode.OK
