"""`simulate tools`: what a server offers."""

from __future__ import annotations

from typing import Any

import click

from sim.cli.configured import agreed, read_settings, say_assumptions
from sim.cli.doctor_command import WITH_TWO, doctor_options
from sim.cli.parser import command
from sim.config.options import ARGUMENTS

ANY_TOOL = "any_tool"


def tools_command() -> click.Command:
    """For click."""
    as_json = click.Option(["--json", "as_json"], is_flag=True, help="Print it as JSON.")
    text = "List the tools of a server: what they need and do, who uses them, what --tools can call."
    return command("tools", tools, [as_json, *doctor_options()], text)


def tools(as_json: bool, **flags: Any) -> int:
    """Raises UsageError."""
    # What calls are made with is looked at for all that there is, whatever is to be called.
    said = {"tools": ANY_TOOL} if flags.get(ARGUMENTS.name) else {}
    merged = read_settings({**flags, **said, **WITH_TWO})
    config = agreed(merged)
    say_assumptions(merged, config)
    from sim.app import carry_out
    from sim.cli.offer import Offer

    return int(carry_out(Offer(config, as_json=as_json).main, config))
