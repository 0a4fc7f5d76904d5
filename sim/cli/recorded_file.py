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


def recorded_in(text: str) -> Recording:
    """The recording in the file of this name. Raises UsageError."""
    from sim.recording.document import BadRecording, read_recording

    try:
        return read_recording(Path(text))
    except BadRecording as error:
        raise UsageError(str(error)) from None
