"""The people of a run: new ones with a random password, or those of an accounts file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

import attrs

from actors.errors import SetupError
from actors.new_password import new_password
from actors.ports import Person
from actors.secret import Secret
from sim.clean.marker import marker_email
from sim.config.accounts_file import read_accounts
from sim.config.model import Config, UserOptions
from sim.config.sought import shares


def people_of(config: Config, mark: str = "") -> dict[str, list[Person]]:
    """The people of each group, by its name, with `mark` in their addresses.

    Those of a shard have the numbers and the regions that they have in the whole crowd; it lists
    their accounts alone. Raises SetupError for an accounts file that will not do.
    """
    accounts = accounts_of(config.users)
    needed = config.users.count
    if accounts is not None and len(accounts) < needed:
        raise SetupError(
            f"--accounts {config.users.accounts}: {len(accounts)} accounts for {needed} users; "
            "add some, or say fewer --users"
        )
    draw = Random(f"{config.load.seed}/regions")  # noqa: S311  reproducible draws, not secrets
    given, share = iter(accounts or ()), config.load.share
    people: dict[str, list[Person]] = {}
    number = 0
    for place, group in enumerate(config.load.groups):
        people[group.name] = []
        for _ in range(share.crowd[place] if share.crowd else group.users):
            number += 1
            region = group.region or draw_region(config, draw)
            if not share.dealt.has(number - 1):
                continue
            if accounts is not None:
                person = Person(*next(given), f"Load Test User {number}")
            else:
                person = numbered(config, number, new_password(), mark)
            label = group.name if len(config.load.groups) > 1 else ""
            people[group.name].append(attrs.evolve(person, group=label, region=region))
    return people


def accounts_of(users: UserOptions) -> Sequence[tuple[str, Secret]] | None:
    """Log-in names and passwords; None where users are created. Raises SetupError for a bad file."""
    if users.accounts is None:
        return None
    return users.listed or read_accounts(users.accounts)


def numbered(config: Config, number: int, password: Secret, mark: str) -> Person:
    """A new user with this number."""
    uid = f"{config.users.prefix}_user_{number}"
    email = marker_email(uid, mark, config.users.mail_domain)
    return Person(uid, password, f"Load Test User {number}", email)


def regrouped(groups: Mapping[str, Sequence[Person]], people: Sequence[Person]) -> dict[str, list[Person]]:
    """`people`, in the order of all those in `groups`, in their places there."""
    rest = iter(people)
    return {name: [next(rest) for _ in members] for name, members in groups.items()}


def called_up(
    there: Mapping[str, Sequence[Person]], later: Mapping[str, Sequence[Person]], wanted: Mapping[str, int]
) -> tuple[dict[str, list[Person]], dict[str, list[Person]]]:
    """So many in each group, of those who come later, in their order; and who comes later still."""
    needed = {name: max(0, wanted.get(name, 0) - len(members)) for name, members in there.items()}
    rest = {name: list(later.get(name, ())) for name in there}
    grown = {name: [*members, *rest[name][: needed[name]]] for name, members in there.items()}
    return grown, {name: members[needed[name] :] for name, members in rest.items()}


def at_first(
    config: Config, people: Mapping[str, Sequence[Person]]
) -> tuple[dict[str, list[Person]], dict[str, list[Person]]]:
    """Who is there from the beginning, and who comes when a search calls them up."""
    sought, groups = config.sought, config.load.groups
    if sought is None:
        return {name: list(members) for name, members in people.items()}, {}
    counts = shares([group.users for group in groups], sought.first)
    wanted = {group.name: count for group, count in zip(groups, counts, strict=True)}
    return called_up({name: [] for name in people}, people, wanted)


def new_ones(before: Mapping[str, Sequence[Person]], now: Mapping[str, Sequence[Person]]) -> list[Person]:
    """Who stands at the end of each group, and did not before."""
    return [person for name, members in now.items() for person in members[len(before[name]) :]]


def draw_region(config: Config, draw: Random) -> str:
    regions = config.load.regions
    if not regions:
        return ""
    return draw.choices([r.name for r in regions], [r.share for r in regions])[0]
