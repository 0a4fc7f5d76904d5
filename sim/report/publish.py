"""The end of a run: its results are put where they belong, then a person is told."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable

from rich.console import Console

from sim.config.model import Output
from sim.exit import ExitCode
from sim.live.channel import Channel, channel_of
from sim.live.console import printable
from sim.measure.summary import Summary
from sim.report import json_report, terminal
from sim.report.destination import STDOUT, save
from sim.report.run_info import RunInfo

PIPE_COLUMNS = 1000
"""Whoever reads a pipe breaks lines as it likes."""


def publish(summary: Summary, info: RunInfo, output: Output, say: Callable[[str], None]) -> ExitCode:
    """Write the JSON, then show the report. Gives the exit code, which lost results change only when it is 0.

    Neither is kept from the person by what befalls the other; with `--output -` standard output is the
    JSON's alone, and the report goes to standard error.
    """
    code = ExitCode(info.exit_code)
    is_told_by_stderr = output.json_file == STDOUT
    if output.json_file is not None:
        problem = save(json_report.text_of(json_report.build(summary, info)), output.json_file)
        if problem:
            complain(problem)
            code = code or ExitCode.NOT_WRITTEN
        else:
            channel_of(sys.stdout).is_spare = not is_told_by_stderr
    if not output.quiet:
        show(channel_of(sys.stderr if is_told_by_stderr else sys.stdout), summary, info)
    if output.json_file is not None and not problem and not is_told_by_stderr:
        say(f"Report written to {output.json_file}")
    return code


def show(channel: Channel, summary: Summary, info: RunInfo) -> None:
    """The report as a person reads it, as wide as what it is read on."""
    text = io.StringIO()
    console = Console(
        file=text,
        width=channel.columns or terminal.columns_said() or PIPE_COLUMNS,
        force_terminal=channel.is_terminal,
        highlight=False,
    )
    terminal.show(console, summary, info)
    channel.settle()
    channel.tell(text.getvalue())


def complain(problem: str) -> None:
    """One line on standard error, said also when all else is quiet."""
    channel = channel_of(sys.stderr)
    channel.settle()
    channel.tell(f"simulate: {printable(problem)}\n")
