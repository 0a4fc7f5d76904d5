"""The server's `login_flow` mode: its tools work for a user only once they have granted it access.

It gets an app password through Nextcloud's login flow (v2), as the real server does, and keeps it until it
is told to forget it: also when the user is gone, and when somebody else of that name has come.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sim.standin.identity.composition import Identity
from sim.standin.identity.web import basic_credentials

PROVISION, CHECK = "nc_auth_provision_access", "nc_auth_check_status"
SUMMARIES = {
    PROVISION: "Start Nextcloud's login flow; gives the address to open.",
    CHECK: "Whether access has been granted.",
}
SCOPE = "openid"
CLIENT = "Nextcloud MCP Server (stand-in)"
REFUSAL = f"Nextcloud access not provisioned. Please call '{PROVISION}' first."
GATED_TOOLS = 7
"""So many tools of the real server (0.202.1) are listed only where Nextcloud has an app for them: for each it
asks with the user's app password, until one answer is good."""


class Provisioning:
    """Who has granted access, and who is about to.

    Args:
        base_path: below which Nextcloud lies.
    """

    def __init__(self, identity: Identity, base_path: str) -> None:
        self._identity = identity
        self._base_path = base_path
        self._pending: dict[str, str] = {}
        self._granted: dict[str, str] = {}

    def is_provisioned(self, uid: str) -> bool:
        """Whether this server keeps an app password for that name, good or void."""
        return uid in self._granted

    def is_good(self, uid: str) -> bool:
        """Whether Nextcloud would take the app password that is kept."""
        return uid in self._granted and self._identity.verify_basic(uid, self._granted[uid]) is not None

    def call(self, uid: str, tool: str, base_url: str) -> dict[str, Any]:
        """The answer of one of the two tools."""
        return self._provision(uid, base_url) if tool == PROVISION else self._check(uid)

    def routes(self) -> list[Route]:
        return [Route("/api/v1/users/{uid}/app-password", self.forget, methods=["DELETE"])]

    async def forget(self, request: Request) -> Response:
        """Forget the app password of a user, who proves by a password who they are.

        At Nextcloud it stays among their devices, as it does with the real server.
        """
        uid, given = request.path_params["uid"], basic_credentials(request)
        known = self._identity.verify_basic(given.name, given.password) if given else None
        if known is None or known.uid != uid:
            return JSONResponse({"success": False, "error": "Invalid credentials"}, status_code=401)
        self._granted.pop(uid, None)
        return JSONResponse({"success": True})

    def _provision(self, uid: str, base_url: str) -> dict[str, Any]:
        if self.is_provisioned(uid):
            return {"status": "already_provisioned", "success": True, "user_id": uid}
        self._pending[uid], login_token = self._identity.open_login_flow(CLIENT)
        url = f"{base_url}{self._base_path}/index.php/login/v2/flow/{login_token}"
        message = f"Please open this URL in your browser to log in to Nextcloud:\n\n{url}"
        return {
            "status": "login_required",
            "success": True,
            "login_url": url,
            "message": message,
            "user_id": uid,
        }

    def _check(self, uid: str) -> dict[str, Any]:
        if uid in self._pending and (given := self._identity.poll_login_flow(self._pending[uid])):
            del self._pending[uid]
            self._granted[uid] = given["appPassword"]
        if self.is_provisioned(uid):
            return {"status": "provisioned", "success": True, "user_id": uid}
        status = "pending" if uid in self._pending else "not_initiated"
        return {"status": status, "success": True, "user_id": uid}
