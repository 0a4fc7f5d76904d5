"""The pages, shaped like Nextcloud's: which elements there are, in which order, and what builds them."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from string import Template

from sim.standin.identity.layout import answer, built_by_script, fill, initial_state, literal, page, run_later
from sim.standin.identity.looks import Look
from sim.standin.identity.words import said

__all__ = [
    "answer",
    "consent",
    "error",
    "flow_done",
    "flow_grant",
    "flow_picker",
    "home",
    "login",
    "redirecting",
    "security",
]

_LOGIN = Template("""<h2 class="login-form__headline">$headline</h2>
$errors
<form method="post" name="login" class="login-form" action="$base/login">
<fieldset class="login-form__fieldset" data-login-form>
<label>$name<input type="text" id="user" name="user" value="$user" autocapitalize="none"
 autocomplete="username" required data-login-form-input-user></label>
<label>$password<input type="password" id="password" name="password" autocapitalize="none"
 autocomplete="current-password" required data-login-form-input-password></label>
<button type="button" class="button-vue" aria-label="$show">👁</button>
<button type="submit" class="button-vue primary" data-login-form-submit>$log_in</button>
<input type="hidden" name="redirect_url" value="$redirect_url">
<input type="hidden" name="timezone" value="UTC">
<input type="hidden" name="timezone_offset" value="0">
<input type="hidden" name="requesttoken" value="$requesttoken">
</fieldset>
</form>
<a href="#" id="lost-password">$forgot</a>""")
_LOGIN_SCRIPT = """document.querySelector("button[type=button]").onclick = () => {
const field = document.querySelector("#password");
field.type = field.type === "password" ? "text" : "password"};"""

_CONSENT = Template("""<div id="oidc-consent-container"><div class="consent-box">
<h2>$title</h2>
<p class="consent-intro"><span><b>$client</b> $asks</span> ($user)</p>
<div class="scope-list">$scopes</div>
<div class="consent-actions">$actions</div></div></div>""")
_CONSENT_BUTTONS = Template("""<button class="button secondary">$deny</button>
<button class="button primary">$allow</button>""")
_SCOPE = Template("""<div class="scope-item"><label>
<input type="checkbox" class="checkbox" value="$scope" checked $disabled>$scope</label></div>""")
_CONSENT_SCRIPT = Template("""const send = (where, fields) => {
const form = document.createElement("form");
form.method = "post"; form.action = $base + "/index.php/apps/oidc/consent/" + where;
for (const [name, value] of Object.entries(fields)) {
const input = document.createElement("input");
input.type = "hidden"; input.name = name; input.value = value; form.append(input)}
document.body.append(form); form.submit()};
const requesttoken = document.head.dataset.requesttoken;
document.querySelector(".consent-actions .secondary").onclick = () => send("deny", {requesttoken});
document.querySelector(".consent-actions .primary").onclick = () => send("grant", {requesttoken,
scopes: [...document.querySelectorAll(".checkbox:checked")].map(box => box.value).join(" ")});""")
_CONSENT_FORMS = Template("""<form method="post" action="$base/index.php/apps/oidc/consent/deny">
<input type="hidden" name="requesttoken" value="$requesttoken">
<button class="button secondary">$deny</button></form>
<form method="post" action="$base/index.php/apps/oidc/consent/grant">
<input type="hidden" name="scopes" value="$scope">
<input type="hidden" name="requesttoken" value="$requesttoken">
<button class="button primary">$allow</button></form>""")

_PICKER = Template("""<div class="picker-window"><h2>$title</h2>
<p class="info">$picker <strong>$client</strong></p>
<p id="redirect-link"></p>
<form id="login-form" action="$base/index.php/login/v2/grant?$query" method="get">
<input type="submit" class="login primary icon-confirm-white" value="$log_in" disabled>
</form>
<form action="$base/index.php/login/v2/apptoken" method="post" id="app-token-login-field" class="hidden">
<p class="grouptop"><input type="text" name="user" id="user" placeholder="$name"></p>
<p class="groupbottom">
<input type="password" name="password" id="password" placeholder="$app_password"></p>
<input type="hidden" name="stateToken" value="$state_token">
<input type="hidden" name="requesttoken" value="$requesttoken">
<input id="submit-app-token-login" type="submit" class="login primary icon-confirm-white" value="$grant">
</form>
<a id="app-token-login" class="apptoken-link" href="#">$alternative</a></div>""")
_PICKER_SCRIPT = """document.querySelector("#app-token-login").onclick = event => {
event.preventDefault(); event.target.classList.add("hidden");
document.querySelector("#app-token-login-field").classList.remove("hidden")};
const form = document.querySelector("#login-form");
form.onsubmit = event => {event.preventDefault(); location.href = form.getAttribute("action")};
form.querySelector("input").disabled = false"""

_GRANT = Template("""<div class="picker-window small"><h2>$title</h2>
<p class="info">$logged_in_as $user</p>
<p class="info"><strong>$client</strong></p>
<form method="POST" action="$base/index.php/login/v2/grant">
<input type="hidden" name="requesttoken" value="$requesttoken">
<input type="hidden" name="stateToken" value="$state_token">
<div id="submit-wrapper">
<input type="submit" class="login primary icon-confirm-white" title="" value="$grant"></div>
</form></div>""")

_PARAGRAPH = Template("""<h2>$title</h2><p class="$kind">$text</p>""")


def login(look: Look, request_token: str, user: str, redirect_url: str, errors: Iterable[str]) -> str:
    """The login form, with what went wrong the last time."""
    errors = list(errors)
    told = "".join(f'<p class="warning" role="alert">{escape(look(error))}</p>' for error in errors)
    form = fill(
        _LOGIN,
        base=look.base,
        headline=look("log in to"),
        name=look("name"),
        password=look("password"),
        show=look("show password"),
        log_in=look("log in"),
        forgot=look("forgot"),
        user=user,
        redirect_url=redirect_url,
        requesttoken=request_token,
    )
    form = Template(form).safe_substitute(errors=told)
    state = initial_state("core-loginErrors", errors) + initial_state("core-loginRedirectUrl", redirect_url)
    return _scripted(look, form, _LOGIN_SCRIPT, request_token, id="login", state=state)


def consent(look: Look, request_token: str, client: str, client_id: str, scope: str, user: str) -> str:
    """Which client asks for what. Deny stands before Allow, and only classes tell them apart."""
    boxes = (fill(_SCOPE, scope=one, disabled="disabled" if one == "openid" else "") for one in scope.split())
    actions = fill(
        _CONSENT_BUTTONS if look.scripted else _CONSENT_FORMS,
        deny=look("deny"),
        allow=look("allow"),
        base=look.base,
        requesttoken=request_token,
        scope=scope,
    )
    content = fill(_CONSENT, title=look("authorize"), client=client, asks=look("asks"), user=user)
    content = Template(content).safe_substitute(scopes="".join(boxes), actions=actions)
    data = f' data-client-name="{escape(client)}" data-scopes="{escape(scope)}"'
    data += f' data-client-id="{escape(client_id)}"'
    then = _CONSENT_SCRIPT.substitute(base=literal(look.base))
    return _scripted(look, content, then, request_token, id="oidc-consent", data=data, user=user)


def redirecting(look: Look) -> str:
    """After the login: JavaScript goes on to the authorization endpoint, whose query the session keeps."""
    script = f"location.replace({literal(f'{look.base}/index.php/apps/oidc/authorize')})"
    text = f"<p>{escape(look('redirected'))}</p>"
    return page(look.language, text, script=run_later(script, look.delay_ms))


def flow_picker(look: Look, request_token: str, client: str, state_token: str) -> str:
    """A way on that waits for a script, and a hidden form beside it that is no way on."""
    content = fill(
        _PICKER,
        base=look.base,
        title=look("connect"),
        picker=look("picker"),
        log_in=look("log in"),
        name=look("name"),
        app_password=look("app password"),
        alternative=look("alternative"),
        grant=look("grant"),
        client=client,
        query=f"stateToken={state_token}&user=&direct=0",
        state_token=state_token,
        requesttoken=request_token,
    )
    return page(look.language, content, request_token, script=run_later(_PICKER_SCRIPT, look.delay_ms))


def flow_grant(look: Look, request_token: str, client: str, user: str, state_token: str) -> str:
    content = fill(
        _GRANT,
        base=look.base,
        title=look("account access"),
        logged_in_as=look("logged in as"),
        grant=look("grant"),
        client=client,
        user=user,
        state_token=state_token,
        requesttoken=request_token,
    )
    return page(look.language, content, request_token, user=user)


def flow_done(look: Look) -> str:
    return page(look.language, _paragraph(look("connected"), look("close")))


def security(look: Look, request_token: str, user: str, tokens: list[dict[str, object]]) -> str:
    """The user's security settings: their app passwords stand in it as initial state."""
    state = initial_state("settings-app_tokens", tokens)
    return page(look.language, _paragraph("Security", user), request_token, user=user, state=state)


def home(look: Look, request_token: str, user: str) -> str:
    return page(look.language, _paragraph("Dashboard", user), request_token, user=user)


def error(message: str) -> str:
    return page("de", _paragraph(said("refused", "de"), message, kind="warning"))


def _paragraph(title: str, text: str, kind: str = "info") -> str:
    return fill(_PARAGRAPH, title=title, text=text, kind=kind)


def _scripted(look: Look, content: str, then: str, request_token: str, **more: str) -> str:
    """A page whose content a script builds; without scripts the forms alone do, for plain clients."""
    if not look.scripted:
        return page(look.language, content, request_token, **more)
    script = built_by_script(content, then, look.delay_ms)
    return page(look.language, "", request_token, script=script, **more)
