"""The identity half, put together."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from starlette.routing import Route

from sim.standin.identity.api_sessions import ApiSessions
from sim.standin.identity.app_password_book import AppPasswords
from sim.standin.identity.app_password_endpoints import AppPasswordEndpoints
from sim.standin.identity.authorize import Authorization
from sim.standin.identity.clients import Clients, RegisteredClient
from sim.standin.identity.discovery import Discovery
from sim.standin.identity.grants import GrantBook
from sim.standin.identity.identity_options import IdentityOptions
from sim.standin.identity.keys import SigningKey
from sim.standin.identity.login import LoginPages
from sim.standin.identity.login_flow import LoginFlow
from sim.standin.identity.registration import Registration
from sim.standin.identity.sessions import Sessions
from sim.standin.identity.throttle import Throttle
from sim.standin.identity.token_endpoints import TokenEndpoints
from sim.standin.identity.user_directory import Principal, UserDirectory


class Identity:
    """Who may come in: OpenID Connect, login pages, login flow v2, app passwords.

    All state is in memory. A user who is deleted has to be forgotten here too, with `forget_user`.

    Args:
        users: the accounts.
        now: epoch seconds.
        options: lifetimes, limits and test switches.
    """

    def __init__(
        self, users: UserDirectory, now: Callable[[], float], options: IdentityOptions | None = None
    ) -> None:
        self._options = options = options or IdentityOptions()
        self._users = users
        self._counts: Counter[str] = Counter()
        key = SigningKey()
        self.sessions = Sessions(now)
        self.api_sessions = ApiSessions()
        self.throttle = Throttle(now, options.brute_force_s)
        self._grants = GrantBook(options, now, key)
        self._clients = Clients(now, self._forget_client)
        self._app_passwords = AppPasswords(now)
        self._authorization = Authorization(
            options, now, users, self._clients, self.sessions, self._grants, self._counts
        )
        self._login_flow = LoginFlow(options, now, users, self.sessions, self._app_passwords, self._counts)
        self._rooms = (
            Discovery(options, key),
            Registration(options, now, self._clients, self._counts),
            LoginPages(options, users, self.sessions, self.throttle, self._counts),
            self._authorization,
            TokenEndpoints(options, now, users, self._clients, self._grants, key, self._counts),
            self._login_flow,
            AppPasswordEndpoints(options, users, self.sessions, self._app_passwords, self._counts),
        )

    def routes(self) -> list[Route]:
        """Everything that is answered here; paths are absolute."""
        return [route for room in self._rooms for route in room.routes()]

    def verify_bearer(self, token: str) -> Principal | None:
        """Who brings this access token, while it is good: two look-ups, no signature check."""
        principal = self._grants.principal(token)
        return principal if principal and self._users.exists(principal.uid) else None

    def verify_session_bearer(self, token: str) -> Principal | None:
        """As `verify_bearer`, for whoever does not ask Nextcloud: a token that was refreshed passes."""
        principal = self._grants.bearer(token)
        return principal if principal and self._users.exists(principal.uid) else None

    def verify_basic(self, user: str, password: str) -> Principal | None:
        """Who brings this password, or app password; they may do everything."""
        uid = self._users.resolve(user)
        if uid is None:
            return None
        known = self._app_passwords.find(uid, password) is not None
        if not known and self._users.authenticate(user, password) is None:
            return None
        return Principal(uid, frozenset(self._options.scopes), "", math.inf)

    def open_login_flow(self, client: str) -> tuple[str, str]:
        """Start a login flow (v2) for a program: the token to poll with, and the one in its address."""
        return self._login_flow.open(client)

    def poll_login_flow(self, poll_token: str) -> Mapping[str, str] | None:
        """What the program gets once access is granted, and only once; None before that."""
        return self._login_flow.take(poll_token)

    def revoke_access_token(self, token: str) -> bool:
        """End this access token. Returns whether there was one."""
        return self._grants.revoke(token)

    def forget_user(self, uid: str) -> None:
        """End their logins, tokens and app passwords. What they consented to is kept, by name."""
        self.api_sessions.forget_user(uid)
        self.sessions.forget_user(uid)
        self._grants.forget_user(uid)
        self._app_passwords.forget_user(uid)
        self._login_flow.forget_user(uid)

    def add_client(
        self, client_id: str, client_secret: str, redirect_uris: Iterable[str], name: str = "Static client"
    ) -> None:
        """A client that an administrator sets up; it does not expire."""
        self._clients.add(RegisteredClient(client_id, name, tuple(redirect_uris), client_secret))

    def holdings(self) -> dict[str, list[dict[str, Any]]]:
        """What is left in here, without secrets: so that a test can prove that nothing is."""
        return {
            "clients": [
                {"client_id": one.client_id, "name": one.name, "registered": one.expires_at < math.inf}
                for one in self._clients.all()
            ],
            "app_passwords": [
                {"id": one.id, "uid": one.uid, "name": one.name} for one in self._app_passwords.all()
            ],
            "logins": [{"uid": uid, "kind": "token"} for uid in self._grants.live_users()]
            + [{"uid": uid, "kind": "browser"} for uid in self.sessions.logged_in()],
        }

    def counts(self) -> dict[str, int]:
        """How often each thing happened here since the start."""
        return dict(self._counts)

    def _forget_client(self, client_id: str) -> None:
        self._grants.forget_client(client_id)
        self._authorization.forget_client(client_id)
