"""Who is asking, on the web side: a password, an app password or a bearer token."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from sim.standin.identity.identity import Identity
from sim.standin.identity.web import basic_credentials, bearer_token
from sim.standin.nodes import Account
from sim.standin.store import Store


class Doorkeeper:
    """Tells the account behind a request."""

    def __init__(self, store: Store, identity: Identity) -> None:
        self._store = store
        self._identity = identity

    def account(self, request: Request) -> Account | None:
        """The caller's account, None when the request shows nothing that is good."""
        principal = None
        if given := basic_credentials(request):
            principal = self._identity.verify_basic(given.name, given.password)
        elif token := bearer_token(request):
            principal = self._identity.verify_bearer(token)
        return self._store.accounts.get(principal.uid) if principal else None


def unauthorized() -> Response:
    """What files and notes answer to a stranger."""
    return Response(status_code=401, headers={"WWW-Authenticate": 'Basic realm="Nextcloud", charset="UTF-8"'})
