"""Settings → Config, with every check that needs more than one of them, before anything is created."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import attrs

from sim.config import (
    AuthMode,
    Config,
    Group,
    Load,
    LoginDriver,
    LoginOptions,
    Output,
    StoryOptions,
    Target,
    UserOptions,
)
from sim.grammar.piece import GrammarError, nearest
from sim.grammar.region import Region, check_regions
from sim.grammar.threshold import Threshold
from sim.options.errors import UsageError
from sim.options.settings import GroupSettings, Layer, Settings
from sim.options.table import find
from sim.profile.shapes import ClosedProfile, OpenProfile, Profile

DEFAULT_MCP_URL = "http://localhost:8001/mcp"
WHOLE_RUN = "all"
"""Name of the group of a run that has no groups."""
ITERATIONS_LAST_S = 86_400.0
"""A run that ends after a number of workflows ends after a day at the latest."""

T = TypeVar("T")


@attrs.frozen
class Stories:
    """What is known of workflows.

    Attributes:
        mixes: the named workloads: weights by workflow.
        roles_min: the fewest users a workflow can be played with, by its name.
        steps: how many calls one execution makes, by its name.
    """

    mixes: Mapping[str, Mapping[str, float]]
    roles_min: Mapping[str, int]
    steps: Mapping[str, int]


ReadStories = Callable[[Sequence[Path]], Stories]
"""Reads the built-in workflows and those in these files. Raises UsageError."""


class _Said:
    """Merged settings by name, and where each was said."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __getitem__(self, name: str) -> Any:
        setting = self._settings.get(name)
        return None if setting is None else setting.value

    def many(self, name: str) -> tuple[Any, ...]:
        return self[name] or ()

    def origin(self, *names: str) -> str:
        """Where the first of these that was said was said."""
        return next((self._settings[name].origin for name in names if name in self._settings), names[0])

    def over(self, settings: Settings) -> _Said:
        """The same, with `settings` in the place of what they concern."""
        mine = dict(self._settings)
        if "mix" in settings or "workload" in settings:
            mine.pop("mix", None)
            mine.pop("workload", None)
        return _Said(mine | dict(settings))

    def error(self, name: str, problem: str) -> UsageError:
        return UsageError(f"{self._settings[name].origin}: {problem}")

    def forbid(self, names: Sequence[str], because: str) -> None:
        """Raises UsageError when one of these is said; its default changes nothing, and is let through."""
        for name in names:
            if self[name] not in (None, (), find(name).default):
                raise self.error(name, because)


def build_config(layer: Layer, read_stories: ReadStories) -> Config:
    """The run that these settings ask for. Raises UsageError."""
    said = _Said(layer.settings)
    target = _target(said)
    _check_standin(said, target)
    login = _login(said, target)
    output = _output(said)
    stories = read_stories(said.many("workflows"))
    load = _load(said, layer.groups, stories)
    _check_roles(said, load, stories)
    return Config(
        target=target,
        login=login,
        users=_users(said, load),
        load=load,
        stories=_story_options(said),
        output=output,
        client=said["client"],
        thresholds=_thresholds(said, load),
        standin_options=_standin_options(said),
        server_model=said["server_model"],
    )


def _target(said: _Said) -> Target:
    common = {
        "ca_file": said["ca_file"],
        "insecure": said["insecure"],
        "assume_yes": bool(said["yes"]),
        "virtual": said["virtual"],
    }
    if said["ca_file"] is not None and said["insecure"]:
        raise said.error("insecure", "certificates are not checked, so --ca-file has no use; leave one out")
    if said["virtual"]:
        said.forbid(("url", "accounts"), "a virtual run has no server but the stand-in in its own process")
        return Target(**common)
    host, password = said["nextcloud_host"], said["nextcloud_password"]
    if said["url"] is None and host is None:
        said.forbid(
            ("accounts",), "the built-in stand-in has no accounts yet; say --url, or set NEXTCLOUD_HOST"
        )
        return Target(**common)
    if said["accounts"] is None:
        _check_admin(said, host, password)
    return Target(
        mcp_url=said["url"] or DEFAULT_MCP_URL,
        nextcloud_url=host,
        admin=said["nextcloud_username"],
        **common,
        **({} if password is None else {"admin_password": password}),
    )


