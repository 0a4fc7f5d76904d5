"""Reading Nextcloud's login, consent and redirect pages as a program: what kind, and what to send."""

from __future__ import annotations

import base64
import json
import re
from html.parser import HTMLParser
from urllib.parse import parse_qs, unquote, urlencode, urljoin, urlsplit

import attrs

from actors.login.driver import GRANT_PATH
from actors.ports import Person

STATE_IN_LINK = re.compile(r"""/login/v2/grant\?(?:[^"']*&(?:amp;)?)?stateToken=([^"'&]+)""")


@attrs.define
class Form:
    """A form of a page: where it goes, how, and its fields with the values they have."""

    action: str
    method: str
    fields: dict[str, str] = attrs.Factory(dict)


@attrs.frozen
class Submission:
    """What to send next. `fields` None: a GET."""

    url: str
    fields: dict[str, str] | None = None


class _Reader(HTMLParser):
    """Collects the request token, the forms, and elements with an id."""

    def __init__(self) -> None:
        super().__init__()
        self.request_token = ""
        self.forms: list[Form] = []
        self.elements: dict[str, dict[str, str]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "data-requesttoken" in given:
            self.request_token = given["data-requesttoken"]
        if "id" in given:
            self.elements[given["id"]] = given
        if tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get").lower()))
        elif tag == "input" and self.forms and given.get("name"):
            self.forms[-1].fields[given["name"]] = given.get("value", "")


class Page:
    """One page, at `url`, as it came."""

    def __init__(self, url: str, html: str) -> None:
        self.url = url
        self._html = html
        self._reader = _Reader()
        self._reader.feed(html)

    @property
    def request_token(self) -> str:
        return self._reader.request_token

    def initial_state(self, name: str) -> str:
        """What Nextcloud hands to the page's scripts under this name: JSON in base64, "" for nothing."""
        return self._reader.elements.get(name, {}).get("value", "")

    @property
    def path(self) -> str:
        return urlsplit(self.url).path.removeprefix("/index.php")

    @property
    def is_login(self) -> bool:
        """Nextcloud renders the form by JavaScript; then only the address tells."""
        return self.path.rstrip("/").endswith("/login") or self._form_with("password") is not None

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

    def pick(self) -> Submission:
        """The button Log in of a login flow: its state token goes on in the address."""
        base, _, _ = self.url.partition("/login/v2/")
        return Submission(f"{base}{GRANT_PATH}?{urlencode({'stateToken': self._state_token()})}")

    def grant(self) -> Submission:
        """The button Grant access."""
        fields = {"stateToken": self._state_token(), "requesttoken": self._reader.request_token}
        return Submission(self.url.partition("?")[0], fields)

    def _state_token(self) -> str:
        """From the address, a form, a link, or the state that newer pages are built from."""
        given = parse_qs(urlsplit(self.url).query).get("stateToken")
        if given:
            return given[0]
        form = self._form_with("stateToken")
        if form is not None:
            return form.fields["stateToken"]
        if found := STATE_IN_LINK.search(self._html):
            return unquote(found[1])
        state = self.initial_state("initial-state-core-loginFlowStateToken")
        return str(json.loads(base64.b64decode(state))) if state else ""

    def log_in(self, person: Person) -> Submission:
        """The login form, filled in."""
        form = self._form_with("password") or Form(self.url, "post")
        fields = {
            "timezone": "UTC",
            "timezone_offset": "0",
            **form.fields,
            "user": person.uid,
            "password": person.password.reveal(),
            "requesttoken": self._reader.request_token,
        }
        if not fields.get("redirect_url"):
            query = parse_qs(urlsplit(self.url).query)
            fields["redirect_url"] = query.get("redirect_url", [""])[0]
        return Submission(urljoin(self.url, form.action or self.url), fields)

    def consent(self) -> Submission:
        """The button Allow: all scopes that the page names."""
        form = next((form for form in self._reader.forms if form.action.endswith("/consent/grant")), None)
        scopes = self._reader.elements.get("oidc-consent", {}).get("data-scopes", "")
        action = form.action if form else self._beside("consent/grant")
        fields = {"scopes": scopes, **(form.fields if form else {})}
        fields["requesttoken"] = self._reader.request_token
        return Submission(urljoin(self.url, action), fields)

    def _form_with(self, field: str) -> Form | None:
        return next((form for form in self._reader.forms if field in form.fields), None)

    def _beside(self, path: str) -> str:
        base, _, _ = self.url.partition("/apps/oidc/")
        return f"{base}/apps/oidc/{path}"
