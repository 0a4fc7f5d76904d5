"""Ways of Nextcloud, and of what stands before it, to go wrong: users, clients, pages, contents."""

from __future__ import annotations

import threading

import attrs

from tests.field.end import Misbehaviour, row
from tests.support.front import Answer, Cut, Drip, Hook, Raw, Reply, Request, page
from tests.support.spoiling import (
    AWAY,
    BUSY,
    DEEP,
    GATEWAY,
    NASTY,
    NO_PAGE,
    START_PAGE,
    USERS,
    Site,
    asks,
    document,
    lost,
    ocs,
    packed,
    put,
    redirect,
    say,
    sent_twice,
    spoil,
    together,
    told,
    twisted,
)

CREATES = asks("POST", USERS)
DELETES = asks("DELETE", USERS)
ONE_USER = asks("GET", f"{USERS}/")
OCS = asks(part="/ocs/")
REGISTERS = asks("POST", "/oidc/register")
LEAVES = asks("DELETE", "/oidc/register")
SWEEPS_NOTES = asks("GET", "/apps/notes/api")
SWEEPS_FILES = asks("PROPFIND")
LOGIN_PAGE = asks("GET", "/login?")
TOKEN = asks("POST", "/oidc/token")
METADATA = asks("GET", "/.well-known/")
PROTECTED = asks("GET", "oauth-protected-resource")


def comes_back(site: Site) -> Hook:
    """A user whose creation is still being carried out somewhere appears again after the deletion."""
    made: dict[str, Request] = {}

    def hook(request: Request) -> Reply | None:
        uid = request.path.rpartition("/")[2]
        if CREATES(request):
            name = request.body.partition(b"userid=")[2].partition(b"&")[0].decode()
            made[name] = request
        elif DELETES(request) and uid in made:
            answer, again = request.forward(), made.pop(uid)
            threading.Timer(0.4, again.forward).start()
            return answer
        return None

    return hook


def hostile_form(request: Request, site: Site) -> Reply:
    """Before the page's own form another one, which sends what is typed elsewhere."""
    form = (
        f'<body><form method="post" action="{site.elsewhere}/login" name="login">'
        '<input name="user"><input name="password" type="password"><button>Log in</button></form>'
    )
    answer = request.forward()
    return attrs.evolve(answer, body=answer.body.replace(b"<body>", form.encode(), 1))


def elsewhere_form(request: Request, site: Site) -> Reply:
    """Every form leads elsewhere."""
    answer = request.forward()
    base = f'<head><base href="{site.elsewhere}/">'.encode()
    return attrs.evolve(answer, body=answer.body.replace(b"<head>", base, 1))


def with_cookies(answer: Answer) -> Answer:
    more = (("Set-Cookie", "nc_session_id=stranger; Path=/"), ("Set-Cookie", "oc_token=x; Path=/; HttpOnly"))
    return attrs.evolve(answer, headers=(*answer.headers, *more))


