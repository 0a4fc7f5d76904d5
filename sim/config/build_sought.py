"""A search for capacity, made of a run: the same servers, workflows and groups, and a load that is sought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from sim.config.accounts_file import read_accounts
from sim.config.grammar.shapes import ClosedProfile, OpenProfile, Profile, Stage
from sim.config.model import Casting, Config, Group
from sim.config.sought import SearchBy, Sought, shares
from sim.config.usage import UsageError

SPARE_S = 60.0
"""So much longer than the search its profile lasts."""


def with_search(
    config: Config, by: SearchBy, max_users: int, within_s: float, roles_min: Mapping[str, int]
) -> Config:
    """`config`, whose thresholds are the limits, and whose groups say how users are split.

    Raises UsageError where `max_users` are too few.

    Args:
        roles_min: the fewest users that a workflow can be played with, by its name.
    """
    if config.users.accounts is not None:
        max_users = min(max_users, len(read_accounts(config.users.accounts)))
    weights = [group.users for group in config.load.groups]
    first = least_users(config.load.groups, weights, max_users, roles_min)
    groups = tuple(
        attrs.evolve(group, users=most, profile=profile_of(by, few, within_s))
        for group, most, few in zip(
            config.load.groups, shares(weights, max_users), shares(weights, first), strict=True
        )
    )
    limits = tuple(attrs.evolve(limit, abort_after_s=None) for limit in config.thresholds)
    return attrs.evolve(
        config,
        load=attrs.evolve(config.load, groups=groups, iterations=None),
        users=attrs.evolve(config.users, count=max_users),
        thresholds=(),
        sought=Sought(by, limits, max_users, within_s, first),
    )


def least_users(
    groups: Sequence[Group], weights: Sequence[int], max_users: int, roles_min: Mapping[str, int]
) -> int:
    """The fewest users that can play all workflows. Raises UsageError where they are too many."""
    needs = [max((roles_min[name] for name, w in group.mix.items() if w > 0), default=1) for group in groups]
    for users in range(1, max_users + 1):
        there = shares(weights, users)
        cast_from = [
            users if group.cast is Casting.ALL else count for group, count in zip(groups, there, strict=True)
        ]
        if all(count >= need for count, need in zip(cast_from, needs, strict=True)) and min(there) > 0:
            return users
    raise UsageError(
        f"--max-users {max_users}: too few for the workflows, which need {max(needs)} in a group"
    )


def profile_of(by: SearchBy, users: int, within_s: float) -> Profile:
    """What is followed until the search asks for something else."""
    if by is SearchBy.USERS:
        return ClosedProfile.constant(users, within_s + SPARE_S)
    return OpenProfile((Stage(0.0, 1.0), Stage(within_s + SPARE_S, 1.0)))
