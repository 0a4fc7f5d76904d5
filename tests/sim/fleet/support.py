"""Configurations to be cut."""

from __future__ import annotations

from pathlib import Path
from random import Random

import attrs

from sim.config.grammar.distribution import parse_distribution
from sim.config.grammar.region import Region
from sim.config.grammar.shapes import ClosedProfile, OpenProfile, Profile, Stage
from sim.config.model import (
    Casting,
    Config,
    Group,
    Load,
    LoginOptions,
    Output,
    StoryOptions,
    Target,
    UserOptions,
)

REGIONS = (Region("eu", 0.6, 0.02), Region("ap", 0.4, 0.2))


def config_of(*groups: Group, seed: int = 1, iterations: int | None = None, **more: object) -> Config:
    config = Config(
        target=Target(virtual=True),
        login=LoginOptions(),
        users=UserOptions(count=sum(group.users for group in groups)),
        load=Load(groups=groups, seed=seed, iterations=iterations, regions=REGIONS),
        stories=StoryOptions(),
        output=Output(),
    )
    return attrs.evolve(config, **more)


def group_of(profile: Profile, users: int | None = None, name: str = "all", **more: object) -> Group:
    count = users if users is not None else int(profile.peak)
    group = Group(name, profile, {"baseline": 1.0}, parse_distribution("exp:1s"), count)
    return attrs.evolve(group, **more)


def some_profile(random: Random) -> Profile:
    """Ramps, jumps and pauses, of users or of arrivals."""
    lengths = [0.0, random.uniform(0, 9), 0.0, random.uniform(0, 9)]
    if random.random() < 0.5:
        return ClosedProfile(
            (*(Stage(s, random.randint(0, 30)) for s in lengths), Stage(5.0, random.randint(1, 9)))
        )
    rates = (*(Stage(s, random.uniform(0, 9)) for s in lengths), Stage(5.0, 4.0))
    return OpenProfile(rates, poisson=random.random() < 0.5)


def some_config(random: Random) -> Config:
    groups = []
    for number in range(random.randint(1, 3)):
        profile = some_profile(random)
        users = max(1, int(profile.peak)) if isinstance(profile, ClosedProfile) else random.randint(1, 40)
        region = random.choice([None, "ap"])
        cast = random.choice(list(Casting))
        groups.append(group_of(profile, users, f"g{number}", region=region, cast=cast))
    iterations = random.choice([None, random.randint(1, 1000)])
    return config_of(*groups, seed=random.randint(0, 99), iterations=iterations)


def accounts_file(folder: Path, count: int) -> Path:
    path = folder / "accounts.txt"
    path.write_text("# ours\n" + "".join(f"user {n}\tpass {n}\n" for n in range(1, count + 1)))
    return path
