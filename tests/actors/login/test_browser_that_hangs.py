"""A browser that stops answering holds nobody up, and takes nothing back of what a login came to."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import trio

from actors.errors import LoginError
from actors.login import browser_driver
from actors.login.browser_driver import BrowserDriver
from actors.login.portal import open_portal
from actors.login.trust import Trust
from actors.ports import Person
from actors.secret import Secret

HOST = "https://cloud.example"
FLOW = f"{HOST}/login/v2/flow"
USER = Person("p_user_1", Secret("a password"))


class Hangs:
    """A context, or a browser, that never answers where its test wants that."""

    def __init__(self, *, opens: bool) -> None:
        self._opens = opens

    async def new_context(self, **settings: Any) -> Hangs:
        if not self._opens:
            await self.close()
        return self

    async def close(self) -> None:
        await asyncio.Event().wait()


async def test_a_context_that_never_closes_is_left_to_the_browsers_own_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(browser_driver, "CLOSING_S", 0.05)
    with trio.fail_after(60):
        async with open_portal() as portal:
            await portal.call(lambda: browser_driver.close(Hangs(opens=True)))  # type: ignore[arg-type]


async def test_a_browser_that_never_answers_is_a_failed_login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser_driver, "VISIT_S", 0.05)
    with trio.fail_after(60):
        async with open_portal() as portal:
            browser: Any = Hangs(opens=False)
            driver = BrowserDriver(portal, browser, Trust(HOST, HOST), 1, None, insecure=False)
            with pytest.raises(LoginError, match="no answer within"):
                await driver.grant(USER, FLOW)
