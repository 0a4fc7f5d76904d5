"""`simulate schema`: the JSON Schema of scenario files, of results, or of recordings."""

from __future__ import annotations

import click

from sim.cli.parser import command
from sim.config.usage import UsageError
from sim.runtime.exit import ExitCode


def schema_command() -> click.Command:
    """For click."""
    result = click.Option(["--result"], is_flag=True, help="That of results (--output FILE) instead.")
    recording = click.Option(["--recording"], is_flag=True, help="That of a line of recordings instead.")
    text = "Print the JSON Schema of scenario files, results, or recordings."
    return command("schema", schema, [result, recording], text)


def schema(result: bool, recording: bool) -> int:
    """Print it. Raises UsageError."""
    import json

    if result and recording:
        raise UsageError("--recording: either this or --result")
    if recording:
        from sim.recording.document import recording_schema as make
    elif result:
        from sim.report.result_schema import result_schema as make
    else:
        from sim.config.schema import scenario_schema as make
    click.echo(json.dumps(make(), indent=2, ensure_ascii=False))
    return ExitCode.OK
