"""`simulate schema`: what may stand in a scenario file."""

from __future__ import annotations

import click

from sim.cli.parser import command
from sim.exit import ExitCode


def schema_command() -> click.Command:
    return command("schema", schema, [], "Print the JSON Schema of scenario files.")


def schema() -> int:
    import json

    from sim.config.schema import scenario_schema

    click.echo(json.dumps(scenario_schema(), indent=2, ensure_ascii=False))
    return ExitCode.OK
