"""What can be said and is not done yet: refused before anything happens, never quietly ignored."""

from __future__ import annotations

from sim.config import AuthMode, Config
from sim.options.errors import UsageError


def refuse(config: Config) -> None:
    """Raises UsageError for what this release reads but cannot do."""
    wanted = {
        f"--auth {config.login.auth.value}: this way to log in": config.login.auth
        not in (AuthMode.AUTO, AuthMode.OAUTH),
    }
    for what, asked in wanted.items():
        if asked:
            raise UsageError(f"{what} is not part of this release")
