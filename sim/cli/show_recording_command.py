"""`simulate recording show`: who did what when."""

from __future__ import annotations

import sys

import click

from sim.cli.parser import command
from sim.cli.recorded_file import one_person_option, recorded_in, recording_argument
from sim.runtime.exit import ExitCode


def show_recording_command() -> click.Command:
    """For click."""
    params: list[click.Parameter] = [
        recording_argument(),
        one_person_option(),
        click.Option(["--all", "everything"], is_flag=True, help="All rows of a long recording."),
        click.Option(["--json", "as_json"], is_flag=True, help="For programs, as one JSON document."),
    ]
    return command("show", show_recording, params, "Draw who did what when, a column a person.")


def show_recording(file: str, everything: bool, as_json: bool, one_person: bool) -> int:
    """Print it. Raises UsageError."""
    recording = recorded_in(file, one_person=one_person)
    from sim.report.publish import PIPE_COLUMNS, columns_said
    from sim.runtime.channel import channel_of

    channel = channel_of(sys.stdout)
    if as_json:
        import json

        import msgspec

        channel.tell(json.dumps(msgspec.to_builtins(recording), indent=2) + "\n")
        return ExitCode.OK
    from sim.recording.swimlanes import MAX_ROWS, lanes_of

    width = channel.columns or columns_said() or PIPE_COLUMNS
    most = sys.maxsize if everything else MAX_ROWS
    channel.tell("".join(f"{line}\n" for line in lanes_of(recording, width, most=most)))
    return ExitCode.OK
