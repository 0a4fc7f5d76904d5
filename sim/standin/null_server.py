"""The null server: a stand-in in a process of its own whose MCP endpoint costs next to nothing.

To see what a machine can drive, and to bring thousands of users up. A run has it as
`--standin-option null_mcp`, a person by itself as `simulate standin --null-mcp`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import httpx

from sim.standin.behaviour import StandinOptions
from sim.standin.inside import premade_users
from sim.standin.levers import HEADER
from sim.standin.process import StandinProcess, open_standin

ASK_S = 10.0


@attrs.frozen
class NullServer:
    """A running null server.

    Attributes:
        mcp_url: its MCP endpoint. It takes passwords.
        users: names of those who are there from the start; each has their name as password.
    """

    mcp_url: str
    users: tuple[str, ...]
    _process: StandinProcess

    async def calls(self) -> int:
        """Calls of tools that it has answered since its start. Raises httpx.HTTPError where it is gone."""
        async with httpx.AsyncClient(base_url=self._process.url, trust_env=False, timeout=ASK_S) as http:
            counts = await http.get("/standin/counts", headers={HEADER: self._process.lever_token})
        answered: dict[str, int] = counts.raise_for_status().json()
        return sum(number for name, number in answered.items() if name.startswith("tool:"))


@asynccontextmanager
async def open_null_server(users: int, *, json_response: bool = False) -> AsyncIterator[NullServer]:
    """A null server with so many users, which ends with the block. See `open_standin`, also for errors."""
    options = StandinOptions(null_mcp=True, people=users, json_response=json_response)
    async with open_standin(options) as process:
        yield NullServer(process.mcp_url, tuple(premade_users(users)), process)