def _check_admin(said: _Said, host: str | None, password: object) -> None:
    if host is None:
        raise said.error(
            "url",
            "which Nextcloud is behind it? Set NEXTCLOUD_HOST, NEXTCLOUD_USERNAME and NEXTCLOUD_PASSWORD, "
            "or name --accounts that exist",
        )
    if not password:
        raise said.error(
            "nextcloud_host",
            "users are created by its admin: set NEXTCLOUD_PASSWORD too (and NEXTCLOUD_USERNAME), "
            "or name --accounts that exist",
        )


def _check_standin(said: _Said, target: Target) -> None:
    only = ("standin_fault", "standin_option")
    if not target.is_standin:
        said.forbid(only, "this is for the built-in stand-in, and the run has a server of its own")
    if not target.virtual:
        said.forbid(("server_model",), "this models the server of a virtual run; add --virtual")


def _login(said: _Said, target: Target) -> LoginOptions:
    driver = said["login"]
    if target.virtual:
        said.forbid(("login", "headed", "browser", "auth", "client"), "nobody logs in on the virtual clock")
    if said["headed"] and (driver is LoginDriver.HTTP or said["auth"] is AuthMode.BASIC):
        raise said.error("headed", "there is no browser to show; leave it out, or say --login browser")
    if said["client_secret"] and said["client_id"] is None:
        raise said.error("client_secret", "whose secret is it? Say --client-id")
    if said["auth"] is AuthMode.BASIC:
        said.forbid(("client_id",), "there is no OAuth client with --auth basic")
    return LoginOptions(
        auth=said["auth"],
        # Whoever asks to see the browser wants one.
        driver=LoginDriver.BROWSER if said["headed"] else driver,
        browser=said["browser"],
        headed=said["headed"],
        client_id=said["client_id"],
        client_secret=said["client_secret"],
    )


def _output(said: _Said) -> Output:
    if said["quiet"] and said["verbose"]:
        raise said.error("quiet", "not together with --verbose")
    for name in ("output", "ledger"):
        if said[name] is not None and (problem := why_unwritable(said[name])):
            raise said.error(name, f"{str(said[name])!r}: {problem}")
    return Output(said["output"], said["quiet"], said["verbose"], said["ledger"])


def why_unwritable(path: Path) -> str:
    """Why this file cannot be written, "" when it can; it is not created to find out."""
    try:
        if path.is_dir():
            return "is a directory, not a file"
        if path.exists():
            return "" if os.access(path, os.W_OK) else "may not be written"
        if not path.parent.is_dir():
            return f"there is no directory {str(path.parent)!r}"
    except OSError as error:
        return (error.strerror or "cannot be written").lower()
    return (
        ""
        if os.access(path.parent, os.W_OK | os.X_OK)
        else f"directory {str(path.parent)!r} may not be written"
    )


def _load(said: _Said, tables: Sequence[GroupSettings], stories: Stories) -> Load:
    regions = said.many("region")
    try:
        check_regions(regions)
    except GrammarError as error:
        raise said.error("region", error.problem) from None
    return Load(
        groups=_groups(said, tables, regions, stories),
        regions=regions,
        warmup_s=said["warmup"],
        iterations=said["iterations"],
        call_timeout_s=said["call_timeout"],
        grace_s=said["grace"],
        max_lag_s=said["max_lag"],
        seed=said["seed"],
    )


def _groups(
    said: _Said, tables: Sequence[GroupSettings], regions: Sequence[Region], stories: Stories
) -> tuple[Group, ...]:
    if not tables:
        return (_group(WHOLE_RUN, said, None, stories),)
    for name in ("users", "stage", "arrivals", "profile"):
        if said[name] is not None:
            raise said.error(name, f"the groups of {tables[0].origin.partition(': ')[0]} say this")
    for table in tables:
        _check_region(table, regions)
    return tuple(_group(table.name, said.over(table.settings), table.region, stories) for table in tables)


