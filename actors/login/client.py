"""The run's OAuth client: registered once, shared by all users, removed at the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import httpx
import trio

from actors.errors import SetupError
from actors.json_text import read_json
from actors.login.fetch import NoAnswer, Reply, ask, describe
from actors.login.plan import AuthPlan
from actors.login.trust import Trust, origin_of, origin_text
from actors.ports import Journal
from actors.secret import Secret
from actors.shelter import Shelter

CLIENT_KIND = "oauth_client"
REDIRECT_URI = "http://127.0.0.1:33418/callback"
"""A loopback address at which nobody listens: both drivers catch the redirect before it is followed."""

POST, BASIC, NONE = "client_secret_post", "client_secret_basic", "none"
AUTH_METHODS = (POST, BASIC, NONE)
"""How a client may authenticate at the token endpoint (RFC 7591, 2), those we know, the first preferred."""

WINDOW_S = 75.0
"""How long a busy registration is waited for: servers count by the minute, and a little is added."""
PAUSE_S = 15.0
MAX_WAIT_S = 120.0
"""Whoever asks to come back later than this is not waited for."""
ANSWER_S = 15.0
MANAGED_S = 60.0
"""The same of an answer about a client that is there: brute-force protection may come before it."""

DEPROVISIONED = 204
"""What says that a client is gone (RFC 7592, 2.3). To ask for it once more is to show a token that is not
good any more: Nextcloud counts that as an attack, and makes each such request wait twice as long as the one
before, for half a day. Some runs later no client could be removed in time.
"""


@attrs.frozen
class OAuthClient:
    """The client as the authorization server knows it.

    Attributes:
        management_uri: where it is removed (RFC 7592); None for one that cannot be.
        auth_method: one of `AUTH_METHODS`; "" lets what the server supports decide.
        is_static: it was made by a person, and named with --client-id.
    """

    client_id: str
    client_secret: Secret | None = None
    management_uri: str | None = None
    management_token: Secret | None = None
    auth_method: str = ""
    is_static: bool = False


def auth_method_of(client: OAuthClient, plan: AuthPlan) -> str:
    """How `client` shows the token endpoint who it is."""
    if client.client_secret is None:
        return NONE
    return client.auth_method or preferred_method(plan)


def preferred_method(plan: AuthPlan) -> str:
    """The first of ours that the server supports. RFC 8414 has `client_secret_basic` where it does not
    say; but servers that say nothing take the secret in the form as a rule."""
    return next((method for method in AUTH_METHODS if method in plan.auth_methods), POST)


def hint_of(client: OAuthClient) -> str:
    """What is to be looked at where a client of a person's own is not accepted; "" for ours."""
    if not client.is_static:
        return ""
    return (
        f" (the client of --client-id must exist at this server, with {REDIRECT_URI} among its redirect URIs)"
    )


async def register(
    http: httpx.AsyncClient,
    plan: AuthPlan,
    journal: Journal,
    run_mark: str,
    say: Callable[[str], None] = lambda text: None,
    trust: Trust | None = None,
    shelter: Shelter | None = None,
) -> OAuthClient:
    """Register a client (RFC 7591), waiting out 429 as its `Retry-After` says. Raises SetupError.

    The journal knows of it before the request is sent, so that no crash can lose it. It stays there as
    intended where no answer of the server's own says that there is none.

    Args:
        say: told why it takes long.
        trust: where a client may be managed beside the server that registered it.
        shelter: the run's; a request under way comes to its answer under it.
    """
    if plan.registration_endpoint is None:
        raise SetupError(
            f"{plan.issuer} registers no clients by itself: create one there, with the redirect URI "
            f"{REDIRECT_URI}, and name it with --client-id"
        )
    name = f"Load test {run_mark}"
    request = {
        "client_name": name,
        "redirect_uris": [REDIRECT_URI],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": preferred_method(plan),
        "scope": plan.scope,
    }
    await journal.intend(CLIENT_KIND, name)
    where = f"registration of an OAuth client at {plan.registration_endpoint}"
    try:
        reply = await _post_registration(http, plan.registration_endpoint, request, say, shelter or Shelter())
    except NoAnswer as error:
        # It may have got through; the ledger keeps the intent.
        raise SetupError(f"{where} failed: {error}") from None
    if reply.status not in (200, 201):
        if is_refusal(reply):
            journal.removed(CLIENT_KIND, name)
        raise SetupError(f"{where} failed: {describe(reply)}")
    try:
        client = read_client(reply.document, preferred_method(plan), plan.registration_endpoint, trust)
    except ValueError as error:
        raise SetupError(f"{where} failed: HTTP {reply.status}, and {error}") from None
    uri = client.management_uri or ""
    origin = origin_text(uri or plan.registration_endpoint)
    # The origin was agreed to here and now; who removes the client later asks for no other.
    journal.created(CLIENT_KIND, name, client_id=client.client_id, uri=uri, origin=origin)
    if client.management_token is not None:
        journal.keep_secret(CLIENT_KIND, name, client.management_token)
    return client


