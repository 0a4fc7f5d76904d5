"""`simulate repeat`: the same run several times, of two targets in turn, and what that says."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import click

from sim.cli.configured import Flags, agreed, read_settings
from sim.cli.parser import GroupedHelp, table_options
from sim.cli.repeating import Planned, Repeated, repeat_all, turns
from sim.cli.telling_comparison import comparison_params, rules_of, tell_comparison
from sim.config.grammar.number import parse_count
from sim.config.grammar.piece import GrammarError
from sim.config.option_types import parse_url
from sim.config.options import NEXTCLOUD_HOST, URL
from sim.config.usage import UsageError
from sim.runtime.exit import ExitCode

MAX_RUNS = 100
OWN = ("gate", "strict", "format_name", "write")
NOT_OF_ONE_RUN = ("output", "report", "dry_run", "yes", "seed", "quiet")
"""Options that mean nothing for several runs, or are said to each of them by itself."""


def repeat_command() -> click.Command:
    """For click."""
    own: list[click.Parameter] = [
        click.Argument(["times"], metavar="N"),
        click.Option(
            ["--against"], metavar="URL", help="An MCP server to run against in turn: ABBA, and compare."
        ),
        click.Option(["--against-host"], metavar="URL", help="Its Nextcloud, where that is another one."),
        *comparison_params(),
    ]
    help_text = "Run the same several times, and say how runs differ, or which of two servers is better."
    return GroupedHelp(
        "repeat", callback=repeat, params=[*own, *table_options()], help=help_text, short_help=help_text
    )


def repeat(*, times: str, against: str | None, against_host: str | None, **flags: Any) -> int:
    """Raises UsageError before anything runs."""
    told = {name: flags.pop(name) for name in OWN}
    count = _count(times)
    rules = rules_of({**told, "paired": against is not None and count > 1})
    _check(flags)
    config = agreed(read_settings(flags))
    places = [Planned("A", {}, {})]
    if against is not None:
        places.append(_other(flags, against, against_host))
    elif against_host is not None:
        raise UsageError("--against-host: of which server? Say --against too")
    with tempfile.TemporaryDirectory(prefix="simulate-repeat-") as folder:
        done = repeat_all(flags, turns(places, count, config.load.seed), Path(folder))
        return int(_told(done, places, rules, told))


def _told(done: Repeated, places: list[Planned], rules: Any, told: dict[str, Any]) -> ExitCode:
    """Compare what there is; a run that went wrong in itself, or a signal, has the last word."""
    from sim.cli.spread_of_runs import tell_spread
    from sim.report.publish import complain

    sides = [done.results(place.name) for place in places]
    code = ExitCode.OK
    if len(places) == 1:
        tell_spread(sides[0], told)
    else:
        pairs = min(map(len, sides))
        if pairs:
            import attrs

            rules = attrs.evolve(rules, paired=rules.paired and pairs > 1)
            first, second = (side[:pairs] for side in sides)
            try:
                code = tell_comparison(first, second, ("A", "B"), rules, told)
            except UsageError as error:
                complain(str(error))
                code = ExitCode.USAGE
        else:
            complain("repeat: not one pair of runs came to its end, so there is nothing to compare")
    return done.code or code


def _count(text: str) -> int:
    try:
        return parse_count(text, "a number of runs", 1, MAX_RUNS)
    except GrammarError as error:
        raise UsageError(f"repeat: {error}") from None


def _check(flags: Flags) -> None:
    for name in ("output", "report", "dry_run"):
        if flags.get(name) not in (None, (), False):
            switch = "--" + name.replace("_", "-")
            raise UsageError(
                f"{switch}: not for several runs; --write FORMAT:FILE keeps what they say together"
            )


def _other(flags: Flags, against: str, host: str | None) -> Planned:
    """The second target; it is agreed to as the first one was."""
    if flags.get(URL.name) is None and read_settings(flags)[URL] is None:
        raise UsageError("--against: against what? Say --url too")
    try:
        url = parse_url(against)
        around = {} if host is None else {NEXTCLOUD_HOST.environment: parse_url(host)}
    except GrammarError as error:
        raise UsageError(f"--against: {error}") from None
    import os

    from sim.cli.configured import check_account, make_config
    from sim.cli.consent import ask

    merged = read_settings({**flags, URL.name: url}, {**os.environ, **around})
    check_account(merged)
    import sys

    ask(make_config(merged), sys.stdin, sys.stderr)
    return Planned("B", {URL.name: url}, around)