def _check_region(table: GroupSettings, regions: Sequence[Region]) -> None:
    names = [region.name for region in regions]
    if table.region is not None and table.region not in names:
        known = nearest(table.region, names) if names else "there are no regions"
        raise UsageError(f"{table.origin}.region: no region {table.region!r}; {known}")


def _group(name: str, said: _Said, region: str | None, stories: Stories) -> Group:
    profile = _profile(said)
    users = profile.peak if isinstance(profile, ClosedProfile) else said["users"]
    return Group(
        name=name,
        profile=profile,
        mix=_mix(said, stories),
        think=said["think"],
        users=users,
        region=region,
    )


def _profile(said: _Said) -> Profile:
    for name in ("stage", "arrivals", "profile"):
        profile = said[name]
        if isinstance(profile, OpenProfile):
            return attrs.evolve(profile, poisson=said["pacing"] == "poisson")
        if isinstance(profile, ClosedProfile):
            return profile
    return ClosedProfile.constant(said["users"], said["duration"] or ITERATIONS_LAST_S)


def _mix(said: _Said, stories: Stories) -> dict[str, float]:
    if said["mix"] is None:
        return dict(stories.mixes[said["workload"]])
    for name in said["mix"]:
        if name not in stories.roles_min:
            raise said.error("mix", f"no workflow {name!r}; {nearest(name, stories.roles_min)}")
    return dict(said["mix"])


def _check_roles(said: _Said, load: Load, stories: Stories) -> None:
    """A workflow is cast from all who are on stage, whatever their group."""
    users = sum(group.users for group in load.groups)
    for group in load.groups:
        for name, weight in group.mix.items():
            needed = stories.roles_min[name]
            if weight > 0 and users < needed:
                origin = said.origin("users", "stage", "profile")
                raise UsageError(
                    f"{origin} {users}: workflow {name!r} needs {needed} users; "
                    "say more, or other workflows (--workload baseline needs one)"
                )


def _users(said: _Said, load: Load) -> UserOptions:
    return UserOptions(
        count=sum(group.users for group in load.groups),
        prefix=said["user_prefix"],
        accounts=said["accounts"],
        setup_concurrency=said["setup_concurrency"],
        cleanup=said["cleanup"],
    )


def _story_options(said: _Said) -> StoryOptions:
    return StoryOptions(
        files=said.many("workflows"),
        collaborators=said["collaborators"],
        file_size=said["file_size"],
        propagation_timeout_s=said["propagation_timeout"],
        skip_unsupported=said["skip_unsupported"],
        allow_violations=said["allow_violations"],
    )


def _standin_options(said: _Said) -> tuple[str, ...]:
    faults = (word for fault in said.many("standin_fault") for word in ("--fault", fault))
    words = (*faults, *said.many("standin_option"))
    if words:
        from sim.options.standin import read_standin_words

        read_standin_words(words, said.origin("standin_option", "standin_fault"))
    return words


def _thresholds(said: _Said, load: Load) -> tuple[Threshold, ...]:
    """Raises UsageError on a group or region that is none, and on a breakpoint that nothing can break."""
    thresholds: tuple[Threshold, ...] = said.many("threshold")
    groups = [group.name for group in load.groups]
    regions = [region.name for region in load.regions]
    for threshold in thresholds:
        for what, chosen, known in (
            ("group", threshold.metric.group, groups),
            ("region", threshold.metric.region, regions),
        ):
            if chosen is not None and chosen not in known:
                hint = nearest(chosen, known) if known else f"there are no {what}s"
                raise said.error("threshold", f"{threshold.text!r}: no {what} {chosen!r}; {hint}")
    seeking = any(isinstance(g.profile, OpenProfile) and g.profile.breakpoint for g in load.groups)
    if seeking and not any(threshold.aborts for threshold in thresholds):
        raise UsageError(
            "--profile breakpoint: nothing can break; add a --threshold that ends with 'abort', "
            "as in 'errors: rate<1% abort'"
        )
    return thresholds
