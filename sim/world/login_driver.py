"""Which login driver a run takes, and why."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from actors.errors import SetupError
from actors.login.driver import Driver
from actors.login.http_driver import HttpDriver
from actors.login.trust import Trust
from actors.shelter import Shelter
from sim.config.model import Config, LoginDriver

MAX_BROWSER_USERS = 10
"""Up to so many users `auto` takes the browser: a login there costs a second and more of CPU."""


@asynccontextmanager
async def open_driver(
    config: Config, trust: Trust, tls: ssl.SSLContext, say: Callable[[str], None], shelter: Shelter
) -> AsyncIterator[tuple[Driver, str]]:
    """The driver for this run, and why it was taken.

    Raises SetupError when a browser was asked for and there is none.
    """
    login, users = config.login, config.crowd
    if login.driver is LoginDriver.HTTP:
        yield HttpDriver(tls, trust, shelter), "over HTTP, as asked"
        return
    # Imported late: playwright costs more start-up time than all the rest.
    from actors.login.browser_driver import find_browser, open_browser_driver

    found = find_browser(login.browser)
    wants_browser = login.driver is LoginDriver.BROWSER or (
        login.driver is LoginDriver.AUTO and found is not None and users <= MAX_BROWSER_USERS
    )
    if not wants_browser:
        reason = (
            f"there is no {login.browser}"
            if found is None
            else f"there are more than {MAX_BROWSER_USERS} users"
        )
        yield HttpDriver(tls, trust, shelter), f"over HTTP, since {reason}"
        return
    if found is None:
        raise SetupError(
            f"--login browser: there is no {login.browser}; 'playwright install {login.browser}' gets one"
        )
    asked = login.driver is LoginDriver.BROWSER
    why = f"in a browser ({login.browser}), " + (
        "as asked" if asked else f"since there is one, for {users} users"
    )
    screenshots = (
        config.output.json_file.parent if config.output.verbose and config.output.json_file else None
    )
    async with open_browser_driver(
        found,
        trust,
        headed=login.headed,
        concurrency=min(2, config.users.setup_concurrency),
        screenshots=screenshots,
        insecure=config.target.insecure,
    ) as driver:
        yield driver, why
