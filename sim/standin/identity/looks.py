"""How a page looks to whoever asks for it: the language, and whether scripts build it."""

from __future__ import annotations

from functools import partial

import attrs
from starlette.requests import Request

from sim.standin.identity.identity_options import IdentityOptions
from sim.standin.identity.web import base_url
from sim.standin.identity.words import chosen_language, said


@attrs.frozen
class Look:
    """Of one page.

    Attributes:
        base: address of the server, without a slash behind it.
        scripted: JavaScript builds the forms, after `delay_ms`.
    """

    base: str
    language: str
    scripted: bool
    delay_ms: int

    def __call__(self, key: str) -> str:
        """The word for `key` in the page's language."""
        return said(key, self.language)


class Looks:
    """Makes looks, by the server's options."""

    def __init__(self, options: IdentityOptions) -> None:
        self._options = options
        self._make = partial(
            Look, scripted=options.scripted_pages, delay_ms=round(options.script_delay_s * 1000)
        )

    def of(self, request: Request) -> Look:
        language = self._options.language
        if language == "auto":
            language = chosen_language(request.headers.get("accept-language", ""))
        return self._make(base=base_url(request), language=language)
