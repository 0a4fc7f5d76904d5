"""What a page has sent and has no answer to yet."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from playwright.async_api import Page, Request

SETTLING_S = 4.0
"""How long a page that is to be closed may wait for its answers; the portal waits for more in all."""


class UnderWay:
    """The requests of one page at which a server may be at work, whoever hangs up: documents, and forms.

    Pictures, scripts and polls are not waited for: nothing of a user's hangs on them.
    """

    def __init__(self, page: Page) -> None:
        self._sent: set[Request] = set()
        self._settled = asyncio.Event()
        self._settled.set()
        page.on("request", self._note_sent)
        page.on("requestfinished", self._note_over)
        page.on("requestfailed", self._note_over)

    async def settle(self) -> None:
        """Wait until all of them have their answer, for at most `SETTLING_S`."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._settled.wait(), SETTLING_S)

    def _note_sent(self, request: Request) -> None:
        if request.method != "GET" or request.is_navigation_request():
            self._sent.add(request)
            self._settled.clear()

    def _note_over(self, request: Request) -> None:
        self._sent.discard(request)
        if not self._sent:
            self._settled.set()
