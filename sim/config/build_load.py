"""The load that settings ask for: groups of users, each with a shape, a mix and a region."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import attrs

from sim.config.grammar.piece import GrammarError, nearest
from sim.config.grammar.region import Region, check_regions
from sim.config.grammar.shapes import ClosedProfile, OpenProfile, Profile
from sim.config.layers import GroupSettings
from sim.config.merged import Said
from sim.config.model import Casting, Group, Load
from sim.config.usage import UsageError

WHOLE_RUN = "all"
"""Name of the group of a run that has no groups."""
ITERATIONS_LAST_S = 86_400.0
"""A run that ends after a number of workflows ends after a day at the latest."""


@attrs.frozen
class Stories:
    """What is known of workflows.

    Attributes:
        mixes: the named workloads: weights by workflow.
        roles_min: the fewest users a workflow can be played with, by its name.
        steps: how many calls one execution makes, by its name.
        step_names: the names of its steps, by its name; `{i}` in one stands for a number.
    """

    mixes: Mapping[str, Mapping[str, float]]
    roles_min: Mapping[str, int]
    steps: Mapping[str, int]
    step_names: Mapping[str, Sequence[str]]


ReadStories = Callable[[Sequence[Path]], Stories]
"""Reads the built-in workflows and those in these files. Raises UsageError."""


def build_load(said: Said, tables: Sequence[GroupSettings], stories: Stories) -> Load:
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
    said: Said, tables: Sequence[GroupSettings], regions: Sequence[Region], stories: Stories
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


def _group(name: str, said: Said, region: str | None, stories: Stories) -> Group:
    profile = _profile(said)
    users = profile.peak if isinstance(profile, ClosedProfile) else said["users"]
    return Group(
        name=name,
        profile=profile,
        mix=_mix(said, stories),
        think=said["think"],
        users=users,
        region=region,
        cast=said["cast"],
    )


def _profile(said: Said) -> Profile:
    for name in ("stage", "arrivals", "profile"):
        profile = said[name]
        if isinstance(profile, OpenProfile):
            return attrs.evolve(profile, poisson=said["pacing"] == "poisson")
        if isinstance(profile, ClosedProfile):
            return profile
    return ClosedProfile.constant(said["users"], said["duration"] or ITERATIONS_LAST_S)


def _mix(said: Said, stories: Stories) -> dict[str, float]:
    if said["mix"] is None:
        return dict(stories.mixes[said["workload"]])
    for name in said["mix"]:
        if name not in stories.roles_min:
            raise said.error("mix", f"no workflow {name!r}; {nearest(name, stories.roles_min)}")
    return dict(said["mix"])


def check_roles(said: Said, load: Load, stories: Stories) -> None:
    """There are enough users for each workflow among those whom it is cast from."""
    everybody = sum(group.users for group in load.groups)
    for group in load.groups:
        users = everybody if group.cast is Casting.ALL else group.users
        for name, weight in group.mix.items():
            needed = stories.roles_min[name]
            if weight > 0 and users < needed:
                raise UsageError(too_few(said, group, name, users, needed, everybody))


def too_few(said: Said, group: Group, workflow: str, users: int, needed: int, everybody: int) -> str:
    """What to do where a workflow has not users enough."""
    if users < everybody:
        also = ' or cast = "all" (from everybody, whatever their group),' if everybody >= needed else ""
        return (
            f"group {group.name!r} has {users} users, and workflow {workflow!r} needs {needed}, "
            f"which are cast within the group; say more,{also} or other workflows"
        )
    origin = said.origin("users", "stage", "profile")
    return (
        f"{origin} {users}: workflow {workflow!r} needs {needed} users; "
        "say more, or other workflows (--workload baseline needs one)"
    )
