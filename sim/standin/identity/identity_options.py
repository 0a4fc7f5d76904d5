"""How the identity half behaves: lifetimes, limits, and the switches that tests use."""

from __future__ import annotations

import attrs

EVERYBODY = "*"

SCOPES = (
    "openid",
    "profile",
    "email",
    "roles",
    "groups",
    "offline_access",
    "notes.read",
    "notes.write",
    "files.read",
    "files.write",
    "sharing.write",
)


@attrs.frozen(kw_only=True)
class IdentityOptions:
    """Settings, with the values that Nextcloud's `oidc` app has out of the box.

    Attributes:
        token_ttl_s, refresh_ttl_s: lifetimes of tokens.
        code_ttl_s: how long an authorization code may be redeemed (RFC 6749 4.1.2: at most 10 minutes).
        client_ttl_s: after this time a client that registered itself is deleted, with its tokens.
        max_clients: how many clients may have registered themselves at one time.
        registrations_per_minute: of one address; 0 is no limit.
        brute_force_s: how long an address waits after a failed login; it doubles. 0 is no protection.
        language: of the pages; "auto" follows the browser.
        well_known_redirect: metadata lies below `/index.php`, and the short address redirects there.
        script_delay_s: what a page's script takes to get to work.
        login_needs_origin: a login form without an `Origin` header of this server is refused, as
            newer releases of Nextcloud do; it looks like a wrong password.
        scripted_pages: forms are built by JavaScript alone, as Nextcloud's login and consent pages are.
        scopes: what discovery advertises, and what a caller with a password may do.
        deny_consent_for: users who are refused although they press Allow.
        login_loops_for: users whose login leads to the login page again although the password is right.
            EVERYBODY stands for all users, in both.
    """

    token_ttl_s: float = 900
    refresh_ttl_s: float = 900
    code_ttl_s: float = 60
    client_ttl_s: float = 3600
    max_clients: int = 100
    registrations_per_minute: int = 10
    brute_force_s: float = 0.1
    language: str = "de"
    well_known_redirect: bool = True
    script_delay_s: float = 0.0
    login_needs_origin: bool = True
    scripted_pages: bool = True
    scopes: tuple[str, ...] = SCOPES
    deny_consent_for: frozenset[str] = frozenset()
    login_loops_for: frozenset[str] = frozenset()


def concerns(uid: str, whom: frozenset[str]) -> bool:
    """Whether a switch that is set for `whom` is set for this user."""
    return uid in whom or EVERYBODY in whom
