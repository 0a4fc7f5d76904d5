"""Accounts that exist, as a person lists them in a file."""

from __future__ import annotations

from pathlib import Path

from actors.errors import SetupError
from actors.secret import Secret
from actors.text import harmless


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
