"""`simulate`: the main job."""

from __future__ import annotations

import attrs
import click

from sim.cli.command_line import repeated_command
from sim.cli.configured import (
    Flags,
    agreed,
    assumptions,
    make_config,
    most_cast,
    read_settings,
    say_assumptions,
)
from sim.config.options import DRY_RUN
from sim.runtime.exit import ExitCode


def run(flags: Flags) -> int:
    """Set up, drive, clean up, report; with `--dry-run` only say what that would be. Raises UsageError."""
    merged = read_settings(flags)
    if flags.get(DRY_RUN.name):
        from sim.config.toml_text import as_toml

        for line in assumptions(merged, make_config(merged)):
            click.echo(f"# {line}")
        click.echo(as_toml(merged), nl=False)
        return ExitCode.OK
    config = agreed(merged)
    if not config.output.quiet:
        # Before what is imported next, which takes a while.
        click.echo(f"Seed {config.load.seed}", err=True)
        say_assumptions(merged, config)
    command = repeated_command(flags, config.load.seed)
    config = attrs.evolve(config, output=attrs.evolve(config.output, command=command))
    if config.load.shards != 1 or config.load.cluster is not None:
        from sim.app.in_shards import run_in_shards

        return int(run_in_shards(config, most_cast(config)))
    from sim import app

    return int(app.run(config))
