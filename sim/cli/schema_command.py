"""`simulate schema`: the JSON Schema of scenario files, or of results."""

from __future__ import annotations

import click

from sim.cli.parser import command
from sim.exit import ExitCode


def schema_command() -> click.Command:
    """For click."""
    result = click.Option(["--result"], is_flag=True, help="That of results (--output FILE) instead.")
    return command("schema", schema, [result], "Print the JSON Schema of scenario files, or results.")


def schema(result: bool) -> int:
    """Print it."""
    import json

    if result:
        from sim.report.result_schema import result_schema as make
    else:
        from sim.config.schema import scenario_schema as make
    click.echo(json.dumps(make(), indent=2, ensure_ascii=False))
    return ExitCode.OK
