"""How a browser's pages are told apart, and what is pressed: by target, class and role, never by label.

Read from the sources of Nextcloud (`core/templates/loginflowv2`, `core/src/components/login`) and of its
OIDC app (`src/Consent.vue`); labels are translated, and *Deny* stands before *Allow* there.
"""

from __future__ import annotations

from typing import Any

import attrs

SUBMIT = ":is(input[type=submit], button[type=submit], button:not([type])):visible:enabled"
PRIMARY = (
    ":is(button, input[type=submit], input[type=button], a.button)[class*=primary]"
    ":not([class*=secondary]):not([class*=tertiary]):not([class*=error]):visible:enabled"
)
PASSWORD = "form:not([action*='/login/v2/']) input[type=password][name=password]:visible"  # noqa: S105 (a selector)
CONSENT = f"form[action$='/consent/grant'] {SUBMIT}, :is(#oidc-consent, #oidc-consent-container) {PRIMARY}"
GRANT = f"form[action*='/login/v2/grant'][method=post i] {SUBMIT}"
PICK = f"form[action*='/login/v2/grant']:not([method=post i]) {SUBMIT}, a[href*='/login/v2/grant']:visible"
FLOW_PATHS = ("/login/v2/flow", "/login/v2/grant")
"""Where newer releases draw the page by script: then its one primary button is the way on."""

STATE = """() => {
    const read = (name) => {
        try {
            const element = document.getElementById('initial-state-core-' + name);
            return element ? JSON.parse(atob(element.value)) : null;
        } catch { return null; }
    };
    return {
        errors: read('loginErrors'),
        delay: read('loginThrottleDelay'),
        terms: !!document.querySelector("script[src*='/apps/terms_of_service/']"),
    };
}"""
"""What a login page hands to its scripts about what went wrong."""

FORM = """(field) => {
    const form = field.closest('form');
    if (!form) return null;
    const submits = [...form.querySelectorAll('input[type=submit], button[type=submit], button:not([type])')];
    const absolute = (action) => new URL(action || document.URL, document.baseURI).href;
    return {
        origin: location.origin,
        method: (form.getAttribute('method') || 'get').toLowerCase(),
        target: form.getAttribute('target') || '',
        actions: [
            absolute(form.getAttribute('action')),
            ...submits.map((s) => s.getAttribute('formaction')).filter((a) => a !== null).map(absolute),
        ],
    };
}"""
"""Of the field for a password: where its form would take it. Attributes, since properties can be overlaid."""


@attrs.frozen
class LoginForm:
    """What `FORM` gives."""

    origin: str
    method: str
    target: str
    actions: tuple[str, ...]


def read_form(value: Any) -> LoginForm | None:
    """None where the field is in no form, or the page says something odd."""
    if not isinstance(value, dict) or not isinstance(value.get("actions"), list):
        return None
    texts = [value.get(name) for name in ("origin", "method", "target")]
    if not all(isinstance(text, str) for text in [*texts, *value["actions"]]):
        return None
    return LoginForm(value["origin"], value["method"], value["target"], tuple(value["actions"]))
