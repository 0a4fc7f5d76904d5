"""The stand-in as one ASGI application: Nextcloud's web side and the MCP endpoint over one store."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import cattrs
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sim.standin.access import Doorkeeper
from sim.standin.dav import Dav
from sim.standin.faults import FaultBook, FaultSpec, FaultyTools, FaultyWire
from sim.standin.identity import Identity, IdentityOptions
from sim.standin.identity.web import bearer_token
from sim.standin.mcp_endpoint import METADATA_PATH, McpEndpoint
from sim.standin.notes import Notes
from sim.standin.notes_api import NotesApi
from sim.standin.ocs import Ocs
from sim.standin.options import StandinOptions
from sim.standin.provisioning import Provisioning
from sim.standin.store import Store
from sim.standin.toolbox import Toolbox


class Directory:
    """The store's accounts, as the identity half asks for them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def check_password(self, uid: str, password: str) -> bool:
        account = self._store.accounts.get(uid)
        return account is not None and account.password == password

    def exists(self, uid: str) -> bool:
        return uid in self._store.accounts

    def display_name(self, uid: str) -> str:
        account = self._store.accounts.get(uid)
        return account.display_name if account else uid


class Standin:
    """Everything of one stand-in, without its socket.

    Args:
        options: how it is to be.
        now: epoch seconds.
        pause: what a tool that reads, then writes, awaits between the two; by default a sleep of
            `options.tool_pause_s`.
    """

    def __init__(
        self,
        options: StandinOptions,
        now: Callable[[], float] = time.time,
        pause: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.options = options
        self.store = Store(now)
        self.notes = Notes(self.store, now)
        self.counts: Counter[str] = Counter()
        self.store.add_account(options.admin, options.admin_password, "Administrator", is_admin=True)
        self.identity = Identity(Directory(self.store), now, identity_options(options))
        self.toolbox = Toolbox(self.store, self.notes, pause or self._pause)
        for name in options.tools_left_out:
            self.toolbox.tools.pop(name, None)
        self.faults = FaultBook(now)
        self.faults.configure(options.faults, options.fault_seed)
        self.tools = FaultyTools(self.toolbox, self.store, self.notes, self.faults)
        self._provisioning = Provisioning(self.identity)
        self.mcp = McpEndpoint(
            self.toolbox,
            self.identity,
            self.counts,
            self.tools.call,
            provisioning=self._provisioning if options.login_flow else None,
            basic=options.basic,
            json_response=options.json_response,
        )

    def application(self) -> Starlette:
        """The ASGI application. Made once: the MCP sessions live as long as its lifespan."""
        doorkeeper = Doorkeeper(self.store, self.identity)
        routes = [
            Route("/mcp", FaultyWire(self.mcp, self.faults, self._who, self._revoke)),
            Route(METADATA_PATH, self.mcp.metadata),
            Route(f"{METADATA_PATH}/mcp", self.mcp.metadata),
            Route("/status.php", status),
            Route("/standin/counts", self._counts),
            Route("/standin/holdings", self._holdings),
            Route("/standin/injected", self._injected),
            Route("/standin/faults", self._change_faults, methods=["POST"]),
            *self.identity.routes(),
            *self._provisioning.routes(),
            *Ocs(self.store, self.identity, doorkeeper).routes(),
            *NotesApi(self.notes, doorkeeper).routes(),
            *Dav(self.store, doorkeeper).routes(),
        ]
        return Starlette(routes=routes, lifespan=self._lifespan)

    def holdings(self) -> dict[str, Any]:
        """What is there beside the administrator: a clean run leaves nothing."""
        store = self.store
        files = [n for n in store.nodes() if not n.is_folder]
        return {
            "users": sorted(uid for uid in store.accounts if uid != self.options.admin),
            "shares": len(store.shares),
            "notes": self.notes.count(),
            "files": sorted(f"{node.owner}:{node.path}" for node in files),
            **self.identity.holdings(),
        }

    @asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        async with self.mcp.sessions.run():
            yield

    async def _pause(self) -> None:
        await anyio.sleep(self.options.tool_pause_s)

    async def _counts(self, request: Request) -> JSONResponse:
        return JSONResponse({**self.counts, **self.identity.counts()})

    async def _injected(self, request: Request) -> JSONResponse:
        return JSONResponse(self.faults.as_json())

    async def _change_faults(self, request: Request) -> JSONResponse:
        """Commit others from now on: `{"faults": [{"kind": …, "probability": …}], "seed": 1}`."""
        wanted = await request.json()
        try:
            specs = cattrs.structure(wanted["faults"], tuple[FaultSpec, ...])
        except (KeyError, TypeError, ValueError, cattrs.BaseValidationError) as error:
            return JSONResponse({"error": f"no list of faults: {type(error).__name__}"}, status_code=400)
        self.faults.configure(specs, int(wanted.get("seed", 1)))
        return JSONResponse({"faults": len(specs)})

    def _who(self, request: Request) -> str:
        principal = self.mcp.authenticate(request)
        return principal.uid if principal else ""

    def _revoke(self, request: Request) -> None:
        token = bearer_token(request)
        if token:
            self.identity.revoke_access_token(token)

    async def _holdings(self, request: Request) -> JSONResponse:
        return JSONResponse(self.holdings())


def identity_options(options: StandinOptions) -> IdentityOptions:
    return IdentityOptions(
        access_ttl_s=options.token_ttl_s,
        refresh_ttl_s=options.refresh_ttl_s,
        registrations_per_minute=options.registrations_per_minute,
        scripted_pages=options.scripted_pages,
        deny_consent_for=options.deny_consent_for,
        login_loops_for=options.login_loops_for,
    )


async def status(request: Request) -> JSONResponse:
    return JSONResponse(
        {
            "installed": True,
            "maintenance": False,
            "needsDbUpgrade": False,
            "version": "31.0.0.18",
            "versionstring": "31.0.0",
            "edition": "",
            "productname": "Nextcloud",
            "extendedSupport": False,
        }
    )
