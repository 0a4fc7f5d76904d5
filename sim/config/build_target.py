"""The servers that settings name, and whether what is sent to them stays between two."""

from __future__ import annotations

from typing import Any

import attrs

from actors.login.trust import is_in_the_clear
from actors.secret import Secret
from sim.config.merged import Merged
from sim.config.model import Target, UserOptions
from sim.config.option import Option, option_of
from sim.config.options import NEXTCLOUD_HOST, NEXTCLOUD_PASSWORD, URL

DEFAULT_MCP_URL = "http://localhost:8001/mcp"
OF_USERS = "every user's tokens (or passwords) and all that they read and write"
OF_ADMIN = "the administrator's password and every user's"
OF_LOGIN = "every user's password"
_TARGET = attrs.fields(Target)
_ACCOUNTS = attrs.fields(UserOptions).accounts


def build_target(merged: Merged) -> Target:
    """Raises UsageError."""
    rows = merged.rows(Target)
    _check_encryption(merged)
    if rows["ca_file"] is not None and rows["insecure"]:
        advice = "certificates are not checked, so --ca-file has no use; leave one out"
        raise merged.error(_TARGET.insecure, advice)
    if rows["virtual"]:
        because = "a virtual run has no server but the stand-in in its own process"
        merged.forbid((URL, _ACCOUNTS), because)
        return _standin(rows)
    host = merged[NEXTCLOUD_HOST]
    if merged[URL] is None and host is None:
        because = "the built-in stand-in has no accounts yet; say --url, or set NEXTCLOUD_HOST"
        merged.forbid((_ACCOUNTS,), because)
        return _standin(rows)
    if merged[option_of(_ACCOUNTS)] is None:
        _check_admin(merged)
    password = merged[NEXTCLOUD_PASSWORD] or Secret("")
    url = merged[URL] or DEFAULT_MCP_URL
    return Target(mcp_url=url, nextcloud_url=host, admin_password=password, **rows)


def assumed_server(merged: Merged, target: Target) -> str:
    """The address of the MCP server where nobody said it, "" where somebody did."""
    return target.mcp_url or "" if merged[URL] is None else ""


def _standin(rows: dict[str, Any]) -> Target:
    """The account at a real server is not that of the stand-in."""
    return Target(**{**rows, "admin": _TARGET.admin.default})


def _check_encryption(merged: Merged) -> None:
    """Plain http to another host wants a word: everybody on the way reads what is sent."""
    login = option_of(_TARGET.login_origins)
    sent: list[tuple[Option[Any], str | None, str]] = [
        (URL, merged[URL], OF_USERS),
        (NEXTCLOUD_HOST, merged[NEXTCLOUD_HOST], OF_ADMIN),
        *((login, origin, OF_LOGIN) for origin in merged[login]),
    ]
    agreed = merged[option_of(_TARGET.plain_http)]
    for option, url, what in sent:
        if url is not None and (problem := why_in_the_clear(url, what, plain_http=agreed)):
            raise merged.error(option, problem)


def why_in_the_clear(url: str, what: str, *, plain_http: bool) -> str:
    """Why others can read `what` on its way to `url`; "" if they cannot, or it was agreed to."""
    if plain_http or not is_in_the_clear(url):
        return ""
    return (
        f"{url} is not encrypted, and not this machine: {what} "
        "would be readable on the way; use https, or say --plain-http"
    )


def _check_admin(merged: Merged) -> None:
    if merged[NEXTCLOUD_HOST] is None:
        raise merged.error(
            URL,
            "which Nextcloud is behind it? Set NEXTCLOUD_HOST, NEXTCLOUD_USERNAME and NEXTCLOUD_PASSWORD, "
            "or name --accounts that exist",
        )
    if not merged[NEXTCLOUD_PASSWORD]:
        raise merged.error(
            NEXTCLOUD_HOST,
            "users are created by its admin: set NEXTCLOUD_PASSWORD too (and NEXTCLOUD_USERNAME), "
            "or name --accounts that exist",
        )
