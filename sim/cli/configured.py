"""From flags to the run that they ask for: what the commands that start one have in common."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import click

from sim.config.layers import defaults, from_environment, from_flags, read_value
from sim.config.merged import Merged, merge
from sim.config.model import Config, Output, StoryOptions, Target
from sim.config.option import option_of
from sim.config.options import ARGUMENTS, NEXTCLOUD_HOST, NEXTCLOUD_PASSWORD, SCENARIO, URL
from sim.config.usage import UsageError

if TYPE_CHECKING:
    from sim.config.build_load import Stories

SEED_END = 2**32
MANY = 10**6
"""Users on stage: as many as any workflow may cast."""
Flags = dict[str, Any]


def read_settings(flags: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> Merged:
    """Defaults, file, environment, flags, merged. Raises UsageError."""
    said, around = from_flags(flags), from_environment(environment)
    layers = [defaults(lambda: secrets.randbelow(SEED_END))]
    named = said.settings.get(SCENARIO.name) or around.settings.get(SCENARIO.name)
    if named is not None:
        from sim.config.scenario import read_scenario

        layers.append(read_scenario(named.value))
    return merge([*layers, around, said])


def make_config(merged: Merged) -> Config:
    """Raises UsageError."""
    from sim.config.build import build_config

    config = build_config(merged, read_stories)
    if (path := merged[ARGUMENTS]) is not None:
        from sim.cli.argument_files import read_arguments

        known = read_arguments(path, merged.origin(ARGUMENTS))
        config = attrs.evolve(config, stories=attrs.evolve(config.stories, arguments=known))
    for file in config.output.reports:
        from sim.cli.report_command import check_format

        check_format(file.format, merged.origin(attrs.fields(Output).reports))
    return config


def read_stories(told: StoryOptions) -> Stories:
    """What the floor below knows of workflows. Raises UsageError."""
    from sim.config.build_load import Stories
    from workflows.base import BadWorkflow
    from workflows.catalogue import catalogue
    from workflows.repertoire import MIXES

    try:
        known = catalogue(told.files)
    except BadWorkflow as error:
        raise UsageError(f"--workflows {' '.join(str(error).split())}") from error
    tool_mix = ""
    if told.tools is not None:
        from workflows.tool_mix import TOOL_MIX, unplanned

        if TOOL_MIX in known:
            raise UsageError(f"--tools: there is a workflow {TOOL_MIX!r} already; give that another name")
        tool_mix, known[TOOL_MIX] = TOOL_MIX, unplanned(told.tools)
    calls = {name: len(workflow.steps) for name, workflow in known.items()}
    return Stories(
        mixes=MIXES,
        roles_min={name: workflow.roles_min for name, workflow in known.items()},
        steps=calls | ({tool_mix: 1} if tool_mix else {}),
        step_names={name: tuple(workflow.steps) for name, workflow in known.items()},
        tool_mix=tool_mix,
    )


def most_cast(config: Config) -> dict[str, int]:
    """With how many users each workflow is played at most, by its name."""
    from workflows.catalogue import catalogue

    known, told = catalogue(config.stories.files), config.stories
    casts = {name: each.cast_size(MANY, told.collaborators) for name, each in known.items()}
    if told.tools is not None:
        from workflows.tool_mix import TOOL_MIX

        casts[TOOL_MIX] = 1
    return casts


def agreed(merged: Merged) -> Config:
    """The run that is asked for, which may start: its account is meant for it, and its hosts were agreed to.

    Raises UsageError.
    """
    from sim.cli.consent import ask

    config = make_config(merged)
    check_account(merged)
    ask(config, sys.stdin, sys.stderr)
    return config


def check_account(merged: Merged) -> None:
    """Raises UsageError where an account is named and no server: it would drive the stand-in unnoticed."""
    fields = attrs.fields(Target)
    admin, virtual = option_of(fields.admin), option_of(fields.virtual)
    if merged[URL] is not None or merged[NEXTCLOUD_HOST] is not None or merged[virtual]:
        return
    for name in (NEXTCLOUD_PASSWORD, admin):
        if merged.get(name) not in (None, name.default):
            raise merged.error(
                name,
                "an account on which Nextcloud? Set NEXTCLOUD_HOST; "
                "or unset NEXTCLOUD_USERNAME and NEXTCLOUD_PASSWORD for a run against the built-in stand-in",
            )


def assumptions(merged: Merged, config: Config) -> list[str]:
    """What nobody said, and a person may not expect; a line each."""
    from sim.config.build_target import assumed_server

    server = assumed_server(merged, config.target)
    return [f"The MCP server is taken to be {server}; say --url where it is another"] if server else []


def say_assumptions(merged: Merged, config: Config) -> None:
    """On standard error."""
    for line in assumptions(merged, config):
        click.echo(line, err=True)


def a_file(text: str) -> Path:
    """The file of workflows that an argument names. Raises UsageError."""
    path: Path = read_value(option_of(attrs.fields(StoryOptions).files), [text], "FILE").value[0]
    return path
