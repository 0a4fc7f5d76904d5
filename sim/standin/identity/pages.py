"""The pages: all HTML of the identity half. Whatever comes from outside is escaped in `_fill`."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from html import escape
from string import Template

from starlette.responses import HTMLResponse

_PAGE = Template("""<!DOCTYPE html>
<html lang="en" data-locale="en">
<head data-requesttoken="$requesttoken" data-user="$user">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title – Nextcloud</title>
<link rel="icon" href="data:,">
<style>
body { margin: 0; min-height: 100vh; display: grid; place-items: center; color: #222;
       font: 16px/1.5 system-ui, sans-serif; background: linear-gradient(40deg, #0082c9, #30b6ff); }
main { background: #fff; border-radius: 12px; padding: 24px 32px; width: min(340px, 80vw); }
h1 { font-size: 20px; }
input, button { font: inherit; box-sizing: border-box; width: 100%; padding: 8px 12px; }
label, button { display: block; margin: 12px 0; } button { border: 0; border-radius: 20px; cursor: pointer; }
.primary { background: #00679e; color: #fff; } .warning { color: #b3261e; }
</style>
</head>
<body id="body-login">
$state
<main id="$id"$data>$content</main>
$script
</body>
</html>
""")

_LOGIN = Template("""<h1>Log in to Nextcloud</h1>
$errors
<form method="post" name="login" action="/login">
<label>Account name or email
<input type="text" id="user" name="user" value="$user" autocomplete="username" required autofocus>
</label>
<label>Password
<input type="password" id="password" name="password" autocomplete="current-password" required></label>
<input type="hidden" name="redirect_url" value="$redirect_url">
<input type="hidden" name="timezone" value="UTC">
<input type="hidden" name="timezone_offset" value="0">
<input type="hidden" name="requesttoken" value="$requesttoken">
<button type="submit" class="primary">Log in</button>
</form>""")

_CONSENT = Template("""<h1>Authorize $client</h1>
<p><strong>$client</strong> asks for access to your account, $user:</p>
<ul>$scopes</ul>
<form method="post" action="/index.php/apps/oidc/consent/grant">
<input type="hidden" name="scopes" value="$scope">
<input type="hidden" name="requesttoken" value="$requesttoken">
<button type="submit" class="primary">Allow</button>
</form>
<form method="post" action="/index.php/apps/oidc/consent/deny">
<input type="hidden" name="requesttoken" value="$requesttoken">
<button type="submit">Deny</button>
</form>""")

_PICKER = Template("""<h1>Connect to your account</h1>
<p>Please log in before granting <strong>$client</strong> access to your Nextcloud account.</p>
<form method="get" action="/login/v2/grant">
<input type="hidden" name="stateToken" value="$state_token">
<button type="submit" class="primary">Log in</button>
</form>""")

_GRANT = Template("""<h1>Account access</h1>
<p>You are about to grant <strong>$client</strong> access to your account, $user.</p>
<form method="post" action="/login/v2/grant">
<input type="hidden" name="stateToken" value="$state_token">
<input type="hidden" name="requesttoken" value="$requesttoken">
<button type="submit" class="primary">Grant access</button>
</form>""")

_REDIRECT = """<p>You are being redirected.</p>"""
_REDIRECT_SCRIPT = """<script>location.replace("/index.php/apps/oidc/authorize")</script>"""
_DONE = """<h1>Account connected</h1>
<p>Your client should now be connected! You can close this window.</p>"""
_PARAGRAPH = Template("""<h1>$title</h1><p class="warning">$text</p>""")
_PLAIN = Template("""<h1>$title</h1><p>$text</p>""")

_LOGIN_ERRORS = {
    "invalidpassword": "Wrong login or password.",
    "csrfCheckFailed": "The request token is missing or out of date. Please try again.",
    "invalidOrigin": "The login did not come from this server: its Origin header is missing or foreign.",
}


def answer(html: str, status: int = 200) -> HTMLResponse:
    """A page is never kept by a cache, nor shown inside another site's."""
    headers = {"Cache-Control": "no-store", "X-Frame-Options": "SAMEORIGIN"}
    return HTMLResponse(html, status_code=status, headers=headers)


def login(request_token: str, user: str, redirect_url: str, errors: Iterable[str], scripted: bool) -> str:
    """The login form, with what went wrong the last time."""
    errors = list(errors)
    said = "".join(f'<p class="warning" role="alert">{escape(_LOGIN_ERRORS[error])}</p>' for error in errors)
    form = _fill(_LOGIN, user=user, redirect_url=redirect_url, requesttoken=request_token)
    form = Template(form).safe_substitute(errors=said)
    state = _initial_state("core-loginErrors", errors) + _initial_state("core-loginRedirectUrl", redirect_url)
    return _page("Login", form, request_token, id="login", state=state, scripted=scripted)


def consent(request_token: str, client: str, client_id: str, scope: str, user: str, scripted: bool) -> str:
    """Which client asks for what, with buttons Allow and Deny."""
    items = "".join(f"<li>{escape(one)}</li>" for one in scope.split())
    form = _fill(_CONSENT, client=client, user=user, scope=scope, requesttoken=request_token)
    form = Template(form).safe_substitute(scopes=items)
    data = f' data-client-name="{escape(client)}" data-scopes="{escape(scope)}"'
    data += f' data-client-id="{escape(client_id)}"'
    return _page("Authorize", form, request_token, id="oidc-consent", data=data, user=user, scripted=scripted)


def redirecting() -> str:
    """After the login: JavaScript goes on to the authorization endpoint, whose query the session keeps."""
    return _page("Redirect", _REDIRECT, script=_REDIRECT_SCRIPT)


def flow_picker(client: str, state_token: str) -> str:
    return _page("Connect", _fill(_PICKER, client=client, state_token=state_token))


def flow_grant(request_token: str, client: str, user: str, state_token: str) -> str:
    form = _fill(_GRANT, client=client, user=user, state_token=state_token, requesttoken=request_token)
    return _page("Account access", form, request_token, user=user)


def flow_done() -> str:
    return _page("Account connected", _DONE)


def security(request_token: str, user: str, tokens: list[dict[str, object]]) -> str:
    """The user's security settings: his app passwords stand in it as initial state, as Nextcloud has them."""
    content = _fill(_PLAIN, title="Security", text=f"{len(tokens)} app passwords")
    return _page(
        "Security", content, request_token, user=user, state=_initial_state("settings-app_tokens", tokens)
    )


def home(request_token: str, user: str) -> str:
    return _page(
        "Dashboard", _fill(_PLAIN, title="Dashboard", text=f"Hello {user}"), request_token, user=user
    )


def error(message: str) -> str:
    return _page("Error", _fill(_PARAGRAPH, title="Access refused", text=message))


def _page(
    title: str,
    content: str,
    request_token: str = "",
    *,
    id: str = "content",
    data: str = "",
    user: str = "",
    state: str = "",
    script: str = "",
    scripted: bool = False,
) -> str:
    if scripted:
        content, script = "", _building(content)
    outer = _fill(_PAGE, title=title, id=id, requesttoken=request_token, user=user)
    # In one go, so that nothing that a user wrote is taken for a placeholder.
    return Template(outer).safe_substitute(state=state, data=data, content=content, script=script)


def _building(content: str) -> str:
    """A script that writes the content: without JavaScript there is no form, as on Nextcloud's own pages."""
    literal = json.dumps(content).replace("<", "\\u003c")
    return f'<script>document.querySelector("main").innerHTML = {literal}</script>'


def _initial_state(name: str, value: object) -> str:
    """How Nextcloud hands data to its scripts."""
    encoded = base64.b64encode(json.dumps(value).encode()).decode()
    return f'<input type="hidden" id="initial-state-{name}" value="{encoded}">'


def _fill(template: Template, **values: str) -> str:
    """Values are escaped, and no dollar sign in them can become a placeholder; those not named stay."""
    return template.safe_substitute(
        {name: escape(value).replace("$", "&#36;") for name, value in values.items()}
    )
