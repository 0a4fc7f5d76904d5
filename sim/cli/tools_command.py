"""`simulate tools`: what a server offers."""

from __future__ import annotations

from typing import Any

import click

from sim.cli.configured import agreed, read_settings, say_assumptions
from sim.cli.doctor_command import WITH_TWO, doctor_options
from sim.cli.parser import command


def tools_command() -> click.Command:
    """For click."""
    as_json = click.Option(["--json", "as_json"], is_flag=True, help="Print it as JSON.")
    text = "List the tools of a server, what they need, and which workflows use them."
    return command("tools", tools, [as_json, *doctor_options()], text)


def tools(as_json: bool, **flags: Any) -> int:
    """Raises UsageError."""
    merged = read_settings({**flags, **WITH_TWO})
    config = agreed(merged)
    say_assumptions(merged, config)
    from sim.app import carry_out
    from sim.cli.offer import Offer

    return int(carry_out(Offer(config, as_json=as_json).main, config))
