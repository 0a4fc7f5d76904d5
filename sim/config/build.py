"""Settings → Config, with every check that needs more than one of them, before anything is created."""

from __future__ import annotations

import attrs

from sim.config.build_load import ReadStories, build_load, check_roles
from sim.config.build_output import build_output
from sim.config.build_target import build_target
from sim.config.build_thresholds import build_thresholds
from sim.config.build_users import build_login, build_users
from sim.config.merged import Merged
from sim.config.model import ClientKind, Config, Load, StandinWords, StoryOptions, Target, UserOptions
from sim.config.option import option_of
from sim.config.options import ARGUMENTS, STANDIN_FAULT, STANDIN_OPTION


def build_config(merged: Merged, read_stories: ReadStories) -> Config:
    """The run that these settings ask for. Raises UsageError."""
    target = build_target(merged)
    _check_standin(merged, target)
    login = build_login(merged, target)
    output = build_output(merged)
    told = StoryOptions(**merged.rows(StoryOptions))
    _check_tools(merged, told)
    stories = read_stories(told)
    load = build_load(merged, stories)
    check_roles(merged, load, stories)
    config = Config(
        target=target,
        login=login,
        users=build_users(merged, load),
        load=load,
        stories=told,
        output=output,
        thresholds=build_thresholds(merged, load, stories.step_names),
        standin_options=_standin_words(merged),
        **merged.rows(Config),
    )
    _check_client(merged, config)
    return config


def _check_standin(merged: Merged, target: Target) -> None:
    if not target.is_standin:
        because = "this is for the built-in stand-in, and the run has a server of its own"
        merged.forbid((STANDIN_FAULT, STANDIN_OPTION), because)
    if not target.virtual:
        because = "this models the server of a virtual run; add --virtual"
        merged.forbid((attrs.fields(Config).server_model,), because)


def _check_tools(merged: Merged, told: StoryOptions) -> None:
    if told.tools is None:
        because = "this is for --tools, and none are said"
        merged.forbid((ARGUMENTS, attrs.fields(StoryOptions).tools_may_write), because)
    if told.tools_may_write and merged[option_of(attrs.fields(UserOptions).accounts)] is not None:
        because = "what such tools make could not be removed from accounts that stay; leave out --accounts"
        raise merged.error(attrs.fields(StoryOptions).tools_may_write, because)


def _check_client(merged: Merged, config: Config) -> None:
    if config.client is ClientKind.SDK and not config.target.virtual:
        because = "the SDK's own client knows no distance; leave out --client sdk"
        merged.forbid((attrs.fields(Load).regions,), because)


def _standin_words(merged: Merged) -> StandinWords:
    faults = (f"fault={fault}" for fault in merged[STANDIN_FAULT])
    said = (*faults, *merged[STANDIN_OPTION])
    words = StandinWords(said, merged.origin(STANDIN_OPTION, STANDIN_FAULT))
    if words:
        _ = words.options  # What is wrong with them is wrong before the run.
    return words
