"""Who is asking, on the web side: a session, a password, an app password or a bearer token."""

from __future__ import annotations

import enum

import attrs
from starlette.requests import Request
from starlette.responses import Response

from sim.standin.identity.api_sessions import ApiSession
from sim.standin.identity.composition import Identity
from sim.standin.identity.sessions import SESSION_COOKIE, give_cookies, passes_csrf
from sim.standin.identity.throttle import TooManyAttempts
from sim.standin.identity.web import BasicCredentials, address_of, basic_credentials, bearer_token
from sim.standin.nodes import StoredAccount
from sim.standin.store import Store


class Part(enum.Enum):
    """Parts of Nextcloud that look at sessions each in its own way."""

    OCS = enum.auto()
    NOTES = enum.auto()
    DAV = enum.auto()


class Refused(Exception):
    """Nobody is let in. `status` is 401 or 429; the text is the server's."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@attrs.frozen
class KnownCaller:
    """A request of somebody who is known, and the session that it has begun."""

    account: StoredAccount
    begun: ApiSession | None = None

    def leave(self, request: Request, response: Response) -> Response:
        """`response` with the cookies of the session that has begun."""
        if self.begun is not None:
            give_cookies(request, response, self.begun.id)
        return response


class Doorkeeper:
    """Tells the account behind a request.

    Args:
        cookies: an answer to a password begins a session, and whoever brings that back is its user,
            whatever else the request says; as with a real Nextcloud.
    """

    def __init__(self, store: Store, identity: Identity, *, cookies: bool) -> None:
        self._store = store
        self._identity = identity
        self._cookies = cookies

    async def admit(self, request: Request, part: Part) -> KnownCaller:
        """The caller. Raises Refused when the request shows nothing that is good."""
        session = self._session_user(request) if self._cookies else None
        if session is not None and self._session_counts(request, part, *session):
            return KnownCaller(session[0])
        if given := basic_credentials(request):
            account = await self._by_password(request, given)
            return KnownCaller(account, self._begin(account, part) if self._cookies else None)
        token = bearer_token(request)
        principal = self._identity.verify_bearer(token) if token else None
        found = self._store.accounts.get(principal.uid) if principal else None
        if found is None:
            raise Refused(401, "Current user is not logged in")
        return KnownCaller(found)

    async def _by_password(self, request: Request, given: BasicCredentials) -> StoredAccount:
        throttle, address = self._identity.throttle, address_of(request)
        try:
            await throttle.wait(address)
        except TooManyAttempts as error:
            raise Refused(429, str(error)) from error
        principal = self._identity.verify_basic(given.name, given.password)
        account = self._store.accounts.get(principal.uid) if principal else None
        if account is None:
            throttle.failed(address, given.name)
            raise Refused(401, "Current user is not logged in")
        throttle.succeeded(address, given.name)
        return account

    def _begin(self, account: StoredAccount, part: Part) -> ApiSession:
        return self._identity.api_sessions.begin(account.uid, is_dav=part is Part.DAV)

    def _session_user(self, request: Request) -> tuple[StoredAccount, bool] | None:
        """Whose session the request's cookie names, and whether WebDAV began it."""
        begun = self._identity.api_sessions.get(request.cookies.get(SESSION_COOKIE, ""))
        browser = self._identity.sessions.known(request)
        uid = begun.uid if begun else browser.uid if browser else None
        account = self._store.accounts.get(uid or "")
        return None if account is None else (account, begun is not None and begun.is_dav)

    def _session_counts(self, request: Request, part: Part, account: StoredAccount, is_dav: bool) -> bool:
        """Whether the session is who is asking. Raises Refused where it spoils the request."""
        is_proved = self._is_proved(request)
        match part:
            case Part.DAV if request.method == "GET" or is_proved or is_dav:
                return True
            case Part.DAV:
                raise Refused(401, "CSRF check not passed.")
            case Part.NOTES:
                # Open to other sites' scripts: without a proof the password counts, not the session.
                return is_proved
            case _:
                return True

    def _is_proved(self, request: Request) -> bool:
        """Sent by a program or by a page of this server, not by another site's."""
        if "ocs-apirequest" in request.headers:
            return True
        session = self._identity.sessions.known(request)
        return session is not None and passes_csrf(request, session, {})


def refusal(refused: Refused) -> Response:
    """What files and notes answer to a stranger."""
    if refused.status == 429:
        return Response(status_code=429)
    headers = {"WWW-Authenticate": 'Basic realm="Nextcloud", charset="UTF-8"'}
    return Response(status_code=401, headers=headers)
