"""The cut: the union of the parts is the whole, for every number of shards."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain, pairwise
from pathlib import Path
from random import Random

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.secret import Secret
from sim.config.grammar.shapes import ClosedProfile, OpenProfile, Stage
from sim.config.model import Casting, Config
from sim.config.share import Dealt
from sim.config.usage import UsageError
from sim.fleet.cut import check_casts, max_shards, split
from sim.fleet.travelling import files_of, with_accounts, with_files
from sim.world.people import people_of
from tests.sim.fleet.support import accounts_file, config_of, group_of, some_config

SHARDS = st.integers(1, 12)
CONFIGS = st.integers(0, 10**6).map(lambda seed: some_config(Random(seed)))
CASTS = {"baseline": 1, "note_share": 2, "collaboration": 5}


def who(config: Config) -> list[tuple[str, str, str, str]]:
    """Everybody by group, name, region and address."""
    people = people_of(config, "sim-00000000")
    return [(name, one.uid, one.region, one.email) for name, members in people.items() for one in members]


@given(CONFIGS, SHARDS)
def test_every_user_of_the_whole_is_in_one_shard_with_their_group_name_and_region(
    config: Config, k: int
) -> None:
    parts = split(config, k)
    assert sorted(chain.from_iterable(map(who, parts))) == sorted(who(config))
    for part in parts:
        assert len(who(part)) == part.users.count == sum(group.users for group in part.load.groups)
        assert part.crowd == config.crowd


@given(CONFIGS, SHARDS)
def test_no_shard_has_two_users_more_than_another_in_all_or_in_a_group(config: Config, k: int) -> None:
    parts = split(config, k)
    counts = [[group.users for group in part.load.groups] for part in parts]
    for column in (*zip(*counts, strict=True), tuple(map(sum, counts))):
        assert max(column) - min(column) <= 1


@given(CONFIGS, SHARDS)
def test_as_many_users_are_on_stage_in_all_shards_together_as_in_the_whole_at_every_instant(
    config: Config, k: int
) -> None:
    parts = split(config, k)
    for place, group in enumerate(config.load.groups):
        profiles = [part.load.groups[place].profile for part in parts]
        if not isinstance(group.profile, ClosedProfile):
            continue
        assert all(isinstance(each, ClosedProfile) for each in profiles)
        closed = [each for each in profiles if isinstance(each, ClosedProfile)]
        for at, users in [*group.profile.changes(), (group.profile.duration_s, group.profile.users_at(1e9))]:
            assert sum(each.users_at(at) for each in closed) == users
        # Each changes where it says that it does, and at no other instant of the whole.
        for each in closed:
            now, instants = 0, dict(each.changes())
            for at, _ in group.profile.changes():
                now = instants.get(at, now)
                assert each.users_at(at) == now
            assert each.peak <= config.load.groups[place].users


def instants(profile: OpenProfile, seed: str) -> list[float]:
    """When what falls to it arrives, as an executor plays it."""
    arrivals = enumerate(profile.arrivals(Random(seed)))
    return [at for number, at in arrivals if profile.part.has(number)]


@given(CONFIGS, SHARDS)
def test_what_arrives_in_all_shards_together_is_what_arrives_in_the_whole(config: Config, k: int) -> None:
    for place, group in enumerate(config.load.groups):
        if isinstance(group.profile, OpenProfile):
            parts = [part.load.groups[place].profile for part in split(config, k)]
            dealt = [instants(part, "s") for part in parts if isinstance(part, OpenProfile)]
            assert sorted(chain.from_iterable(dealt)) == instants(group.profile, "s")
            assert max(map(len, dealt)) - min(map(len, dealt)) <= 1


@pytest.mark.parametrize("k", [1, 2, 3, 8])
def test_even_arrivals_at_one_rate_are_shifted_by_a_part_of_the_pause_between_two(k: int) -> None:
    rate, profile = 10.0, OpenProfile((Stage(0.0, 10.0), Stage(60.0, 10.0)), poisson=False)
    for number, part in enumerate(split(config_of(group_of(profile, 40)), k), 1):
        mine = part.load.groups[0].profile
        assert isinstance(mine, OpenProfile)
        due = instants(mine, "s")
        assert due[0] == pytest.approx(number / rate)
        pauses = [later - earlier for earlier, later in pairwise(due)]
        assert pauses == pytest.approx([k / rate] * len(pauses))


@given(CONFIGS, SHARDS)
def test_iterations_are_dealt_and_seeds_are_kept(config: Config, k: int) -> None:
    parts = split(config, k)
    assert {part.load.seed for part in parts} == {config.load.seed}
    dealt = [part.load.iterations for part in parts]
    if config.load.iterations is None:
        assert set(dealt) == {None}
    else:
        assert sum(each for each in dealt if each is not None) == config.load.iterations


@given(st.integers(0, 500), st.integers(0, 200), SHARDS)
def test_what_is_dealt_after_something_else_is_dealt_on_from_there(before: int, count: int, k: int) -> None:
    for first in range(k):
        part = Dealt(first, k)
        mine = [place for place in range(before + count) if part.has(place)]
        assert len(mine) == part.count(before + count)
        after = part.after(before)
        assert [before + place for place in range(count) if after.has(place)] == [
            p for p in mine if p >= before
        ]


def closed(users: int) -> ClosedProfile:
    return ClosedProfile.constant(users, 10.0)


@pytest.mark.parametrize(
    ("make", "most"),
    [
        (lambda: config_of(group_of(closed(12), mix={"collaboration": 1.0, "baseline": 9.0})), 2),
        (lambda: config_of(group_of(closed(12), mix={"collaboration": 0.0, "baseline": 9.0})), 6),
        (lambda: config_of(group_of(closed(12), name="a"), group_of(closed(4), name="b")), 2),
        (
            lambda: config_of(
                group_of(closed(12), name="a", cast=Casting.ALL),
                group_of(closed(4), name="b", cast=Casting.ALL),
            ),
            8,
        ),
    ],
)
def test_each_shard_has_the_largest_cast_and_one_more_or_one_line_says_why_not(
    make: Callable[[], Config], most: int
) -> None:
    config = make()
    assert max_shards(config, CASTS) == most
    check_casts(config, most, CASTS)
    with pytest.raises(
        UsageError, match=f"--shards {most + 1}: .*largest cast, and one more.*--shards {most}"
    ) as no:
        check_casts(config, most + 1, CASTS)
    assert "\n" not in str(no.value)


def test_with_fewer_iterations_than_shards_one_of_them_would_have_nothing_to_do() -> None:
    config = config_of(group_of(closed(40)), iterations=3)
    check_casts(config, 3, CASTS)
    with pytest.raises(UsageError, match="--iterations 3"):
        check_casts(config, 4, CASTS)


def test_no_shard_judges_limits_writes_results_or_keeps_a_history() -> None:
    config = config_of(group_of(closed(40)))
    config = attrs.evolve(config, output=attrs.evolve(config.output, live=True, history=True))
    for part in split(config, 2):
        assert not part.thresholds
        assert not part.output.files
        assert not part.output.has_page
        assert not part.output.history


def test_accounts_that_are_listed_are_dealt_with_the_users_who_have_their_numbers(tmp_path: Path) -> None:
    config = config_of(group_of(closed(5)))
    users = attrs.evolve(config.users, accounts=accounts_file(tmp_path, 7))
    config = with_accounts(attrs.evolve(config, users=users))
    assert len(config.users.listed) == 5
    whole = {one.uid: (one.display_name, one.password) for one in people_of(config)["all"]}
    found: dict[str, tuple[str, Secret]] = {}
    for part in split(config, 2):
        # The file itself is on another machine.
        part = attrs.evolve(part, users=attrs.evolve(part.users, accounts=tmp_path / "nowhere"))
        found |= {one.uid: (one.display_name, one.password) for one in people_of(part)["all"]}
        assert len(part.users.listed) == part.users.count
    assert found == whole


def test_files_travel_without_the_passwords_of_accounts_and_are_read_where_they_come_to(
    tmp_path: Path,
) -> None:
    flow = tmp_path / "flow.py"
    flow.write_text("# a story\n")
    config = config_of(group_of(closed(5)))
    config = attrs.evolve(
        config,
        users=attrs.evolve(config.users, accounts=accounts_file(tmp_path, 5)),
        stories=attrs.evolve(config.stories, files=(flow,)),
    )
    files = files_of(config)
    assert "pass" not in "".join(files.values())
    there = tmp_path / "there"
    there.mkdir()
    moved = with_files(config, files, there)
    assert moved.stories.files[0].is_relative_to(there)
    assert moved.stories.files[0].name == "flow.py"
    assert moved.stories.files[0].read_text() == "# a story\n"
    assert all(path.stat().st_mode & 0o077 == 0 for path in there.rglob("*.py"))
