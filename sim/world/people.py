"""The people of a run: new ones with a random password, or those of an accounts file."""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

import attrs

from actors.errors import SetupError
from actors.ports import Person
from actors.secret import Secret
from actors.text import harmless
from sim.clean.marker import marker_email
from sim.config.model import Config

PASSWORD_LENGTH = 32
SPECIAL_SIGNS = "-_.!*~"
"""Neither letters nor digits for password policies, and harmless in forms, URLs and Basic credentials."""

PASSWORD_KINDS = (string.ascii_lowercase, string.ascii_uppercase, string.digits, SPECIAL_SIGNS)
PASSWORD_SIGNS = "".join(PASSWORD_KINDS)


def people_of(config: Config, mark: str = "") -> dict[str, list[Person]]:
    """The people of each group, by its name, with `mark` in their addresses.

    Raises SetupError for an accounts file that will not do.
    """
    accounts = read_accounts(config.users.accounts) if config.users.accounts else None
    needed = config.users.count
    if accounts is not None and len(accounts) < needed:
        raise SetupError(
            f"--accounts {config.users.accounts}: {len(accounts)} accounts for {needed} users; "
            "add some, or say fewer --users"
        )
    draw = Random(f"{config.load.seed}/regions")  # noqa: S311  reproducible draws, not secrets
    people: dict[str, list[Person]] = {}
    number = 0
    for group in config.load.groups:
        people[group.name] = []
        for _ in range(group.users):
            number += 1
            region = group.region or draw_region(config, draw)
            if accounts is not None:
                login, password = accounts[number - 1]
                person = Person(login, password, f"Load Test User {number}")
            else:
                person = numbered(config, number, new_password(), mark)
            label = group.name if len(config.load.groups) > 1 else ""
            people[group.name].append(attrs.evolve(person, group=label, region=region))
    return people


def numbered(config: Config, number: int, password: Secret, mark: str) -> Person:
    """A new user with this number."""
    uid = f"{config.users.prefix}_user_{number}"
    email = marker_email(uid, mark, config.users.mail_domain)
    return Person(uid, password, f"Load Test User {number}", email)


def regrouped(groups: Mapping[str, Sequence[Person]], people: Sequence[Person]) -> dict[str, list[Person]]:
    """`people`, in the order of all those in `groups`, in their places there."""
    rest = iter(people)
    return {name: [next(rest) for _ in members] for name, members in groups.items()}


def new_password(least_length: int = 0) -> Secret:
    """Random, with a letter of each case, a digit and a special sign, as password policies want them."""
    length = max(PASSWORD_LENGTH, least_length)
    while True:
        text = "".join(secrets.choice(PASSWORD_SIGNS) for _ in range(length))
        if all(any(sign in kind for sign in text) for kind in PASSWORD_KINDS):
            return Secret(text)


def draw_region(config: Config, draw: Random) -> str:
    regions = config.load.regions
    if not regions:
        return ""
    return draw.choices([r.name for r in regions], [r.share for r in regions])[0]


def read_accounts(path: Path) -> list[tuple[str, Secret]]:
    """Accounts that exist: log-in name, white space, password, a line each; `#` begins a comment.

    Where a line has a TAB, that ends the name, which may hold blanks then. Names that differ in case
    alone are one account for Nextcloud. Raises SetupError that names the line, and never shows a password.
    """
    try:
        # A byte order mark is what some editors put first: no part of a name.
        # Line ends alone end a line: other signs that do so for Python may stand in a password.
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(f"--accounts {path}: cannot be read ({type(error).__name__})") from None
    accounts: dict[str, Secret] = {}
    known: set[str] = set()
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        where = f"--accounts {path}, line {number}"
        name, password = _split_account(line)
        if not name or not password:
            raise SetupError(f"{where}: a user name and a password, please (a TAB between them, or blanks)")
        if harmless(name, 256) != name:
            raise SetupError(f"{where}: the user name holds signs that cannot be seen")
        if name.casefold() in known:
            raise SetupError(f"{where}: {name} stands there twice")
        known.add(name.casefold())
        accounts[name] = Secret(password)
    return list(accounts.items())


def _split_account(line: str) -> tuple[str, str]:
    line = line.strip()
    name, separator, password = line.partition("\t")
    if not separator:
        name, _, password = line.partition(" ")
    return name.strip(), password.strip()