def read_client(
    answer: dict[str, Any] | None, asked_method: str, endpoint: str, trust: Trust | None = None
) -> OAuthClient:
    """The client in the answer of a registration (RFC 7591, 3.2.1). Raises ValueError: what is wrong.

    It is managed at the origin of `endpoint` that registered it, or at one that the person trusts with
    passwords: an MCP server may hand registrations on to its Nextcloud. Its token is shown to no other.
    """
    if answer is None:
        raise ValueError("the answer is no JSON object")
    client_id = text_of(answer, "client_id")
    if client_id is None:
        raise ValueError("the answer has no 'client_id'")
    secret, uri = text_of(answer, "client_secret"), text_of(answer, "registration_client_uri")
    token = text_of(answer, "registration_access_token")
    is_trusted = uri is not None and trust is not None and trust.takes_passwords(uri)
    if uri is not None and not is_trusted and origin_of(uri) != origin_of(endpoint):
        raise ValueError(
            f"the client is to be managed at another server ({origin_text(uri)}), which would see its token"
        )
    method = answer.get("token_endpoint_auth_method") or asked_method
    if secret is not None and method not in AUTH_METHODS:
        raise ValueError(f"the client must authenticate by a method that is not known here ({method!r:.60})")
    is_managed = uri is not None and token is not None
    return OAuthClient(
        client_id=client_id,
        client_secret=Secret(secret) if secret and method != NONE else None,
        management_uri=uri if is_managed else None,
        management_token=Secret(token) if is_managed and token else None,
        auth_method=method if secret else NONE,
    )


def text_of(answer: dict[str, Any], name: str) -> str | None:
    """A field of printable ASCII (RFC 6749, appendix A); None where it is missing or null.

    Raises ValueError where it is something else.
    """
    value = answer.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not (value.isascii() and value.isprintable()) or len(value) > 20_000:
        raise ValueError(f"{name!r} is no text of printable characters")
    return value


async def remove(http: httpx.AsyncClient, uri: str, token: Secret) -> bool:
    """Remove a client (RFC 7592, 2.3). True when it is gone, False when it was not there any more.

    Raises SetupError where neither is certain: a page of something in between is no answer.
    """
    reply = await _manage(http, "DELETE", uri, token)
    if is_own_answer(reply):
        if reply.status == DEPROVISIONED:
            return True
        if reply.status in (200, 202):
            if is_described(await _manage(http, "GET", uri, token)):
                raise SetupError("removing the OAuth client failed: it is still there")
            return True
        if reply.status in (401, 404):
            # RFC 7592 2: a client that is not there answers 401, and its token is worthless.
            return False
    elif await _is_unknown(http, uri, token):
        # Whoever stood in between gave up when it was done already.
        return False
    raise SetupError(f"removing the OAuth client failed: {describe(reply)}")


async def _manage(http: httpx.AsyncClient, method: str, uri: str, token: Secret) -> Reply:
    headers = {"Authorization": f"Bearer {token.reveal()}"}
    try:
        return await ask(http, method, uri, headers=headers, answer_s=MANAGED_S)
    except NoAnswer as error:
        raise SetupError(f"removing the OAuth client failed: {error}") from None


async def _is_unknown(http: httpx.AsyncClient, uri: str, token: Secret) -> bool:
    """Whether the server itself says that it has no such client: 401 (RFC 7592, 2.1), or 404, in JSON."""
    reply = await _manage(http, "GET", uri, token)
    return reply.status in (401, 404) and reply.document is not None


def is_described(reply: Reply) -> bool:
    """Whether it shows a client that is there (RFC 7592, 2.1). Not every server can show one."""
    return reply.status == 200 and reply.document is not None and "client_id" in reply.document


def is_own_answer(reply: Reply) -> bool:
    """Whether the authorization server itself has answered: with nothing, or with JSON."""
    if not reply.body.strip():
        return True
    try:
        read_json(reply.body)
    except ValueError:
        return False
    return True


def is_refusal(reply: Reply) -> bool:
    """Whether the server itself says that it registered nobody: by a JSON error (RFC 7591, 3.2.2), or
    without having looked (429, RFC 6585). A page of something in between says nothing of the kind.

    408 comes from whoever has lost patience (RFC 9110, 15.5.9), 429 also from a proxy that passed nothing on.
    """
    if reply.status == 429:
        return True
    return 400 <= reply.status < 500 and reply.status != 408 and reply.document is not None


async def _post_registration(
    http: httpx.AsyncClient, url: str, request: object, say: Callable[[str], None], shelter: Shelter
) -> Reply:
    """The last answer. Cancellation waits for an answer that is on its way, at most `ANSWER_S`:
    a client whose answer nobody reads can never be removed."""
    waited_s = 0.0
    while True:
        with shelter.over(2 * ANSWER_S):
            reply = await ask(http, "POST", url, json=request, answer_s=ANSWER_S)
        if reply.status != 429 or waited_s >= WINDOW_S:
            return reply
        asked_s = reply.retry_after_s
        if asked_s is not None and asked_s > MAX_WAIT_S:
            return reply
        pause_s = PAUSE_S if asked_s is None else max(1.0, asked_s)
        say(f"  registration is busy ({describe(reply)}): trying again in {pause_s:.0f} s")
        await trio.sleep(pause_s)
        waited_s += pause_s
