"""What a front may be told to do, in pieces: which requests, what becomes of them, and how often.

    spoil(asks("POST", USERS), lost(page(504, "Gateway Time-out")), times=2)

is a rule; `rule(site)` is a hook for one run, which counts from 0.
"""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable
from typing import Any

import attrs

from tests.support.front import Answer, Hook, Reply, Request, page

USERS = "/cloud/users"
ALWAYS = 1_000_000_000


@attrs.frozen
class Site:
    """Where a run takes place: the front's own address, and the address of a stranger who listens."""

    front: str
    elsewhere: str


Match = Callable[[Request], bool]
Deed = Callable[[Request, Site], "Reply | None"]
Rule = Callable[[Site], Hook]


def asks(method: str = "", part: str = "", tool: str = "", *, but: str = "\0") -> Match:
    """A request of this method, with `part` in its target, without `but`, that calls this tool."""

    def match(request: Request) -> bool:
        return (
            method in ("", request.method)
            and part in request.target
            and but not in request.target
            and (not tool or f'"{tool}"'.encode() in request.body)
        )

    return match


def spoil(match: Match, deed: Deed, *, times: int = ALWAYS, skip: int = 0, every: int = 1) -> Rule:
    """`deed` for so many of the requests that match, the first `skip` left alone, then each `every`th."""

    def rule(site: Site) -> Hook:
        lock, seen = threading.Lock(), [0]

        def hook(request: Request) -> Reply | None:
            if not match(request):
                return None
            with lock:
                number = seen[0]
                seen[0] += 1
            turn = number - skip
            is_meant = turn >= 0 and turn % every == 0 and turn // every < times
            return deed(request, site) if is_meant else None

        return hook

    return rule


def together(*rules: Rule) -> Rule:
    """The first that has something to say says it."""

    def rule(site: Site) -> Hook:
        hooks = [each(site) for each in rules]

        def hook(request: Request) -> Reply | None:
            return next((reply for each in hooks if (reply := each(request)) is not None), None)

        return hook

    return rule


def say(reply: Reply) -> Deed:
    """This, and nothing is done."""
    return lambda request, site: reply


def lost(reply: Reply) -> Deed:
    """The work is done, and this is what comes of it."""

    def deed(request: Request, site: Site) -> Reply:
        request.forward()
        return reply

    return deed


def sent_twice(request: Request, site: Site) -> Reply:
    """As proxies do that try again: the second answer comes."""
    request.forward()
    return request.forward()


def twisted(change: Callable[[Answer], Reply]) -> Deed:
    """The server's own answer, changed."""
    return lambda request, site: change(request.forward())


def redirect(status: int, to: str, target: str = "") -> Deed:
    """To this place: `{front}` and `{elsewhere}` are known in it; the same path, where none is said."""

    def deed(request: Request, site: Site) -> Reply:
        place = to.format(front=site.front, elsewhere=site.elsewhere) + (target or request.target)
        return Answer(status, b"", (("Location", place),))

    return deed


def document(status: int, value: Any, **headers: str) -> Answer:
    """JSON, half surrogates and all."""
    named = tuple((name.replace("_", "-"), text) for name, text in headers.items())
    return Answer(status, json.dumps(value).encode(), (("Content-Type", "application/json"), *named))


def ocs(code: int, message: str = "", data: Any = (), status: int = 200) -> Answer:
    """As Nextcloud's API words it."""
    return document(status, {"ocs": {"meta": {"status": "x", "statuscode": code, "message": message},
                                     "data": data}})  # fmt: skip


def told(change: Callable[[Any], Any]) -> Deed:
    """The JSON of the answer, changed; in a stream of events, that of the last one."""

    def alter(answer: Answer) -> Answer:
        try:
            if not answer.is_stream:
                return attrs.evolve(answer, body=json.dumps(change(json.loads(answer.body))).encode())
            before, _, data = answer.body.rstrip().rpartition(b"data: ")
            altered = json.dumps(change(json.loads(data))).encode()
        except (ValueError, KeyError, TypeError, IndexError):
            return answer
        return attrs.evolve(answer, body=before + b"data: " + altered + b"\r\n\r\n")

    return twisted(alter)


def put(value: Any, *path: str | int) -> Callable[[Any], Any]:
    """A change: `value` at this place."""

    def change(document: Any) -> Any:
        place = document
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
        return document

    return change


def packed(answer: Answer) -> Answer:
    """With gzip, whatever was asked for."""
    if not answer.body:
        return answer
    return attrs.evolve(answer, body=gzip.compress(answer.body)).with_header("Content-Encoding", "gzip")


GATEWAY = page(504, "Gateway Time-out")
START_PAGE = page(200, "Welcome")
NO_PAGE = page(404, "Not Found")
BUSY = page(503, "Service Unavailable", Retry_After="1")
AWAY = attrs.evolve(page(503, "Maintenance"), headers=(("X-Nextcloud-Maintenance-Mode", "1"),))
DEEP = Answer(200, b"[" * 100_000 + b"]" * 100_000, (("Content-Type", "application/json"),))
NASTY = "\ud800\x1b[31mRED\x1b]0;title\x07\r\nINJECTED [bold]x[/bold] \u202e" + "A" * 5000
