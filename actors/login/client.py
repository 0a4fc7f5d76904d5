"""The run's OAuth client: registered once, shared by all users, removed at the end."""

from __future__ import annotations

import attrs
import httpx
import trio

from actors.errors import SetupError
from actors.failures import reason_of
from actors.login.plan import AuthPlan
from actors.ports import Journal
from actors.secret import Secret

CLIENT_KIND = "oauth_client"
REDIRECT_URI = "http://127.0.0.1:33418/callback"
"""A loopback address at which nobody listens: both drivers catch the redirect before it is followed."""

MOST_TRIES = 4
LONGEST_WAIT_S = 65.0
ANSWER_S = 15.0


@attrs.frozen
class OAuthClient:
    """The client as the authorization server knows it; `management_uri` None for a static one."""

    client_id: str
    client_secret: Secret | None = None
    management_uri: str | None = None
    management_token: Secret | None = None


async def register(http: httpx.AsyncClient, plan: AuthPlan, journal: Journal, run_mark: str) -> OAuthClient:
    """Register a client (RFC 7591), waiting out 429 as its `Retry-After` says. Raises SetupError.

    The journal knows of it before the request is sent, so that no crash can lose it.
    """
    if plan.registration_endpoint is None:
        raise SetupError(
            f"{plan.issuer} registers no clients by itself: create one there, and name it with --client-id"
        )
    name = f"Load test {run_mark}"
    request = {
        "client_name": name,
        "redirect_uris": [REDIRECT_URI],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "client_secret_post",
        "scope": plan.scope,
    }
    journal.intend(CLIENT_KIND, name)
    try:
        response = await _post_registration(http, plan.registration_endpoint, request)
    except (httpx.TransportError, trio.TooSlowError) as error:
        # It may have got through; the ledger keeps the intent.
        reason = reason_of(error)
        raise SetupError(f"registering an OAuth client at {plan.registration_endpoint}: {reason}") from error
    if response.status_code not in (200, 201):
        journal.removed(CLIENT_KIND, name)
        raise SetupError(
            f"registration of an OAuth client at {plan.registration_endpoint} failed: {describe(response)}"
        )
    answer = response.json()
    client = OAuthClient(
        client_id=answer["client_id"],
        client_secret=Secret(answer["client_secret"]) if answer.get("client_secret") else None,
        management_uri=answer.get("registration_client_uri"),
        management_token=Secret(token) if (token := answer.get("registration_access_token")) else None,
    )
    journal.created(CLIENT_KIND, name, client_id=client.client_id, uri=client.management_uri or "")
    if client.management_token is not None:
        journal.keep_secret(CLIENT_KIND, name, client.management_token)
    return client


async def remove(http: httpx.AsyncClient, uri: str, token: Secret) -> bool:
    """Remove a client (RFC 7592 2.3). True when it is gone, False when it was not there any more."""
    response = await http.delete(uri, headers={"Authorization": f"Bearer {token.reveal()}"})
    if response.status_code in (200, 202, 204):
        return True
    if response.status_code in (401, 404):
        # RFC 7592 2: a client that is not there answers 401, and its token is worthless.
        return False
    raise SetupError(f"removing the OAuth client failed: {describe(response)}")


def describe(response: httpx.Response) -> str:
    """The error of an OAuth answer, without anything else that may stand in it (RFC 6749 5.2)."""
    try:
        body = response.json()
        error = body.get("error_description") or body.get("error") or body.get("message")
    except (ValueError, AttributeError):
        error = None
    return f"HTTP {response.status_code}" + (f" ({str(error)[:200]})" if error else "")


async def _post_registration(http: httpx.AsyncClient, url: str, request: object) -> httpx.Response:
    """The last answer. Cancellation waits for an answer that is on its way, at most `ANSWER_S`:
    a client whose answer nobody reads can never be removed."""
    for attempt in range(1, MOST_TRIES + 1):
        with trio.CancelScope(shield=True), trio.fail_after(ANSWER_S):
            response = await http.post(url, json=request)
        if response.status_code != 429 or attempt == MOST_TRIES:
            break
        wait = response.headers.get("retry-after", "")
        await trio.sleep(min(LONGEST_WAIT_S, float(wait) if wait.isdecimal() else 10.0))
    return response
