"""`simulate schema`: the JSON Schema of scenario files, or of results."""

from __future__ import annotations

import json

import click

from sim.exit import ExitCode


def schema_params() -> list[click.Parameter]:
    return [click.Option(["--result"], is_flag=True, help="That of results (--output FILE) instead.")]


def schema(result: bool) -> int:
    """Print it."""
    if result:
        from sim.report.result_schema import result_schema as make
    else:
        from sim.config.schema import scenario_schema as make
    click.echo(json.dumps(make(), indent=2, ensure_ascii=False))
    return ExitCode.OK
