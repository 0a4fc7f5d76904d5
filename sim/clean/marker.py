"""How what a run made is told from what is somebody else's."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from urllib.parse import urlsplit

MAIL_DOMAIN = "benchmark.local"
MARK = re.compile(r"sim-[0-9a-f]{8}")
DEFAULT_PORTS = {"http": 80, "https": 443}


def new_mark() -> str:
    """A word that stands in the address, title or name of whatever one run makes."""
    return f"sim-{secrets.token_hex(4)}"


def marker_email(uid: str, mark: str = "", domain: str = MAIL_DOMAIN) -> str:
    """The address that tells a simulated user of one run from anybody else of the same name.

    Without a mark: as releases before had it, the same in every run.
    """
    return f"{uid}+{mark}@{domain}" if mark else f"{uid}@{domain}"


def is_marker(email: str, uid: str, mark: str | None = None, domains: Iterable[str] = (MAIL_DOMAIN,)) -> bool:
    """Whether this is the address of the simulated user `uid`: of the run `mark`, or of any for None.

    Nextcloud keeps addresses in lower case, so case says nothing. One without any mark is of a run of
    an earlier release.
    """
    local, _, domain = email.casefold().rpartition("@")
    if domain not in {one.casefold() for one in (*domains, MAIL_DOMAIN)}:
        return False
    name, plus, found = local.rpartition("+")
    if plus and name == uid.casefold() and MARK.fullmatch(found):
        return mark is None or found == mark.casefold()
    return local == uid.casefold() and mark is None


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL, normalised (RFC 6454 4); "" where there is none."""
    try:
        parts = urlsplit(url.strip())
        scheme, host = parts.scheme.lower(), (parts.hostname or "").rstrip(".")
        port = parts.port or DEFAULT_PORTS.get(scheme)
    except ValueError:
        return ""
    return f"{scheme}://{host}:{port}" if scheme and host else ""


def place_of(url: str) -> str:
    """The same for every spelling of one server's address: case, default port, `/` and `/index.php`."""
    try:
        path = urlsplit(url.strip()).path.rstrip("/")
    except ValueError:
        return url
    return origin_of(url) + path.removesuffix("/index.php").rstrip("/")
