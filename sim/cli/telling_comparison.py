"""Options of a comparison, and its end: written where it is to go, then an exit code."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from sim.config.grammar.number import parse_percentage
from sim.config.grammar.piece import GrammarError, nearest
from sim.config.option_types import parse_report
from sim.config.usage import UsageError
from sim.runtime.exit import ExitCode

if TYPE_CHECKING:
    from sim.report.compare.comparability import NamedResult
    from sim.report.compare.run_comparison import Rules, RunComparison

FORMATS_HELP = "text, json, markdown, junit or html [text]"


def comparison_params() -> list[click.Parameter]:
    """What may be said of any comparison."""
    return [
        click.Option(
            ["--gate"],
            multiple=True,
            metavar="METRIC",
            help="Decides, at most five: calls.p95, throughput, errors, note_share.p95, … "
            "[calls.p50, calls.p95, throughput, errors, propagation.p95]",
        ),
        click.Option(["--strict"], is_flag=True, help="What is inconclusive fails too (exit code 6)."),
        click.Option(["--format", "-f", "format_name"], default="text", metavar="FORMAT", help=FORMATS_HELP),
        click.Option(["--write"], multiple=True, metavar="FORMAT:FILE", help="Write it there as well."),
    ]


def rules_of(told: Mapping[str, Any], run_noise: str | None = None) -> Rules:
    """Raises UsageError."""
    from sim.report.compare.gauges import GATES, gates
    from sim.report.compare.run_comparison import Rules, noise_of_runs

    named = tuple(name.strip() for text in told["gate"] for name in text.split(","))
    try:
        gates(named or GATES)
        known = (
            {}
            if run_noise is None
            else noise_of_runs(parse_percentage(run_noise, "a spread"), named or GATES)
        )
    except GrammarError as error:
        raise UsageError(f"--run-noise: {error}") from None
    except ValueError as error:
        raise UsageError(f"--gate: {error}") from None
    for name, origin in (
        (told["format_name"], "--format"),
        *((file.format, "--write") for file in _files(told)),
    ):
        _check(name, origin)
    force, paired = bool(told.get("force")), bool(told.get("paired"))
    return Rules(deciding=named or GATES, force=force, paired=paired, known=known)


def tell_comparison(
    before: Sequence[NamedResult],
    after: Sequence[NamedResult],
    labels: tuple[str, str],
    rules: Rules,
    told: Mapping[str, Any],
) -> ExitCode:
    """Compare, write, and give the exit code. Raises UsageError where nothing can be compared."""
    from sim.report.compare.run_comparison import NotComparable, compare_runs

    try:
        comparison = compare_runs(before, after, labels, rules)
    except NotComparable as error:
        raise UsageError(f"not comparable: {error} (--force compares all the same)") from None
    except ValueError as error:
        raise UsageError(f"compare: {error}") from None
    return write(comparison, told)


def write(comparison: RunComparison, told: Mapping[str, Any]) -> ExitCode:
    """To standard output, and into files; what cannot be written is said, and hides no verdict."""
    from sim.report.compare.compared_formats import COMPARISON_FORMATS
    from sim.report.compare.compared_text import compared_text
    from sim.report.destination import STDOUT, deliver
    from sim.report.publish import PIPE_COLUMNS, columns_said, complain, uses_colours
    from sim.runtime.channel import channel_of

    code = verdict_code(comparison, strict=bool(told["strict"]))
    for file in _files(told):
        try:
            deliver(COMPARISON_FORMATS[file.format](comparison), file.path)
        except OSError as error:
            complain(f"{file.path}: {error.strerror or error}")
            code = code or ExitCode.NOT_WRITTEN
    channel = channel_of(sys.stdout)
    if told["format_name"] == "text":
        width = channel.columns or columns_said() or PIPE_COLUMNS
        channel.tell(compared_text(comparison, width, colours=uses_colours(channel)))
    else:
        deliver(COMPARISON_FORMATS[told["format_name"]](comparison), STDOUT)
    return code


def verdict_code(comparison: RunComparison, *, strict: bool) -> ExitCode:
    """What a shell is told."""
    from sim.report.compare.judging import Judgement

    if comparison.verdict is Judgement.WORSE:
        return ExitCode.WORSE
    if strict and comparison.verdict is Judgement.INCONCLUSIVE:
        return ExitCode.INCONCLUSIVE
    return ExitCode.OK


def _files(told: Mapping[str, Any]) -> list[Any]:
    try:
        return [parse_report(text) for text in told["write"]]
    except GrammarError as error:
        raise UsageError(f"--write: {error}") from None


def _check(name: str, origin: str) -> None:
    from sim.report.compare.compared_formats import COMPARISON_FORMATS

    if name not in COMPARISON_FORMATS:
        raise UsageError(f"{origin}: no format {name!r}; {nearest(name, COMPARISON_FORMATS)}")
