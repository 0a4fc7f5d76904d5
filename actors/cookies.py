"""Cookies of servers that may set anything."""

from __future__ import annotations

from http.cookiejar import Cookie, CookieJar
from typing import Any


class Cookies(CookieJar):
    """Keeps cookies; what is none is left out.

    The standard library's own jar meets what it cannot read (a lifetime that is no number) with a warning
    and a traceback on standard error, for each answer.
    """

    def _cookies_from_attrs_set(self, attrs_set: list[Any], request: Any) -> list[Cookie]:
        found: list[Cookie] = []
        for attrs in attrs_set:
            try:
                found += super()._cookies_from_attrs_set([attrs], request)  # type: ignore[misc]
            except (TypeError, ValueError, OverflowError, LookupError, AttributeError):
                continue
        return found


class NoCookies(CookieJar):
    """Keeps none: one account's session must not speak for the next one."""

    def extract_cookies(self, response: Any, request: Any) -> None:
        """Take nothing."""
