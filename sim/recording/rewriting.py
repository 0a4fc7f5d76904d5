"""Addresses that change on the way: the client knows the proxy's, the server its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import attrs

from actors.login.trust import origin_of
from sim.recording.http_heads import Header, end_to_end
from sim.recording.listener import READABLE_CODINGS
from sim.recording.server_place import ServerPlace

_QUOTED_URL = re.compile(rb'(?<=")(https?://[^/"?#]*)')
_OF_OTHER_SITES = (b"domain", b"secure")
"""Of cookies: they would not come back to a proxy on plain http (RFC 6265, 5.4)."""


@attrs.frozen
class Addresses:
    """Between a client's view and the server's.

    Attributes:
        proxy: the proxy's own origin, as a client is told it.
        names: values of Host by which clients may call it.
    """

    proxy: str
    names: frozenset[bytes]
    server: ServerPlace

    @classmethod
    def at(cls, port: int, server: ServerPlace) -> Addresses:
        """Those of a proxy at this port of this machine."""
        names = {f"{host}:{port}".encode() for host in ("127.0.0.1", "localhost", "[::1]")}
        return cls(f"http://127.0.0.1:{port}", frozenset(names), server)

    def called(self, host: bytes) -> Addresses:
        """The same for a client that calls the proxy by this one of its names: it is told no other."""
        return attrs.evolve(self, proxy=f"http://{host.decode('ascii')}") if host in self.names else self

    def is_own(self, url: bytes) -> bool:
        """Whether an address is the proxy's."""
        scheme, _, rest = url.partition(b"://")
        return scheme.lower() == b"http" and re.split(rb"[/?#]", rest)[0].lower() in self.names

    def to_server(self, url: bytes) -> bytes:
        """An address of the proxy's as the server's; others as they are."""
        if not self.is_own(url):
            return url
        rest = url.partition(b"://")[2]
        return self.server.text.encode() + rest[len(re.split(rb"[/?#]", rest)[0]) :]

    def to_client(self, url: bytes) -> bytes:
        """An address of the server's as the proxy's; others as they are."""
        text = url.decode("latin-1")
        if origin_of(text) != self.server.origin:
            return url
        rest = url.partition(b"://")[2]
        return self.proxy.encode() + rest[len(re.split(rb"[/?#]", rest)[0]) :]

    def request_headers(self, headers: Iterable[Header]) -> list[Header]:
        """What the server is told."""
        return [self._request_header(*header) for header in end_to_end(headers)]

    def answer_headers(self, headers: Iterable[Header]) -> list[Header]:
        """What the client is told."""
        return [self._answer_header(*header) for header in end_to_end(headers)]

    def _request_header(self, name: bytes, value: bytes) -> Header:
        match name.lower():
            case b"host":
                return name, self.server.authority
            case b"origin" | b"referer":
                return name, self.to_server(value)
            case b"accept-encoding":
                return name, readable(value)
            case _:
                return name, value

    def _answer_header(self, name: bytes, value: bytes) -> Header:
        match name.lower():
            case b"location" | b"content-location" | b"access-control-allow-origin":
                return name, self.to_client(value)
            case b"www-authenticate":
                return name, _QUOTED_URL.sub(lambda found: self.to_client(found[1]), value)
            case b"set-cookie":
                return name, of_this_site(value)
            case _:
                return name, value


def readable(accepted: bytes) -> bytes:
    """Of the codings that a client takes, those that the recorder can undo too (RFC 9110, 12.5.3)."""
    kept = [
        part.strip()
        for part in accepted.split(b",")
        if part.partition(b";")[0].strip().lower() in READABLE_CODINGS
    ]
    return b", ".join(kept) or b"identity"


def of_this_site(cookie: bytes) -> bytes:
    """A cookie that comes back to whoever passes it on."""
    first, *attributes = cookie.split(b";")
    kept = [each for each in attributes if each.partition(b"=")[0].strip().lower() not in _OF_OTHER_SITES]
    return b";".join((first, *kept))


def without(headers: Sequence[Header], *names: bytes) -> list[Header]:
    """All but those of these names (lower case)."""
    return [(name, value) for name, value in headers if name.lower() not in names]
