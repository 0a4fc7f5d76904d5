"""`simulate recording`: what is done with a recording; each in a file of its own."""

from __future__ import annotations

from collections.abc import Callable

import click

from sim.cli.import_recording_command import import_recording_command
from sim.cli.parser import WIDTH
from sim.cli.recording_check import recording_check
from sim.cli.recording_workflow import recording_workflow_command
from sim.cli.show_recording_command import show_recording_command

PARTS: tuple[Callable[[], click.Command], ...] = (
    show_recording_command,
    import_recording_command,
    recording_workflow_command,
    recording_check,
)
"""The commands below it."""


def recording_command() -> click.Command:
    """For click."""
    text = "Look at a recorded session, or make something of it."
    return click.Group(
        "recording",
        commands=[make() for make in PARTS],
        help=text,
        short_help=text,
        context_settings={"max_content_width": WIDTH},
    )
