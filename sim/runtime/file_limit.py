"""How many connections this process may have open."""

from __future__ import annotations

import resource

from actors.errors import SetupError

SPARE = 200


def raise_file_limit(users: int) -> None:
    """Raise the limit of open files as far as this user may, for `users` with a connection each.

    A user has a second one for moments only. Raises SetupError where there are not enough.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed, wanted = users + SPARE, 2 * users + SPARE
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    most = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
    if most < needed:
        raise SetupError(
            f"{users} users need {needed} open files, and {hard} are allowed: raise the limit "
            f"(ulimit -n {needed}, or LimitNOFILE of the service), or say fewer --users"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
