"""`simulate history`: runs of before, how they went over time, and where they changed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from sim.cli.parser import command
from sim.config.grammar.number import parse_count
from sim.config.grammar.piece import GrammarError
from sim.config.usage import UsageError
from sim.runtime.exit import ExitCode

if TYPE_CHECKING:
    from sim.report.history.run_index import KeptRun
    from sim.report.history.run_store import RunStore

LAST = "20"


def history_command() -> click.Command:
    """For click."""
    params: list[click.Parameter] = [
        click.Option(
            ["--metric"], multiple=True, metavar="METRIC", help="Draw these, not those that decide."
        ),
        click.Option(["--label"], metavar="NAME", help="Only runs that are called so."),
        click.Option(
            ["--last"], default=LAST, metavar="N", help=f"Runs shown of each configuration [{LAST}]."
        ),
        click.Option(
            ["--format", "-f", "format_name"], default="text", help="text or json [text]", metavar="FORMAT"
        ),
        click.Option(["--pin"], metavar="RUN", help="Keep this run for ever."),
        click.Option(["--unpin"], metavar="RUN", help="Let it go with the others."),
        click.Option(["--rebuild"], is_flag=True, help="Make the index anew from the files."),
    ]
    return command("history", history, params, "List runs of before, and find where they changed.")


def history(
    *,
    metric: tuple[str, ...],
    label: str | None,
    last: str,
    format_name: str,
    pin: str | None,
    unpin: str | None,
    rebuild: bool,
) -> int:
    """Raises UsageError."""
    from sim.report.history.chosen_runs import Chooser, NoSuchRun
    from sim.report.history.run_index import make_anew
    from sim.report.history.run_store import RunStore, history_folder

    shown = _checked(metric, last, format_name)
    try:
        store = RunStore(history_folder())
        if rebuild:
            make_anew(store)
        chooser = Chooser(store)
        for word, pinned in ((pin, True), (unpin, False)):
            for name in chooser.names(word) if word is not None else ():
                store.pin(name, pinned=pinned)
                click.echo(f"{name} is {'kept for ever' if pinned else 'no longer pinned'}")
        if pin is None and unpin is None:
            runs = [run for run in chooser.kept() if label is None or run.label == label]
            _tell(store, runs, metric, shown, format_name)
    except NoSuchRun as error:
        raise UsageError(str(error)) from None
    except OSError as error:
        raise UsageError(f"the history: {error.strerror or error}") from None
    return ExitCode.OK


def _checked(metrics: tuple[str, ...], last: str, format_name: str) -> int:
    from sim.report.compare.gauges import gauge

    if format_name not in ("text", "json"):
        raise UsageError(f"--format: no format {format_name!r}; there are text and json")
    try:
        for metric in metrics:
            gauge(metric)
    except ValueError as error:
        raise UsageError(f"--metric: {error}") from None
    try:
        return parse_count(last, "a number", 1, 100_000)
    except GrammarError as error:
        raise UsageError(f"--last: {error}") from None


def _tell(
    store: RunStore, runs: list[KeptRun], metrics: tuple[str, ...], last: int, format_name: str
) -> None:
    from sim.report.history.trends import draw_history
    from sim.report.page import Page
    from sim.report.publish import PIPE_COLUMNS, columns_said, uses_colours
    from sim.report.terminal import printed
    from sim.runtime.channel import channel_of

    pinned = pins(store)
    channel = channel_of(sys.stdout)
    if format_name == "json":
        channel.tell(as_json(runs, pinned, metrics))
        return
    width = channel.columns or columns_said() or PIPE_COLUMNS
    page = Page(width)
    draw_history(page, runs, pinned, metrics, last)
    channel.tell(printed(page, colours=uses_colours(channel)))


def pins(store: RunStore) -> dict[str, str]:
    """What keeps a run for ever, by its name. Raises OSError."""
    kept = dict.fromkeys(store.pinned(), "pinned")
    for baseline, runs in store.baselines().items():
        kept.update(dict.fromkeys(runs, baseline))
    return kept


def as_json(runs: list[KeptRun], pinned: dict[str, str], metrics: tuple[str, ...]) -> str:
    """Runs with their values, and where each series of them changed."""
    import attrs

    from sim.report.compare.gauges import GATES
    from sim.report.history.trends import series_of
    from sim.report.result_json import presentable, written

    plain: dict[str, Any] = {
        "runs": [{**attrs.asdict(run), "pinned": pinned.get(run.name, "")} for run in runs],
        "changes": [
            {"comparable": series.comparable, **attrs.asdict(change)}
            for series in series_of(runs)
            for metric in metrics or GATES
            for change in series.changes(metric)
        ],
    }
    return written(presentable(plain)) + "\n"
