"""Who plays, and how they log in."""

from __future__ import annotations

import attrs

from sim.config.merged import Merged
from sim.config.model import AuthMode, Config, Load, LoginDriver, LoginOptions, Target, UserOptions

MAX_CREATIONS = 2
"""Users created at the same time where nothing is said."""
_LOGIN = attrs.fields(LoginOptions)
_RUN = attrs.fields(Config)


def build_login(merged: Merged, target: Target) -> LoginOptions:
    """Raises UsageError."""
    login = LoginOptions(**merged.rows(LoginOptions))
    if target.virtual:
        never = (_LOGIN.driver, _LOGIN.headed, _LOGIN.browser, _LOGIN.auth, _RUN.client, _RUN.protocol)
        merged.forbid(never, "nobody logs in on the virtual clock")
    if login.headed and (login.driver is LoginDriver.HTTP or login.auth is AuthMode.BASIC):
        advice = "there is no browser to show; leave it out, or say --login browser"
        raise merged.error(_LOGIN.headed, advice)
    if login.client_secret and login.client_id is None:
        raise merged.error(_LOGIN.client_secret, "whose secret is it? Say --client-id")
    if login.auth is AuthMode.BASIC:
        merged.forbid((_LOGIN.client_id,), "there is no OAuth client with --auth basic")
    # Whoever asks to see the browser wants one.
    return attrs.evolve(login, driver=LoginDriver.BROWSER) if login.headed else login


def build_users(merged: Merged, load: Load) -> UserOptions:
    """As many as the groups of the load need."""
    users = UserOptions(count=sum(group.users for group in load.groups), **merged.rows(UserOptions))
    # Said, the number of logins counts for creations too; its default is too much for them on a real server.
    at_once = users.setup_concurrency
    if merged.is_default(attrs.fields(UserOptions).setup_concurrency):
        at_once = min(at_once, MAX_CREATIONS)
    return attrs.evolve(users, creation_concurrency=at_once)
