"""The people of a run: new ones with a random password, or those of an accounts file."""

from __future__ import annotations

import secrets
import string
from pathlib import Path
from random import Random

from actors.errors import SetupError
from actors.ports import Person
from actors.secret import Secret
from sim.config import Config
from sim.removal import marker_email

PASSWORD_LENGTH = 24
PASSWORD_SIGNS = string.ascii_letters + string.digits


def people_of(config: Config) -> dict[str, list[Person]]:
    """The people of each group, by its name. Raises SetupError for an accounts file that will not do."""
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
            uid, password = (
                accounts[number - 1]
                if accounts is not None
                else (f"{config.users.prefix}_user_{number}", new_password())
            )
            people[group.name].append(
                Person(
                    uid=uid,
                    password=password,
                    display_name=f"Load Test User {number}",
                    email=marker_email(uid),
                    group=group.name if len(config.load.groups) > 1 else "",
                    region=region,
                )
            )
    return people


def new_password() -> Secret:
    """Random, with a letter of each kind and a digit, as password policies want them."""
    while True:
        text = "".join(secrets.choice(PASSWORD_SIGNS) for _ in range(PASSWORD_LENGTH))
        if (
            any(c.islower() for c in text)
            and any(c.isupper() for c in text)
            and any(c.isdigit() for c in text)
        ):
            return Secret(text)


def draw_region(config: Config, draw: Random) -> str:
    regions = config.load.regions
    if not regions:
        return ""
    return draw.choices([r.name for r in regions], [r.share for r in regions])[0]


def read_accounts(path: Path) -> list[tuple[str, Secret]]:
    """Accounts that exist: user name, white space, password, a line each; `#` begins a comment.

    Raises SetupError that names the line, and never shows a password.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(f"--accounts {path}: cannot be read ({type(error).__name__})") from error
    accounts: dict[str, Secret] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        words = line.split(maxsplit=1)
        if len(words) != 2:
            raise SetupError(f"--accounts {path}, line {number}: a user name and a password, please")
        if words[0] in accounts:
            raise SetupError(f"--accounts {path}, line {number}: {words[0]} stands there twice")
        accounts[words[0]] = Secret(words[1].strip())
    return list(accounts.items())
