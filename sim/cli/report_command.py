"""`simulate report`: a stored result in any format, without what made it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.cli.parser import command
from sim.config.grammar.piece import nearest
from sim.config.usage import UsageError
from sim.runtime.exit import ExitCode

if TYPE_CHECKING:
    from sim.report.result import Result

FORMAT_HELP = "html, json, text, markdown, … [what -o ends in, or text]"


def report_command() -> click.Command:
    """For click."""
    return command("report", report, report_params(), "Show a stored result, or write it in another format.")


def report_params() -> list[click.Parameter]:
    """Names of formats are checked when it is called: they are not read for the help of all else."""
    return [
        click.Argument(["file"], metavar="FILE"),
        click.Option(["--format", "-f", "format_name"], metavar="FORMAT", help=FORMAT_HELP),
        click.Option(["--output", "-o", "output"], metavar="FILE", help="Write it there."),
    ]


def report(file: str, format_name: str | None, output: str | None) -> int:
    """Show the result in `file`, or write it elsewhere. Raises UsageError."""
    from sim.report.destination import STDOUT, deliver
    from sim.report.formats import FORMATS
    from sim.runtime.channel import channel_of

    format_name = format_name or format_of(output)
    check_format(format_name, "--format")
    result = read_result(Path(file))
    if output is None and format_name == "text":
        from sim.report.publish import show

        show(channel_of(sys.stdout), result)
        return ExitCode.OK
    path = STDOUT if output is None else Path(output)
    text = FORMATS[format_name].render(result)
    try:
        deliver(text, path)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
    return ExitCode.OK


def format_of(output: str | None) -> str:
    """The one that the name of a file ends in: `run.html` is a page. Text where it says nothing."""
    from sim.report.formats import FORMATS

    suffix = Path(output).suffix.lower() if output else ""
    return next((name for name, each in FORMATS.items() if each.suffix == suffix), "text")


def check_format(name: str, origin: str) -> None:
    """Raises UsageError where there is no such format."""
    from sim.report.formats import FORMATS

    if name not in FORMATS:
        raise UsageError(f"{origin}: no format {name!r}; {nearest(name, FORMATS)}")


def read_result(path: Path) -> Result:
    """The result in a file. Raises UsageError."""
    from sim.report.history.chosen_runs import NoSuchRun, read_file

    try:
        return read_file(path)[1]
    except NoSuchRun as error:
        raise UsageError(str(error)) from None
