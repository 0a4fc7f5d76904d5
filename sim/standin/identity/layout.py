"""The frame of every page, and how values get into HTML: whatever comes from outside is escaped in `fill`."""

from __future__ import annotations

import base64
import json
from html import escape
from string import Template

from starlette.responses import HTMLResponse

_PAGE = Template("""<!DOCTYPE html>
<html class="ng-csp" lang="$language" data-locale="$language">
<head data-requesttoken="$requesttoken" data-user="$user">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Nextcloud</title>
<link rel="icon" href="data:,">
<style>
body { margin: 0; min-height: 100vh; display: grid; place-items: center; color: #222;
       font: 16px/1.5 system-ui, sans-serif; background: linear-gradient(40deg, #0082c9, #30b6ff); }
main { background: #fff; border-radius: 12px; padding: 24px 32px; width: min(340px, 80vw); }
h1, h2 { font-size: 20px; } .hidden { display: none; }
input, button { font: inherit; box-sizing: border-box; padding: 8px 12px; }
label { display: block; margin: 12px 0; } button { border: 0; border-radius: 20px; cursor: pointer; }
.primary { background: #00679e; color: #fff; } .warning { color: #b3261e; }
</style>
</head>
<body id="body-login">
<noscript><div id="nojavascript">JavaScript</div></noscript>
$state
<main id="$id"$data>$content</main>
$script
</body>
</html>
""")


def answer(html: str, status: int = 200) -> HTMLResponse:
    """A page is never kept by a cache, nor shown inside another site's."""
    headers = {"Cache-Control": "no-store", "X-Frame-Options": "SAMEORIGIN"}
    return HTMLResponse(html, status_code=status, headers=headers)


def page(
    language: str,
    content: str,
    request_token: str = "",
    *,
    id: str = "content",
    data: str = "",
    user: str = "",
    state: str = "",
    script: str = "",
) -> str:
    """A whole page. `content`, `data`, `state` and `script` are HTML already."""
    outer = fill(_PAGE, language=language, id=id, requesttoken=request_token, user=user)
    # In one go, so that nothing that a user wrote is taken for a placeholder.
    return Template(outer).safe_substitute(state=state, data=data, content=content, script=script)


def built_by_script(content: str, then: str, delay_ms: int) -> str:
    """A script that writes the content after a while: without JavaScript there is none of it.

    `then` is JavaScript that runs when it is there.
    """
    write = f'document.querySelector("main").innerHTML = {literal(content)};{then}'
    return f"<script>setTimeout(() => {{{write}}}, {delay_ms})</script>"


def run_later(script: str, delay_ms: int) -> str:
    """JavaScript that runs a while after the page is there."""
    return f"<script>setTimeout(() => {{{script}}}, {delay_ms})</script>"


def literal(value: object) -> str:
    """As a literal of JavaScript inside a page."""
    return json.dumps(value).replace("<", "\\u003c").replace("$", "\\u0024")


def initial_state(name: str, value: object) -> str:
    """How Nextcloud hands data to its scripts."""
    encoded = base64.b64encode(json.dumps(value).encode()).decode()
    return f'<input type="hidden" id="initial-state-{name}" value="{encoded}">'


def fill(template: Template, **values: str) -> str:
    """Values are escaped, and no dollar sign in them can become a placeholder; those not named stay."""
    return template.safe_substitute(
        {name: escape(value).replace("$", "&#36;") for name, value in values.items()}
    )
