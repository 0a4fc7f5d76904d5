"""Users who were to log in only log in: no page talks them into giving a program an app password."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx
import pytest
import trio

from actors.errors import LoginError
from actors.login.browser_driver import without_secrets
from actors.login.client import REDIRECT_URI
from tests.actors.login.test_drivers import DRIVERS, only, open_driver, person, standin
from tests.support.processes import StandinServer

__all__ = ["standin"]


@pytest.mark.parametrize("kind", DRIVERS)
@pytest.mark.parametrize("is_begun_at", ["flow", "login"])
async def test_a_login_that_leads_to_a_login_flow_grants_nothing(
    standin: StandinServer, kind: str, is_begun_at: str
) -> None:
    """An MCP server that is an authorization server may send users to a flow that it began itself."""
    begun = httpx.post(f"{standin.url}/index.php/login/v2").json()  # noqa: ASYNC210 (nobody else waits)
    url = begun["login"]
    if is_begun_at == "login":
        url = f"{standin.url}/index.php/login?redirect_url={urlsplit(url).path}"
    with pytest.raises((LoginError, BaseExceptionGroup)) as failed:
        with trio.fail_after(60):
            async with open_driver(kind, standin) as driver:
                await driver.authorize(person("alice"), url, REDIRECT_URI)
    assert "app password" in str(only(failed.value))
    poll = begun["poll"]
    got = httpx.post(poll["endpoint"], data={"token": poll["token"]})  # noqa: ASYNC210 (nobody else waits)
    assert got.status_code == 404


@pytest.mark.parametrize(
    ("name", "is_handed_on"),
    [
        ("PATH", True),
        ("HOME", True),
        ("LANG", True),
        ("DISPLAY", True),
        ("PLAYWRIGHT_BROWSERS_PATH", True),
        ("NEXTCLOUD_PASSWORD", False),
        ("NEXTCLOUD_USERNAME", False),
        ("SIMULATE_CLIENT_SECRET", False),
        ("SIMULATE_STANDIN", False),
        ("GITHUB_TOKEN", False),
        ("AWS_SECRET_ACCESS_KEY", False),
    ],
)
def test_a_browser_gets_no_secret_of_our_environment(name: str, is_handed_on: bool) -> None:
    assert (name in without_secrets({name: "x"})) is is_handed_on
