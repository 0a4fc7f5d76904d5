"""Options of the table as click options, and help under headings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import click

from sim.config.grammar.number import format_number
from sim.config.option import Option, Section
from sim.config.options import OPTIONS

WIDTH = 80


class TableOption(click.Option):
    """A flag of the table. click splits argv; the text itself is read by the option's own kind, later."""

    def __init__(self, option: Option[Any]) -> None:
        self.row = option
        super().__init__(_declarations(option), **_settings(option))


class GroupedHelp(click.Command):
    """A command whose options stand under the headings of the table; its other options come first."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(_section(param), param.get_help_record(ctx)) for param in self.get_params(ctx)]
        for section in ("Options", *Section):
            records = [record for place, record in rows if place == section and record]
            if records:
                with formatter.section(str(section)):
                    formatter.write_dl(records, col_max=30)
        if isinstance(self, click.Group):
            self.format_commands(ctx, formatter)


class GroupedGroup(GroupedHelp, click.Group):
    """The same, with commands below."""


def table_options(names: Iterable[str] | None = None) -> list[click.Parameter]:
    """Flags for these options, or for all."""
    chosen = None if names is None else set(names)
    return [TableOption(o) for o in OPTIONS if o.flag and (chosen is None or o.name in chosen)]


def command(
    name: str, callback: Callable[..., int], params: Iterable[click.Parameter], help_text: str
) -> click.Command:
    """A command beside the main job."""
    return GroupedHelp(name, callback=callback, params=list(params), help=help_text, short_help=help_text)


def file_argument(*, required: bool) -> click.Argument:
    """A file of workflows."""
    return click.Argument(["file"], required=required, metavar="FILE")


def _section(param: click.Parameter) -> str:
    return param.row.section if isinstance(param, TableOption) else "Options"


def _declarations(option: Option[Any]) -> list[str]:
    switch = f"{option.switch}/--no-{option.switch[2:]}" if option.negated else option.switch
    return [option.name, *([option.short] if option.short else []), switch]


def _settings(option: Option[Any]) -> dict[str, Any]:
    help_text = option.help + _default_text(option)
    if option.type.is_flag:
        flag = {} if option.negated else {"flag_value": True}
        return {"is_flag": True, "default": None, "help": help_text, **flag}
    several = option.many or option.joined
    return {
        "type": str,
        "multiple": several,
        "default": None,
        "metavar": option.type.metavar,
        "help": help_text,
    }


def _default_text(option: Option[Any]) -> str:
    if option.says_nothing or (option.type.is_flag and not option.negated):
        return ""
    shown = option.type.show(option.default)
    if isinstance(shown, bool):
        return " This is the default." if shown else ""
    return f" [{format_number(shown) if isinstance(shown, int | float) else shown}]"
