"""The end of a run: its results are put where they belong, then a person is told."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import attrs

from sim.clean.end import CleanupEnd
from sim.config.model import Output
from sim.report.destination import STDOUT, save
from sim.report.formats import FORMATS
from sim.report.page import one_line
from sim.report.result import Result
from sim.report.terminal import text_report
from sim.runtime.channel import Channel, channel_of
from sim.runtime.exit import ExitCode, Trouble, exit_code

PIPE_COLUMNS = 1000
"""Whoever reads a pipe breaks lines as it likes."""


def publish(result: Result, output: Output, say: Callable[[str], None]) -> ExitCode:
    """Write each file that was asked for, then show the report. Gives the exit code.

    Lost results change it only where it is 0. None of them is kept from the person by what befalls another;
    where one goes to standard output, that is its alone, and the report goes to standard error.
    """
    code = ExitCode(result.exit_code)
    is_told_by_stderr = any(file.path == STDOUT for file in output.files)
    written = []
    for file in output.files:
        format_ = FORMATS[file.format]
        problem = save(format_.render(result), file.path, format_.suffix)
        if problem:
            complain(problem)
            code = code or ExitCode.NOT_WRITTEN
        else:
            written.append(file.path)
    if written:
        channel_of(sys.stdout).is_spare = not is_told_by_stderr
    if not output.quiet:
        show(channel_of(sys.stderr if is_told_by_stderr else sys.stdout), result)
    for path in written:
        if path != STDOUT:
            say(f"Report written to {path}")
    return code


def publish_nothing(problem: str, end: CleanupEnd, trouble: Trouble, say: Callable[[str], None]) -> ExitCode:
    """A run without a load has no figures to show: say why, and what it left. Gives the exit code."""
    if end.is_clean:
        say(end.text)
    if problem:
        complain(problem)
    if not end.is_clean:
        complain(end.text)
    return exit_code(attrs.evolve(trouble, failed=True))


def show(channel: Channel, result: Result) -> None:
    """The report as a person reads it, as wide as what it is read on."""
    width = channel.columns or columns_said() or PIPE_COLUMNS
    channel.settle()
    channel.tell(text_report(result, width, colours=uses_colours(channel)))


def uses_colours(channel: Channel) -> bool:
    """Whether it is a terminal of somebody who has not said otherwise (no-color.org)."""
    return channel.redraws and not os.environ.get("NO_COLOR")


def columns_said() -> int | None:
    """How wide a terminal is by its environment, where it says so (POSIX: COLUMNS)."""
    said = os.environ.get("COLUMNS", "")
    return int(said) if said.isdecimal() and int(said) > 0 else None


def complain(problem: str) -> None:
    """One line on standard error, said also when all else is quiet."""
    channel = channel_of(sys.stderr)
    channel.settle()
    channel.tell(f"simulate: {one_line(problem)}\n")