USER_ROWS: tuple[Misbehaviour, ...] = (
    row("a gateway gives up each time a user was created", spoil(CREATES, lost(GATEWAY)), weighs=True),
    row("a gateway gives up before a user is created", spoil(CREATES, say(GATEWAY), times=2)),
    row("the connection is reset after each creation", spoil(CREATES, lost(Cut(reset=True)))),
    row("the connection is reset before a creation", spoil(CREATES, say(Cut(reset=True)), times=1)),
    row("a page with 200 instead of each creation's answer", spoil(CREATES, lost(START_PAGE))),
    row("a page with 404 instead of each creation's answer", spoil(CREATES, lost(NO_PAGE))),
    row("half an answer to each creation", spoil(CREATES, twisted(lambda a: Cut(a, len(a.body) // 2)))),
    row("a proxy sends each creation twice", spoil(CREATES, sent_twice), weighs=True),
    row("creations are answered 'Bad request' although done", spoil(CREATES, lost(ocs(101, "Bad request")))),
    row("creations take no user at all", spoil(CREATES, say(GATEWAY)), 3, says=("creating the user",)),
    row(
        "a refusal that brings escape sequences, line breaks and half signs",
        spoil(CREATES, say(ocs(107, NASTY))), 3, says=("INJECTED",), weighs=True,
    ),
    row("the address of a new user is not there at first",
        together(spoil(CREATES, lost(GATEWAY)),
                 spoil(ONE_USER, told(put(None, "ocs", "data", "email")), times=3))),
    row("the list of users is an object",
        spoil(asks("GET", f"{USERS}?"), told(lambda d: put(
            {str(i): uid for i, uid in enumerate(d["ocs"]["data"]["users"])}, "ocs", "data", "users")(d)))),
    row("the list of users is nothing", spoil(asks("GET", "search=loadtest"), told(
        put(None, "ocs", "data", "users"))), 3, says=("searching for users failed",)),
    row("capabilities of another shape", spoil(asks("GET", "/capabilities"), say(ocs(200, "OK", [1, 2])))),
    row("a gateway gives up each time a user was deleted", spoil(DELETES, lost(GATEWAY)), weighs=True),
    row("a page with 200 instead of deletions", spoil(DELETES, say(START_PAGE), times=2), weighs=True),
    row("a page with 404 instead of deletions", spoil(DELETES, say(NO_PAGE), times=2)),
    row("deletions are answered and not done", spoil(DELETES, say(ocs(200, "OK")), times=2)),
    row("deletions find nobody who is there", spoil(DELETES, say(ocs(998, "User does not exist")), times=2)),
    row("deletions are refused by a word that means nothing", spoil(DELETES, say(ocs(101)), times=2)),
    row("no deletion is ever done", spoil(DELETES, say(ocs(200, "OK"))), 4, says=("LEFT BEHIND", "user ")),
    row("a page with 404 whenever a user is looked for", spoil(ONE_USER, say(NO_PAGE)), 4,
        says=("LEFT BEHIND", "user ")),
    row("a page with 404 at first when a user is looked for", spoil(ONE_USER, say(NO_PAGE), times=2)),
    row("a look is answered with nobody's name", spoil(ONE_USER, say(ocs(200, "OK", [])), times=2)),
    row("users come back after they were deleted", comes_back, weighs=True),
    row("every second request is refused for a second", spoil(OCS, say(BUSY), every=2, times=12, skip=1)),
    row("bursts of 502", spoil(OCS, say(page(502, "Bad Gateway", Retry_After="1")), every=3)),
    row("maintenance mode when it starts", spoil(OCS, say(AWAY)), 3, says=("maintenance mode",), weighs=True),
    row("maintenance mode when users are removed", spoil(DELETES, say(AWAY), times=3)),
    row("maintenance mode from the removal on", spoil(DELETES, say(AWAY)), 4, says=("LEFT BEHIND",)),
    row("deep JSON", spoil(OCS, say(DEEP)), 3),
    row("a huge answer", spoil(OCS, say(Answer(200, b" " * (80 << 20)))), 3),
    row("answers that drip", spoil(OCS, twisted(lambda a: Drip(a, 0.002)))),
    row("answers of HTTP/1.0", spoil(OCS, twisted(lambda a: Raw(
        b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + a.body)))),
    row("protocols that were not asked for", spoil(OCS, say(Raw(
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"))), 3),
    row("everything of the API is gzip", spoil(OCS, twisted(packed))),
    row("cookies with every answer", spoil(asks(), twisted(with_cookies))),
    row("API calls are sent elsewhere", spoil(OCS, redirect(307, "{elsewhere}")), 3, says=("redirects",),
        weighs=True),
    row("creations are sent elsewhere", spoil(CREATES, redirect(308, "{elsewhere}")), 3, says=("redirects",)),
    row("deletions are sent elsewhere", spoil(DELETES, redirect(307, "{elsewhere}"), times=2)),
)  # fmt: skip

LOGIN_ROWS: tuple[Misbehaviour, ...] = (
    row("a gateway gives up when the client was registered", spoil(REGISTERS, lost(GATEWAY)), 3,
        says=("registration of an OAuth client", "may exist, and expires"), weighs=True),
    row("a page with 404 when the client was registered", spoil(REGISTERS, lost(NO_PAGE)), 3,
        says=("registration of an OAuth client", "may exist, and expires")),
    row("a page with 408 when the client was registered", spoil(REGISTERS, lost(page(408, "Late"))), 3,
        says=("may exist, and expires",)),
    row("a page with 200 when the client was registered", spoil(REGISTERS, lost(START_PAGE)), 3,
        says=("may exist, and expires",)),
    row("half the registration's answer", spoil(REGISTERS, twisted(lambda a: Cut(a, 40))), 3,
        says=("may exist, and expires",)),
    row("registration is busy", spoil(REGISTERS, say(page(429, "Slow", Retry_After="1")), times=2)),
    row("registration is refused", spoil(REGISTERS, say(document(400, {"error": "no\r\n\x1b[2J"}))), 3,
        says=("registration of an OAuth client",)),
    row("a gateway gives up when the client was removed", spoil(LEAVES, lost(GATEWAY))),
    row("a page with 200 instead of the client's removal", spoil(LEAVES, say(START_PAGE), times=1)),
    row("the client's removal is answered and not done", spoil(LEAVES, say(document(200, {})), times=1)),
    row("the client's removal is lost in a gateway's 404", spoil(LEAVES, say(NO_PAGE), times=1)),
    row("a start page wherever metadata may be", spoil(METADATA, say(START_PAGE)), 3),
    row("a start page at the first place of metadata", spoil(METADATA, say(START_PAGE), times=1),
        3, 0),
    row("metadata is a page with 404 at first", spoil(METADATA, say(NO_PAGE), times=1), 3, 0),
    row("metadata moved on the same server", spoil(
        PROTECTED, redirect(301, "{front}", "/.well-known/oauth-protected-resource"), times=1)),
    row("metadata moved elsewhere", spoil(METADATA, redirect(302, "{elsewhere}")), 3),
    row("the login page holds another's form", spoil(LOGIN_PAGE, hostile_form), 3, 0, weighs=True),
    row("the login page's forms lead elsewhere", spoil(LOGIN_PAGE, elsewhere_form), 3, 0),
    row("the login leads elsewhere", spoil(asks("POST", "/login"), redirect(307, "{elsewhere}")), 3),
    row("the way to the login leads elsewhere",
        spoil(asks("GET", "/oidc/authorize"), redirect(302, "{elsewhere}", "/login")), 3),
    row("the login is busy", spoil(asks("POST", "/login"), say(page(429, "Slow", Retry_After="1")), times=1),
        3, 0),
    row("the login's way is not encrypted any more", spoil(
        asks("GET", "/oidc/authorize"), redirect(302, "http://nowhere.invalid", "/login")), 3),
    row("tokens that never end", spoil(TOKEN, told(put(1e308, "expires_in")))),
    row("tokens that ended long ago", spoil(TOKEN, told(put(-5, "expires_in")))),
    row("tokens whose life is no number", spoil(TOKEN, told(put("soon", "expires_in")))),
    row("tokens whose life is infinite", spoil(TOKEN, told(put(float("inf"), "expires_in"))), 3,  # no JSON
        says=("without a JSON object",)),
    row("tokens are sent elsewhere", spoil(TOKEN, redirect(307, "{elsewhere}")), 3),
    row("the token's answer is a page", spoil(TOKEN, lost(START_PAGE)), 3),
)  # fmt: skip

CONTENT_ROWS: tuple[Misbehaviour, ...] = (
    row("a start page instead of the notes", spoil(SWEEPS_NOTES, say(START_PAGE), times=2), accounts=True,
        weighs=True),
    row("a page with 404 instead of the notes", spoil(SWEEPS_NOTES, say(NO_PAGE), times=2), accounts=True),
    row("a start page instead of the files", spoil(SWEEPS_FILES, say(START_PAGE), times=2), accounts=True),
    row("a page with 404 instead of the files", spoil(SWEEPS_FILES, say(NO_PAGE), times=4), accounts=True),
    row("files are told by half", spoil(SWEEPS_FILES, twisted(lambda a: Cut(a, len(a.body) // 2)), times=2),
        accounts=True),
    row("an empty list of files with the wrong status", spoil(SWEEPS_FILES, say(Answer(200)), times=2),
        accounts=True),
    row("notes can never be looked at", spoil(SWEEPS_NOTES, say(NO_PAGE)), 4, says=("LEFT BEHIND", "mark "),
        accounts=True),
    row("contents are looked for elsewhere",
        together(spoil(SWEEPS_NOTES, redirect(302, "{elsewhere}"), times=2),
                 spoil(SWEEPS_FILES, redirect(301, "{elsewhere}"), times=2)), accounts=True),
    row("a gateway gives up when a note was deleted", spoil(asks("DELETE", "/notes/"), lost(GATEWAY)),
        accounts=True),
    row("the account itself is refused for a moment",
        spoil(asks("GET", "/ocs/v2.php/cloud/user?"), say(BUSY), times=2), accounts=True),
)  # fmt: skip
