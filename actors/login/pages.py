"""Reading Nextcloud's login, consent and redirect pages as a program: what kind, and what to send.

Kinds are told by address, by the target of forms and by ids, never by labels: those are translated.
"""

from __future__ import annotations

import base64
import re
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urljoin, urlsplit

import attrs

from actors.json_text import read_json
from actors.login.driver import GRANT_PATH
from actors.login.html import MAX_CHARACTERS, Form, HtmlReader
from actors.ports import Person

STATE_IN_LINK = re.compile(r"""/login/v2/grant\?(?:[^"']{0,2000}&(?:amp;)?)?stateToken=([^"'&]{1,2000})""")
SECOND_FACTOR = ("/login/selectchallenge", "/login/challenge/", "/login/setupchallenge")
TERMS = "/apps/terms_of_service/"
TERMS_REFUSAL = "the terms of service have to be accepted first, which only a person can do"
THROTTLED_MS = 5000
"""A delay of a login that Nextcloud's own page warns of."""


@attrs.frozen
class Submission:
    """What to send next. `fields` None: a GET.

    Attributes:
        is_secret: a password is among the fields.
    """

    url: str
    fields: dict[str, str] | None = attrs.field(default=None, repr=False)
    is_secret: bool = False


class LoginPage:
    """One page, at `url`, as it came."""

    def __init__(self, url: str, html: str) -> None:
        self.url = url
        self._html = html
        self._reader = HtmlReader()
        self._reader.take(html)

    @property
    def request_token(self) -> str:
        return self._reader.request_token

    def initial_value(self, name: str) -> Any:
        """What Nextcloud hands to the page's scripts under this name; None for nothing."""
        try:
            return read_json(base64.b64decode(self._reader.elements.get(name, {}).get("value", "")))
        except ValueError:
            return None

    @property
    def path(self) -> str:
        """Within Nextcloud, without `/index.php`; a sub-path it lies under stays."""
        return urlsplit(self.url).path.replace("/index.php/", "/", 1)

    @property
    def is_login(self) -> bool:
        """Nextcloud renders the form by JavaScript; then only the address tells."""
        return self.path.rstrip("/").endswith("/login") or self._login_form is not None

    @property
    def is_consent(self) -> bool:
        return "oidc-consent" in self._reader.elements or self.path.endswith("/apps/oidc/consent")

    @property
    def is_redirect(self) -> bool:
        """A page of JavaScript that does nothing but go back to the authorization endpoint."""
        return self.path.endswith("/apps/oidc/redirect")

    @property
    def is_flow_picker(self) -> bool:
        """The first page of a login flow (v2): it only offers to log in."""
        return self.path.endswith("/login/v2/flow")

    @property
    def is_flow_grant(self) -> bool:
        return self.path.endswith(GRANT_PATH)

    @property
    def refusal(self) -> str:
        """Why nobody gets past this page by a password alone, "" where that is not known."""
        if why := refusal_of(self.path):
            return why
        has_terms = any(TERMS in script for script in self._reader.scripts)
        return TERMS_REFUSAL if has_terms and self._is_unknown else ""

    @property
    def _is_unknown(self) -> bool:
        known = (self.is_redirect, self.is_consent, self.is_flow_picker, self.is_flow_grant, self.is_login)
        return not any(known)

    def why_back(self) -> str:
        """Why the login page is there again, as far as it says so itself."""
        errors = self.initial_value("initial-state-core-loginErrors")
        delay = self.initial_value("initial-state-core-loginThrottleDelay")
        return why_back(errors if isinstance(errors, list) else [], delay)

    def pick(self) -> Submission:
        """The button Log in of a login flow: its script goes to the form's action as it stands."""
        form = self._form_to(GRANT_PATH, "get")
        if form is not None and "stateToken=" in form.action:
            return Submission(self._target(form.action))
        base, _, _ = self.url.partition("/login/v2/")
        return Submission(f"{base}{GRANT_PATH}?{urlencode({'stateToken': self._state_token()})}")

    def grant(self) -> Submission:
        """The button Grant access."""
        form = self._form_to(GRANT_PATH, "post") or Form(self.url.partition("?")[0], "post")
        fields = {"stateToken": self._state_token(), "requesttoken": self.request_token, **form.fields}
        return Submission(self._target(form.action), fields)

    def _state_token(self) -> str:
        """From the address, a form, a link, or the state that newer pages are built from."""
        given = parse_qs(urlsplit(self.url).query).get("stateToken")
        if given:
            return given[0]
        form = self._form_with("stateToken")
        if form is not None:
            return form.fields["stateToken"]
        if found := STATE_IN_LINK.search(self._html[:MAX_CHARACTERS]):
            return unquote(found[1])
        state = self.initial_value("initial-state-core-loginFlowStateToken")
        return state if isinstance(state, str) else ""

    def log_in(self, person: Person) -> Submission:
        """The login form, filled in."""
        form = self._login_form or Form(self.url, "post")
        fields = {
            "timezone": "UTC",
            "timezone_offset": "0",
            **form.fields,
            "user": person.login,
            "password": person.password.reveal(),
            "requesttoken": self.request_token,
        }
        if not fields.get("redirect_url"):
            query = parse_qs(urlsplit(self.url).query)
            fields["redirect_url"] = query.get("redirect_url", [""])[0]
        return Submission(self._target(form.action), fields, is_secret=True)

    def consent(self) -> Submission:
        """The button Allow: all scopes that the page names."""
        form = next((form for form in self._reader.forms if form.action.endswith("/consent/grant")), None)
        scopes = self._reader.elements.get("oidc-consent", {}).get("data-scopes", "")
        action = form.action if form else self._beside("consent/grant")
        fields = {"scopes": scopes, **(form.fields if form else {})}
        fields["requesttoken"] = self.request_token
        return Submission(self._target(action), fields)

    @property
    def _login_form(self) -> Form | None:
        """The form that takes a password and is to be seen: pages hide others behind it."""
        return next((f for f in self._reader.forms if f.asks_password and f.method == "post"), None)

    def _form_with(self, field: str) -> Form | None:
        return next((form for form in self._reader.forms if field in form.fields), None)

    def _form_to(self, path: str, method: str) -> Form | None:
        forms = (form for form in self._reader.forms if form.method == method)
        return next((form for form in forms if path_of(form.action).endswith(path)), None)

    def _target(self, action: str) -> str:
        """Where a form goes: an empty action is the page itself (HTML, 4.10.21.3)."""
        try:
            return urljoin(urljoin(self.url, self._reader.base), action.strip()) if action else self.url
        except ValueError:
            return action

    def _beside(self, path: str) -> str:
        base, _, _ = self.url.partition("/apps/oidc/")
        return f"{base}/apps/oidc/{path}"


def refusal_of(path: str) -> str:
    """Why nobody gets past the page at this path by a password alone, "" where one might."""
    if any(part in path for part in SECOND_FACTOR):
        return (
            "the account wants a second factor (two-factor authentication), which this login cannot give: "
            "exempt the test users from it"
        )
    return ""


def why_back(errors: list[Any], delay_ms: Any) -> str:
    """Why a login page is there again, from what it hands to its scripts."""
    if "userdisabled" in errors:
        return "the account is disabled"
    if "invalidpassword" in errors:
        why = "wrong password"
    elif "csrfCheckFailed" in errors:
        why = "the CSRF check failed, as behind a proxy that changes host or cookies"
    else:
        why = "wrong password, or a login that loops"
    is_slow = isinstance(delay_ms, (int, float)) and delay_ms > THROTTLED_MS
    return why + ("; logins from this address are throttled (brute-force protection)" if is_slow else "")


def path_of(action: str) -> str:
    try:
        return urlsplit(action).path
    except ValueError:
        return ""
