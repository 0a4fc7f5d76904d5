"""`simulate recording workflow`: what people did, written down as a workflow that a crowd can play."""

from __future__ import annotations

from pathlib import Path

import click

from sim.cli.parser import command
from sim.cli.recorded_file import one_person_option, recorded_in, recording_argument
from sim.config.usage import UsageError
from sim.runtime.exit import ExitCode


def recording_workflow_command() -> click.Command:
    """For click."""
    output = click.Option(
        ["-o", "--output"], metavar="FILE", help="Write it to FILE (.py) [standard output]."
    )
    force = click.Option(["--force"], is_flag=True, help="Replace FILE if it exists.")
    text = "Write a workflow that does what was recorded, for many users at once."
    return command(
        "workflow", recording_workflow, [recording_argument(), output, force, one_person_option()], text
    )


def recording_workflow(file: str, output: str | None, force: bool, one_person: bool) -> int:
    """Raises UsageError."""
    path = _target(output, force=force) if output is not None else None
    recording = recorded_in(file, one_person=one_person)
    from sim.recording.story.story_text import NothingToPlay, name_of_file, workflow_text

    name = name_of_file(path.stem if path is not None else "recorded")
    try:
        text = workflow_text(recording, name)
    except NothingToPlay as error:
        raise UsageError(f"{file}: {error}") from None
    if path is None:
        click.echo(text, nl=False)
    else:
        _write(path, text, force=force)
        click.echo(f"{path} written; play it once with: simulate try {path}", err=True)
    return ExitCode.OK


def _target(output: str, *, force: bool) -> Path:
    """Raises UsageError."""
    path = Path(output)
    if path.suffix != ".py":
        raise UsageError(f"--output {output}: a workflow is a Python file, so its name ends in .py")
    if path.exists() and not force:
        raise UsageError(f"--output {output}: it exists; take another name, or say --force to replace it")
    return path


def _write(path: Path, text: str, *, force: bool) -> None:
    """Raises UsageError."""
    try:
        with path.open("w" if force else "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"--output {path}: {(error.strerror or 'cannot be written').lower()}") from None
