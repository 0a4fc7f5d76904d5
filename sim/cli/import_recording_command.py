"""`simulate recording from`: a recording made of what another program has written down."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim import __version__
from sim.cli.parser import command
from sim.config.usage import UsageError
from sim.runtime.exit import ExitCode

if TYPE_CHECKING:
    from sim.recording.recorded_lines import RecordedLine

HELP = "Make a recording of a HAR file, or of a cassette of mcp-recorder."


def import_recording_command() -> click.Command:
    """For click."""
    params: list[click.Parameter] = [
        click.Argument(["file"], metavar="FILE"),
        click.Option(["--output", "-o"], required=True, metavar="FILE", help="The recording, a new file."),
        click.Option(["--url"], metavar="URL", help="The MCP endpoint, where the file holds several."),
    ]
    return command("from", import_recording, params, HELP)


def import_recording(file: str, output: str, url: str | None) -> int:
    """Raises UsageError."""
    from sim.recording.reading import BadRecording
    from sim.recording.taking_in import taken_in

    try:
        lines = taken_in(Path(file), f"simulate {__version__}", url)
    except BadRecording as error:
        raise UsageError(str(error)) from None
    return write_down(lines, Path(output))


def write_down(lines: list[RecordedLine], path: Path) -> ExitCode:
    """Into a new file. Raises UsageError where there is none to be had."""
    from sim.cli.record_command import farewell, say
    from sim.recording.document import gathered
    from sim.recording.drafts import Draft
    from sim.recording.pen import CannotRecord, Pen
    from sim.recording.recording_proxy import Recorded

    try:
        pen = Pen(path, say)
    except CannotRecord as error:
        raise UsageError(f"--output {path}: {error}") from None
    for line in lines:
        pen.write(Draft(lambda line=line: line, 0))  # type: ignore[misc]
    found = gathered(lines)
    return farewell(
        path,
        Recorded(len(found.calls), len({call.who for call in found.calls})),
        whole=pen.close(),
        lost=pen.lost,
    )
