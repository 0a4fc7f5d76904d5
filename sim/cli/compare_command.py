"""`simulate compare`: whether runs are better or worse than others."""

from __future__ import annotations

from typing import Any

import click

from sim.cli.parser import GroupedHelp
from sim.cli.telling_comparison import comparison_params, rules_of, tell_comparison
from sim.config.usage import UsageError

BETWEEN = "\0with"
"""Stands for `--with` among the arguments: all that follows are runs after."""


class TwoSided(GroupedHelp):
    """A command whose arguments stand on two sides: `A1 A2 --with B1 B2`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        split: list[str] = []
        for word in args:
            if word == "--with":
                split.append(BETWEEN)
            elif word.startswith("--with="):
                split += [BETWEEN, word.removeprefix("--with=")]
            else:
                split.append(word)
        return super().parse_args(ctx, split)


def compare_command() -> click.Command:
    """For click."""
    params: list[click.Parameter] = [
        click.Argument(["runs"], nargs=-1, metavar="RUN... --with RUN..."),
        click.Option(
            ["--with", "after"],
            metavar="RUN...",
            expose_value=False,
            help="To be judged. A run is a file, a folder, a label, last:5, or a name of the history.",
        ),
        click.Option(["--baseline"], metavar="NAME", help="Compare with these; see simulate baseline."),
        click.Option(["--paired"], is_flag=True, help="The first runs of both sides are a pair, and so on."),
        click.Option(["--force"], is_flag=True, help="Compare what is not comparable, and say so."),
        click.Option(
            ["--run-noise"],
            metavar="PERCENT",
            help="How runs differ among themselves, for one against one; else from the history, where known.",
        ),
        *comparison_params(),
    ]
    help_text = "Say whether runs are better or worse than others."
    return TwoSided("compare", callback=compare, params=params, help=help_text, short_help=help_text)


def compare(runs: tuple[str, ...], baseline: str | None, run_noise: str | None, **told: Any) -> int:
    """Raises UsageError."""
    from sim.report.history.chosen_runs import Chooser, NoSuchRun
    from sim.report.history.run_store import RunStore, history_folder

    before, after = sides_of(runs, baseline)
    rules = rules_of(told, run_noise)
    try:
        chooser = Chooser(RunStore(history_folder()))
        first = chooser.baseline(baseline) if baseline is not None else chooser.results(before)
        second = chooser.results(after)
        if len(first) == len(second) == 1 and not rules.known:
            rules = rules.knowing(chooser.spread([result for _, result in (*first, *second)]))
    except NoSuchRun as error:
        raise UsageError(str(error)) from None
    except OSError as error:
        raise UsageError(f"the history: {error.strerror or error}") from None
    labels = (baseline or " ".join(before), " ".join(after))
    return int(tell_comparison(first, second, labels, rules, told))


def sides_of(runs: tuple[str, ...], baseline: str | None) -> tuple[list[str], list[str]]:
    """Runs before and after. Raises UsageError where a side is empty."""
    words = list(runs)
    if words.count(BETWEEN) > 1:
        raise UsageError("--with: said twice; all that follows it are runs after")
    at = words.index(BETWEEN) if BETWEEN in words else len(words)
    before, after = words[:at], words[at + 1 :]
    if baseline is not None:
        before, after = [], [*before, *after]
    if not after or not (before or baseline):
        raise UsageError(
            "compare: which runs? It reads: compare RUN... --with RUN..., or --baseline NAME RUN..."
        )
    return before, after
