"""The load that settings ask for: groups of users, each with a shape, a mix and a region."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from sim.config.grammar.piece import GrammarError, nearest
from sim.config.grammar.region import Region, check_regions
from sim.config.grammar.shapes import ClosedProfile, OpenProfile, Profile
from sim.config.layers import GroupSettings
from sim.config.merged import Merged
from sim.config.model import Casting, Group, Load, StoryOptions
from sim.config.option import Option, option_of
from sim.config.options import (
    DURATION,
    MIX,
    PACING,
    PROFILE,
    SEED,
    SHAPES,
    STAGE,
    THINK,
    USERS,
    WORKLOAD,
)
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
        tool_mix: the name of the workflow that is made of `--tools`; "" where there is none.
    """

    mixes: Mapping[str, Mapping[str, float]]
    roles_min: Mapping[str, int]
    steps: Mapping[str, int]
    step_names: Mapping[str, Sequence[str]]
    tool_mix: str = ""


ReadStories = Callable[[StoryOptions], Stories]
"""Reads the built-in workflows, those in its files, and what is made of its tools. Raises UsageError."""


def build_load(merged: Merged, stories: Stories) -> Load:
    """Raises UsageError."""
    rows = merged.rows(Load)
    regions: tuple[Region, ...] = rows["regions"]
    try:
        check_regions(regions)
    except GrammarError as error:
        raise merged.error(attrs.fields(Load).regions, error.problem) from None
    seed = merged[SEED]
    return Load(groups=_groups(merged, regions, stories), seed=0 if seed is None else seed, **rows)


def _groups(merged: Merged, regions: Sequence[Region], stories: Stories) -> tuple[Group, ...]:
    tables = merged.groups
    if not tables:
        return (_group(WHOLE_RUN, merged, None, stories),)
    crowd: tuple[Option[Any], ...] = (USERS, *SHAPES)
    for option in crowd:
        if merged.get(option) is not None:
            raise merged.error(option, f"the groups of {tables[0].origin.partition(': ')[0]} say this")
    for table in tables:
        _check_region(table, regions)
    return tuple(_group(table.name, merged.over(table.settings), table.region, stories) for table in tables)


def _check_region(table: GroupSettings, regions: Sequence[Region]) -> None:
    names = [region.name for region in regions]
    if table.region is not None and table.region not in names:
        known = nearest(table.region, names) if names else "there are no regions"
        raise UsageError(f"{table.origin}.region: no region {table.region!r}; {known}")


def _group(name: str, merged: Merged, region: str | None, stories: Stories) -> Group:
    profile = _profile(merged)
    return Group(
        name=name,
        profile=profile,
        mix=_mix(merged, stories),
        think=merged[THINK],
        users=profile.peak if isinstance(profile, ClosedProfile) else merged[USERS],
        region=region,
        **merged.rows(Group),
    )


def _profile(merged: Merged) -> Profile:
    for option in SHAPES:
        profile = merged[option]
        if isinstance(profile, OpenProfile):
            return attrs.evolve(profile, poisson=merged[PACING] == "poisson")
        if isinstance(profile, ClosedProfile):
            return profile
    return ClosedProfile.constant(merged[USERS], merged.get(DURATION) or ITERATIONS_LAST_S)


def _mix(merged: Merged, stories: Stories) -> dict[str, float]:
    """What is said, and a mix of tools beside it: with the weight of its tools, where that is not said."""
    tools: dict[str, float] | None = merged[option_of(attrs.fields(StoryOptions).tools)]
    mix: Mapping[str, float] | None = merged[MIX]
    if mix is None:
        is_alone = tools is not None and merged.is_default(WORKLOAD)
        mix = {} if is_alone else stories.mixes[merged[WORKLOAD]]
    if tools is not None:
        mix = {stories.tool_mix: sum(tools.values()), **mix}
    for name in mix:
        if name not in stories.roles_min:
            raise merged.error(MIX, f"no workflow {name!r}; {nearest(name, stories.roles_min)}")
    return dict(mix)


def check_roles(merged: Merged, load: Load, stories: Stories) -> None:
    """There are enough users for each workflow among those whom it is cast from."""
    everybody = sum(group.users for group in load.groups)
    for group in load.groups:
        users = everybody if group.cast is Casting.ALL else group.users
        for name, weight in group.mix.items():
            needed = stories.roles_min[name]
            if weight > 0 and users < needed:
                raise UsageError(too_few(merged, group, name, users, needed, everybody))


def too_few(merged: Merged, group: Group, workflow: str, users: int, needed: int, everybody: int) -> str:
    """What to do where a workflow has not users enough."""
    if users < everybody:
        also = ' or cast = "all" (from everybody, whatever their group),' if everybody >= needed else ""
        return (
            f"group {group.name!r} has {users} users, and workflow {workflow!r} needs {needed}, "
            f"which are cast within the group; say more,{also} or other workflows"
        )
    origin = merged.origin(USERS, STAGE, PROFILE)
    return (
        f"{origin} {users}: workflow {workflow!r} needs {needed} users; "
        "say more, or other workflows (--workload baseline needs one)"
    )
