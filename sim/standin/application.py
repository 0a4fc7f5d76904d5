"""The stand-in as one ASGI application: Nextcloud's web side and the MCP endpoint over one store."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import attrs
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import BaseRoute, Mount, Route, Router

from sim.standin.access import Doorkeeper
from sim.standin.account_creation import Creations
from sim.standin.behaviour import StandinOptions
from sim.standin.changes import Changes
from sim.standin.dav import Dav
from sim.standin.directory import Directory
from sim.standin.faults.faulty_wire import FaultyWire
from sim.standin.identity import Identity, IdentityOptions
from sim.standin.identity.web import bearer_token
from sim.standin.inside import StandinInside
from sim.standin.levers import Levers
from sim.standin.login_flow_mode import Provisioning
from sim.standin.maintenance import MaintenanceMode
from sim.standin.mcp_endpoint import METADATA_PATH, McpEndpoint
from sim.standin.notes_api import NotesApi
from sim.standin.null_endpoint import NullEndpoint, no_pause
from sim.standin.ocs_api import OcsApi
from sim.standin.ocs_shares import OcsShares
from sim.standin.ocs_users import OcsUsers
from sim.standin.work import Work


class Standin(StandinInside):
    """Everything of one stand-in, without its socket. Its arguments are those of `StandinInside`."""

    def __init__(
        self,
        options: StandinOptions,
        now: Callable[[], float] = time.time,
        pause: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        super().__init__(options, now, pause)
        self.counts: Counter[str] = Counter()
        self.identity = Identity(Directory(self.store, options.email_login), now, identity_options(options))
        self.maintenance = MaintenanceMode(options.maintenance)
        self._work = Work()
        self._changes = Changes(self.store, self._work, options.work_s)
        self._provisioning = Provisioning(self.identity, options.base_path)
        self.mcp = McpEndpoint(
            self.toolbox,
            self.identity,
            self.counts,
            self.tools.call,
            self._changes,
            self.maintenance,
            options,
            self._provisioning if options.login_flow else None,
        )

    def application(self) -> Starlette:
        """The ASGI application. Made once: the MCP sessions live as long as its lifespan."""
        levers = Levers(
            self.options.lever_token, self.holdings, self._all_counts, self.faults, self.maintenance
        )
        base = self.options.base_path
        routes: list[BaseRoute] = [
            Route("/mcp", FaultyWire(self.mcp, self.faults, self._who, self._revoke)),
            Route(METADATA_PATH, self.mcp.metadata),
            Route(f"{METADATA_PATH}/mcp", self.mcp.metadata),
            *levers.routes(),
            *self._provisioning.routes(),
            *(Route(path, partial(to_metadata, base)) for path in root_metadata(base)),
            Mount(base, self.maintenance.before(Router(self._nextcloud()))),
        ]
        return Starlette(routes=routes, lifespan=self._lifespan)

    def null_endpoint(self) -> NullEndpoint:
        """The other MCP endpoint, on the same store."""
        tools, as_json = self.make_toolbox(no_pause), self.options.json_response
        return NullEndpoint(tools, self.identity, self.counts, json_response=as_json)

    def _nextcloud(self) -> list[Route]:
        options, store, changes = self.options, self.store, self._changes
        doorkeeper = Doorkeeper(store, self.identity, cookies=options.session_cookies)
        creations = Creations(
            store, self._work, options.creation_s, options.creation_failures, options.fault_seed, self.counts
        )
        users = OcsUsers(store, self.identity, creations, password_policy=options.password_policy)
        shares = OcsShares(store, changes)
        return [
            Route("/status.php", partial(status, self.maintenance)),
            *self.identity.routes(),
            *OcsApi(doorkeeper, (*users.handlers(), *shares.handlers())).routes(),
            *NotesApi(self.notes, doorkeeper, changes).routes(),
            *Dav(store, doorkeeper, changes).routes(),
        ]

    def holdings(self) -> dict[str, Any]:
        """What is there beside the administrator: a clean run leaves nothing.

        `homes` are those without an account, which no API of Nextcloud shows; `trash` is of all users; so are
        `orphans`, shares of files that are gone for good.
        """
        store = self.store
        files = [n for n in store.nodes() if not n.is_folder]
        return {
            "users": sorted(uid for uid in store.accounts if uid != self.options.admin),
            "shares": len(store.shares),
            "orphans": sum(account.orphans for account in store.accounts.values()),
            "notes": self.notes.count(),
            "files": sorted(f"{node.owner}:{node.path}" for node in files),
            "homes": sorted(store.lost_homes),
            "trash": sorted(f"{one.uid}:{name}" for one in store.accounts.values() for name in one.trash),
            **({} if self.tape is None else {"taped": self.tape.holdings(store.accounts.__contains__)}),
            **self.identity.holdings(),
        }

    @asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        async with self._work.open(), self.mcp.sessions.run():
            yield

    def _all_counts(self) -> dict[str, int]:
        return {**self.counts, **self.identity.counts()}

    def _who(self, request: Request) -> str:
        principal = self.mcp.authenticate(request)
        return principal.uid if principal else ""

    def _revoke(self, request: Request) -> None:
        token = bearer_token(request)
        if token:
            self.identity.revoke_access_token(token)


def identity_options(options: StandinOptions) -> IdentityOptions:
    """The same settings, by the same names, where the identity half has them."""
    names = {field.name for field in attrs.fields(IdentityOptions)}
    every = attrs.asdict(options, recurse=False)
    same = {name: value for name, value in every.items() if name in names}
    return IdentityOptions(**same)


def root_metadata(base_path: str) -> list[str]:
    """Addresses at the root of the host that speak for a Nextcloud below a path."""
    names = ("openid-configuration", "oauth-authorization-server")
    if not base_path:
        return []
    return [f"/.well-known/{name}{end}" for name in names for end in ("", base_path)]


async def to_metadata(base_path: str, request: Request) -> RedirectResponse:
    path = request.url.path.removesuffix(base_path)
    return RedirectResponse(f"{base_path}/index.php{path}", status_code=301)


async def status(maintenance: MaintenanceMode, request: Request) -> JSONResponse:
    return JSONResponse(
        {
            "installed": True,
            "maintenance": maintenance.is_on,
            "needsDbUpgrade": False,
            "version": "31.0.0.18",
            "versionstring": "31.0.0",
            "edition": "",
            "productname": "Nextcloud",
            "extendedSupport": False,
        }
    )
