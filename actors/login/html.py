"""What of an HTML page a login needs: its forms, the request token, and elements with an id."""

from __future__ import annotations

import re
from contextlib import suppress
from html.parser import HTMLParser

import attrs

HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
HIDING_CLASSES = frozenset({"hidden", "hidden-visually", "hide", "d-none"})
VOID = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
    ]
)  # without an end tag (HTML, 13.1.2)
MAX_FORMS = 100
MAX_CHARACTERS = 2**20
"""Of a page that are looked at."""
MAX_DEPTH = 200
"""Of elements within each other; deeper ones are taken for what is around them."""


@attrs.define
class Form:
    """A form of a page: where it goes, how, and its fields with the values they have.

    Attributes:
        asks_password: whether a field for a password is to be seen in it.
    """

    action: str
    method: str
    fields: dict[str, str] = attrs.Factory(dict)
    asks_password: bool = False


class HtmlReader(HTMLParser):
    """Collects them. Elements inside something hidden are hidden too."""

    def __init__(self) -> None:
        super().__init__()
        self.request_token = ""
        self.base = ""
        self.forms: list[Form] = []
        self.elements: dict[str, dict[str, str]] = {}
        self.scripts: list[str] = []
        self._form: Form | None = None
        self._open: list[tuple[str, bool]] = []

    def take(self, html: str) -> None:
        """Read a page, as far as it can be read: Python's parser gives up at some that browsers show.

        It raises AssertionError for a marked section without a name, and ValueError for a character
        reference of thousands of digits.
        """
        with suppress(AssertionError, ValueError, RecursionError):
            self.feed(html[:MAX_CHARACTERS])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        is_hidden = self._is_hidden or hides(given)
        if tag not in VOID and len(self._open) < MAX_DEPTH:
            self._open.append((tag, is_hidden))
        self.request_token = given.get("data-requesttoken") or self.request_token
        if tag == "base":
            self.base = self.base or given.get("href", "")
        if tag == "script" and given.get("src"):
            self.scripts.append(given["src"])
        if given.get("id"):
            self.elements.setdefault(given["id"], given)
        if tag == "form" and len(self.forms) < MAX_FORMS:
            self._form = Form(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._form)
        elif tag == "input" and self._form is not None:
            self._add_field(self._form, given, is_hidden)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        while any(name == tag for name, _ in self._open):
            if self._open.pop()[0] == tag:
                return

    @property
    def _is_hidden(self) -> bool:
        return bool(self._open) and self._open[-1][1]

    def _add_field(self, form: Form, given: dict[str, str], is_hidden: bool) -> None:
        kind = given.get("type", "text").lower()
        if kind == "password" and not is_hidden:
            form.asks_password = True
        if given.get("name") and kind not in ("submit", "button", "image", "reset", "file"):
            form.fields[given["name"]] = given.get("value", "")


def hides(given: dict[str, str]) -> bool:
    """Whether an element with these attributes is not to be seen, nor what is in it."""
    return (
        "hidden" in given
        or not HIDING_CLASSES.isdisjoint(given.get("class", "").split())
        or bool(HIDDEN_STYLE.search(given.get("style", "")))
    )
