"""The servers of a run: those that were named, or a stand-in of its own; and how users reach them."""

from __future__ import annotations

import secrets
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs

from actors.errors import SetupError
from actors.ports import Connector
from actors.sdk.sdk_connector import SdkConnector
from actors.secret import Secret
from actors.wire.wire_connector import WireConnector
from sim.config.model import ClientKind, Config, Target
from sim.config.standin_options import read_standin_words
from sim.standin.process import StandinFailed, open_standin
from sim.world.http import networks_of


def make_connector(config: Config, mcp_url: str, tls: ssl.SSLContext) -> Connector:
    """What opens the users' sessions."""
    timeout_s, protocol = config.load.call_timeout_s, config.protocol
    if config.client is ClientKind.SDK:
        return SdkConnector(mcp_url, timeout_s, tls, protocol=protocol)
    networks = networks_of(config)
    return WireConnector(mcp_url, timeout_s, tls, protocol=protocol, networks=networks, seed=config.load.seed)


@asynccontextmanager
async def open_target(target: Target, standin_words: tuple[str, ...]) -> AsyncIterator[Target]:
    """The servers to drive: those that were named, or a stand-in that lives as long as the block."""
    if not target.is_standin:
        yield target
        return
    password = Secret(secrets.token_urlsafe(18))
    options = read_standin_words(standin_words)
    options = attrs.evolve(options, admin_password=password.reveal())
    try:
        async with open_standin(options) as standin:
            yield attrs.evolve(
                target, mcp_url=standin.mcp_url, nextcloud_url=standin.url, admin_password=password
            )
    except StandinFailed as error:
        raise SetupError(str(error)) from error
