"""`simulate doctor`: whether a run can start."""

from __future__ import annotations

from typing import Any

import click

from sim.cli.configured import agreed, read_settings, say_assumptions
from sim.cli.parser import command, table_options
from sim.config.option import Section
from sim.config.options import OPTIONS, USERS

WITH_TWO = {USERS.name: "2", "quiet": True}
"""What it drives is no load."""


def doctor_command() -> click.Command:
    """For click."""
    return command(
        "doctor",
        doctor,
        [generator_option(), *doctor_options()],
        "Check step by step whether a run can start, with two users.",
    )


def generator_option() -> click.Option:
    """It needs no server, and asks none."""
    return click.Option(
        ["--generator"],
        is_flag=True,
        help="Measure instead, in a few seconds, how many calls a second this machine can drive.",
    )


def doctor_options() -> list[click.Parameter]:
    """Those on servers, logins and workflows: it brings a load of its own."""
    sections = (Section.TARGET, Section.LOGIN, Section.STORIES)
    names = [option.name for option in OPTIONS if option.section in sections]
    return table_options((*names, "call_timeout", "standin_fault", "standin_option", "ledger"))


def doctor(*, generator: bool, **flags: Any) -> int:
    """Raises UsageError."""
    if generator:
        from sim.cli.generator_check import GeneratorCheck

        return int(GeneratorCheck().run())
    merged = read_settings({**flags, **WITH_TWO})
    config = agreed(merged)
    say_assumptions(merged, config)
    from sim.app import carry_out
    from sim.cli.doctor import Doctor

    return int(carry_out(Doctor(config).main, config))
