"""`simulate baseline`: names for runs that others are held against."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sim.cli.parser import command
from sim.config.usage import UsageError
from sim.runtime.exit import ExitCode

if TYPE_CHECKING:
    from sim.report.history.chosen_runs import Chooser
    from sim.report.history.run_store import RunStore

HOW = "it reads: baseline set NAME RUN..., baseline show [NAME], baseline remove NAME"


def baseline_command() -> click.Command:
    """For click."""
    params: list[click.Parameter] = [
        click.Argument(["action"], metavar="set|show|remove"),
        click.Argument(["words"], nargs=-1, metavar="[NAME] [RUN]..."),
    ]
    return command("baseline", baseline, params, "Name runs of the history that others are compared with.")


def baseline(action: str, words: tuple[str, ...]) -> int:
    """Raises UsageError."""
    from sim.report.history.chosen_runs import Chooser, NoSuchRun
    from sim.report.history.run_store import RunStore, history_folder

    try:
        store = RunStore(history_folder())
        match action, words:
            case "set", (name, _, *_):
                _set(store, Chooser(store), name, words[1:])
            case "show", () | (_,):
                _show(store, *words)
            case "remove", (name,):
                _known(store, name)
                store.remove_baseline(name)
            case _:
                raise UsageError(f"baseline: {HOW}")
    except NoSuchRun as error:
        raise UsageError(str(error)) from None
    except OSError as error:
        raise UsageError(f"the history: {error.strerror or error}") from None
    return ExitCode.OK


def _set(store: RunStore, chooser: Chooser, name: str, words: tuple[str, ...]) -> None:
    from sim.report.history.run_store import is_name

    if not is_name(name):
        raise UsageError(f"baseline: {name!r} is no name (letters, digits and ._- between them, at most 64)")
    runs = list(dict.fromkeys(run for word in words for run in chooser.names(word)))
    known = {run.name: run for run in chooser.kept()}
    unsound = [run for run in runs if run not in known or not known[run].is_sound]
    if unsound:
        raise UsageError(f"baseline: {unsound[0]} was no whole run, or cannot be read")
    store.set_baseline(name, runs)
    click.echo(f"{name}: {', '.join(runs)}")


def _show(store: RunStore, name: str | None = None) -> None:
    if name is not None:
        _known(store, name)
    for each, runs in store.baselines().items():
        if name in (None, each):
            click.echo(f"{each}: {', '.join(runs) or 'cannot be read'}")


def _known(store: RunStore, name: str) -> None:
    if name not in store.baselines():
        raise UsageError(f"no baseline {name!r}; simulate baseline show lists them")
