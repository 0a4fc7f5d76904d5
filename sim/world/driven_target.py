"""What is driven: the servers that were named, or a stand-in of one's own."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs

from actors.errors import SetupError
from actors.secret import Secret
from sim.config.model import Target
from sim.config.standin_words import StandinWords
from sim.standin.process import StandinFailed, open_standin


@asynccontextmanager
async def open_target(target: Target, standin_words: StandinWords) -> AsyncIterator[Target]:
    """The servers to drive: those that were named, or a stand-in that lives as long as the block."""
    if not target.is_standin:
        yield target
        return
    password = Secret(secrets.token_urlsafe(18))
    options = standin_words.options
    options = attrs.evolve(options, admin_password=password.reveal())
    try:
        async with open_standin(options) as standin:
            yield attrs.evolve(
                target, mcp_url=standin.mcp_url, nextcloud_url=standin.url, admin_password=password
            )
    except StandinFailed as error:
        raise SetupError(str(error)) from error
