"""The cut: one configuration into those of several shards, of which the union is the whole.

Users are dealt like cards, in the order of their numbers, and keep number, name, region and draws; so what
each does does not depend on how many shards there are. Shapes are dealt likewise: who comes on stage as the
n-th, and what arrives as the n-th, falls to one shard, at the instant that it has in the whole.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from sim.config.grammar.shapes import Profile
from sim.config.model import Casting, Config, Group, Load, Output, UserOptions
from sim.config.share import Dealt, ShareOfCrowd
from sim.config.usage import UsageError

QUIET = Output(quiet=True, history=False)


def split(config: Config, shards: int) -> tuple[Config, ...]:
    """The configuration of each shard. Limits are judged on all shards together, so none of them has any.

    Of accounts that are listed each gets its own. Workflows are cast within a shard; `check_casts` says
    whether there are users enough for that.
    """
    return tuple(part_of(config, number, shards) for number in range(1, shards + 1))


def part_of(config: Config, number: int, shards: int) -> Config:
    """That of the `number`-th of so many, from 1."""
    crowd = tuple(group.users for group in config.load.groups)
    share = ShareOfCrowd(number, shards, crowd)
    load = part_of_load(config.load, share)
    return attrs.evolve(
        config,
        load=load,
        users=part_of_users(config.users, share, sum(group.users for group in load.groups)),
        thresholds=(),
        output=attrs.evolve(QUIET, ledger=config.output.ledger, trace_share=config.output.trace_share),
    )


def part_of_load(load: Load, share: ShareOfCrowd) -> Load:
    groups, passed = [], 0
    for group in load.groups:
        groups.append(part_of_group(group, share.dealt.after(passed)))
        passed += group.users
    iterations = None if load.iterations is None else share.dealt.count(load.iterations)
    return attrs.evolve(load, groups=tuple(groups), iterations=iterations, shards=1, share=share)


def part_of_group(group: Group, dealt: Dealt) -> Group:
    profile: Profile = attrs.evolve(group.profile, part=dealt)
    return attrs.evolve(group, profile=profile, users=dealt.count(group.users))


def part_of_users(users: UserOptions, share: ShareOfCrowd, count: int) -> UserOptions:
    """Setting up, all together ask no more at a time than the whole would; but each one thing at least."""
    return attrs.evolve(
        users,
        count=count,
        listed=tuple(each for place, each in enumerate(users.listed) if share.dealt.has(place)),
        setup_concurrency=max(1, share.dealt.count(users.setup_concurrency)),
        creation_concurrency=max(1, share.dealt.count(users.creation_concurrency)),
    )


def check_casts(config: Config, shards: int, casts: Mapping[str, int]) -> None:
    """Whether every shard has users enough for each workflow: those of its largest cast, and one more.

    Raises UsageError.

    Args:
        casts: the most users that a workflow is played with, by its name.
    """
    iterations = config.load.iterations
    if iterations is not None and iterations < shards:
        raise UsageError(
            f"--shards {shards}: there is nothing to do for each of them in --iterations {iterations}"
        )
    most = max_shards(config, casts)
    if shards <= most:
        return
    group, workflow, needed = neediest(config, casts)
    users = castable(config, group)
    whose = "" if group.cast is Casting.ALL or len(config.load.groups) == 1 else f" of group {group.name!r}"
    advice = f"say --shards {most} at most, or " if most > 1 else "leave out --shards, or "
    raise UsageError(
        f"--shards {shards}: {users} users{whose} are {users // shards} a shard, and workflow {workflow!r} "
        f"needs {needed} there (its largest cast, and one more); {advice}more users ({needed * shards})"
    )


def max_shards(config: Config, casts: Mapping[str, int]) -> int:
    """Into so many the crowd can be split; at least 1."""
    return max(1, min(users // needed for users, needed in needs(config, casts)))


def needs(config: Config, casts: Mapping[str, int]) -> list[tuple[int, int]]:
    """Of each group: from how many users it is cast, and how many of them a shard needs."""
    return [(castable(config, group), needed_by(group, casts)[1]) for group in config.load.groups]


def castable(config: Config, group: Group) -> int:
    """From how many users its workflows are cast."""
    return config.crowd if group.cast is Casting.ALL else group.users


def needed_by(group: Group, casts: Mapping[str, int]) -> tuple[str, int]:
    """The workflow with the largest cast, and how many users a shard needs for it."""
    played = [name for name, weight in group.mix.items() if weight > 0]
    return max(((name, casts[name] + 1) for name in played), key=lambda each: each[1])


def neediest(config: Config, casts: Mapping[str, int]) -> tuple[Group, str, int]:
    """The group that leaves room for the fewest shards, with its workflow and what that needs."""
    rooms = [users // needed for users, needed in needs(config, casts)]
    group = config.load.groups[rooms.index(min(rooms))]
    return (group, *needed_by(group, casts))
