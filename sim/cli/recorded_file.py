"""The recording that an argument names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.config.usage import UsageError

if TYPE_CHECKING:
    from sim.recording.document import Recording


def recording_argument() -> click.Argument:
    """For click."""
    return click.Argument(["file"], metavar="FILE")


def one_person_option() -> click.Option:
    """For click."""
    return click.Option(["--one-person"], is_flag=True, help="All who did not log in are one person.")


def recorded_in(text: str, *, one_person: bool = False) -> Recording:
    """The recording in the file of this name. Raises UsageError.

    `one_person`: those who logged in as nobody are one.
    """
    from sim.recording.document import BadRecording, read_recording
    from sim.recording.strangers import as_one_person

    try:
        recording = read_recording(Path(text))
    except BadRecording as error:
        raise UsageError(str(error)) from None
    return as_one_person(recording) if one_person else recording
