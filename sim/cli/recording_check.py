"""`simulate recording check`: whether a workflow is free of the session that it came from."""

from __future__ import annotations

from typing import Any

import click

from sim.cli.configured import a_file, agreed, read_settings, say_assumptions
from sim.cli.doctor_command import WITH_TWO, doctor_options
from sim.cli.parser import command, file_argument, table_options
from sim.config.model import Target
from sim.config.option import option_of
from sim.config.options import NEXTCLOUD_HOST, SEED, URL


def recording_check() -> click.Command:
    """For click."""
    params = [file_argument(required=True), *doctor_options(), *table_options([SEED.name, "virtual"])]
    return command(
        "check",
        check,
        params,
        "Play a workflow by two casts at once, and say what is fixed to the recording.",
    )


def check(file: str, **flags: Any) -> int:
    """Without a server it is played on the virtual clock, in this process. Raises UsageError."""
    import attrs

    path = a_file(file)
    said = {**flags, **WITH_TWO, "workflows": (file, *(flags.get("workflows") or ()))}
    merged = read_settings(said)
    if merged[URL] is None and merged[NEXTCLOUD_HOST] is None:
        merged = read_settings({**said, option_of(attrs.fields(Target).virtual).name: True})
    config = agreed(merged)
    say_assumptions(merged, config)
    from sim.cli.flow_check import check_flow

    return int(check_flow(config, path))
