"""The servers of a run: those that were named, or a stand-in of its own; and how users reach them."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import attrs
import httpx

from actors.accounts import OcsAccounts
from actors.cloud_client import http_client, tls_context
from actors.login.app_passwords import Devices
from actors.login.driver import Driver
from actors.login.trust import Trust
from actors.ports import Connector
from actors.sdk.sdk_connector import SdkConnector
from actors.shelter import Shelter
from actors.wire.wire_connector import WireConnector
from sim.config.model import ClientKind, Config, Target
from sim.world.http import clear_text_warnings, networks_of, trust_of
from sim.world.login_driver import open_driver

MIN_CONNECTIONS = 8


@attrs.frozen
class Servers:
    """The servers of a run, and how to reach them.

    Attributes:
        accounts: None where the accounts exist already.
        http: with Nextcloud's base URL.
        driver: sits in front of the login page; `why_driver` says why this one.
        connector: opens the users' sessions.
        quiet_connector: opens sessions that do not ask for the tools.
        app_passwords: the users' lists of them.
        trust: where secrets may go.
    """

    mcp_url: str
    nextcloud_url: str
    accounts: OcsAccounts | None
    http: httpx.AsyncClient
    driver: Driver
    why_driver: str
    connector: Connector
    quiet_connector: Connector
    app_passwords: Devices
    trust: Trust

    @property
    def accounts_stay(self) -> bool:
        """They are people's own, and are neither created nor removed."""
        return self.accounts is None


@asynccontextmanager
async def open_servers(
    config: Config, target: Target, say: Callable[[str], None], shelter: Shelter
) -> AsyncIterator[Servers]:
    """Ways to the servers of `target`, open as long as the block lasts. Raises SetupError.

    Args:
        say: told what others on the way can read, and what is done otherwise than asked for.
        shelter: the run's; what a login has sent comes to its answer under it.
    """
    tls = tls_context(target.ca_file, target.insecure)
    if target.insecure:
        say("WARNING: certificates are not checked: whoever is in between reads passwords")
    for warning in clear_text_warnings(target):
        say(warning)
    mcp_url, nextcloud_url, trust = target.mcp_url or "", target.nextcloud_url or "", trust_of(target)
    connections = max(MIN_CONNECTIONS, config.users.setup_concurrency)
    async with (
        http_client(nextcloud_url, tls, connections) as http,
        open_driver(config, trust, tls, say, shelter) as (driver, why),
    ):
        admin = OcsAccounts(http, target.admin, target.admin_password, say)
        yield Servers(
            mcp_url=mcp_url,
            nextcloud_url=nextcloud_url,
            accounts=None if config.users.accounts else admin,
            http=http,
            driver=driver,
            why_driver=why,
            connector=make_connector(config, mcp_url, tls),
            quiet_connector=make_connector(config, mcp_url, tls, lists_tools=False),
            app_passwords=Devices(tls, nextcloud_url, trust),
            trust=trust,
        )


def make_connector(
    config: Config, mcp_url: str, tls: ssl.SSLContext, *, lists_tools: bool = True
) -> Connector:
    """What opens the users' sessions."""
    timeout_s, protocol = config.load.call_timeout_s, config.protocol
    if config.client is ClientKind.SDK:
        return SdkConnector(mcp_url, timeout_s, tls, protocol=protocol, lists_tools=lists_tools)
    networks = networks_of(config)
    return WireConnector(
        mcp_url,
        timeout_s,
        tls,
        protocol=protocol,
        lists_tools=lists_tools,
        networks=networks,
        seed=config.load.seed,
    )
