"""The MCP endpoint: the SDK's own server over the toolbox, behind bearer tokens (or passwords)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from sim.standin.behaviour import StandinOptions
from sim.standin.changes import Changes
from sim.standin.faults.faulty_wire import LATENCY
from sim.standin.identity.composition import Identity
from sim.standin.identity.throttle import TooManyAttempts
from sim.standin.identity.user_directory import Principal
from sim.standin.identity.web import address_of, base_url, basic_credentials, bearer_token
from sim.standin.login_flow_mode import GATED_TOOLS, REFUSAL, SUMMARIES, Provisioning
from sim.standin.maintenance import MaintenanceMode
from sim.standin.store_errors import StoreError
from sim.standin.toolbox import WRITING_FILES, ToolAnswer, Toolbox, as_text

PRINCIPAL = "sim.standin.principal"
METADATA_PATH = "/.well-known/oauth-protected-resource"

Context = ServerRequestContext[Any, Any]


class McpEndpoint:
    """An ASGI application for `/mcp`.

    Args:
        call: calls a tool as a user: (user id, name, arguments).
        changes: carries calls out, also when their caller has left.
        options: with `basic` passwords on every request are wanted instead of bearer tokens, like the
            server's `multi_user_basic`: without them a session opens, and every tool fails.
        provisioning: who has granted the server access, where that is asked for.
    """

    def __init__(
        self,
        toolbox: Toolbox,
        identity: Identity,
        counts: Counter[str],
        call: Callable[[str, str, dict[str, Any]], Awaitable[ToolAnswer]],
        changes: Changes,
        maintenance: MaintenanceMode,
        options: StandinOptions,
        provisioning: Provisioning | None,
    ) -> None:
        self._toolbox = toolbox
        self._identity = identity
        self._counts = counts
        self._basic = options.basic
        self._options = options
        self._changes = changes
        self._maintenance = maintenance
        self._call = call
        self._provisioning = provisioning
        server: Server[Any] = Server(
            "nextcloud-stand-in",
            version="1",
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_list_resources=self._list_resources,
            on_read_resource=self._read_resource,
        )
        self.sessions = StreamableHTTPSessionManager(
            server, json_response=options.json_response, session_idle_timeout=None, max_sessions=None
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        principal = self.authenticate(request)
        if principal is None and not self._basic:
            self._counts["http:mcp:401"] += 1
            metadata = f"{base_url(request)}{METADATA_PATH}{request.url.path}"
            challenge = f'Bearer error="invalid_token", resource_metadata="{metadata}"'
            refusal = JSONResponse(
                {"error": "invalid_token"}, status_code=401, headers={"WWW-Authenticate": challenge}
            )
            await refusal(scope, receive, send)
            return
        scope[PRINCIPAL] = principal
        await self.sessions.handle_request(scope, receive, send)

    async def metadata(self, request: Request) -> JSONResponse:
        """The protected-resource metadata (RFC 9728): who issues tokens, and for which scopes."""
        base = base_url(request)
        scopes = sorted({spec.scope for spec in self._toolbox.tools.values() if spec.scope})
        return JSONResponse(
            {
                "resource": f"{base}/mcp",
                "authorization_servers": [f"{base}{self._options.base_path}"],
                "scopes_supported": scopes,
                "bearer_methods_supported": ["header"],
            }
        )

    def authenticate(self, request: Request) -> Principal | None:
        """Who sent `request`, None for nobody that is known."""
        if self._basic:
            given = basic_credentials(request)
            return self._identity.verify_basic(given.name, given.password) if given else None
        token = bearer_token(request)
        principal = self._identity.verify_session_bearer(token) if token else None
        if principal is not None and self._options.audience_bound and not is_for(principal, request):
            return None
        return principal

    async def _list_tools(
        self, context: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        principal = caller(context)
        tools = [
            types.Tool(
                name=spec.name,
                description=spec.summary,
                input_schema=spec.schema,
                output_schema=spec.output_schema,
                annotations=types.ToolAnnotations(
                    read_only_hint=spec.is_read_only,
                    destructive_hint=spec.is_destructive,
                    idempotent_hint=spec.is_idempotent,
                ),
            )
            for spec in self._toolbox.tools.values()
            if principal is None or spec.is_open_to(principal.scopes)
        ]
        if self._provisioning is not None:
            await self._look_what_apps_there_are(principal, context)
            schema = {"type": "object", "properties": {}}
            tools += [types.Tool(name=n, description=d, input_schema=schema) for n, d in SUMMARIES.items()]
        return types.ListToolsResult(tools=tools)

    async def _call_tool(self, context: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        principal = caller(context)
        answer = await self._answer(principal, params.name, params.arguments or {}, context)
        uid = principal.uid if principal else ""
        self._counts[f"tool:{params.name}:{'error' if answer.is_error else 'ok'}"] += 1
        self._counts[f"user:{uid}"] += 1
        return types.CallToolResult(
            content=[types.TextContent(type="text", text=as_text(answer))],
            structured_content=answer.structured,
            is_error=answer.is_error,
        )

    async def _answer(
        self, principal: Principal | None, name: str, arguments: dict[str, Any], context: Context
    ) -> ToolAnswer:
        if self._basic and (status := await self._refusal(principal, context)):
            return ToolAnswer.failure(f"{name} failed: server error ({status})", status)
        if principal is None:
            return ToolAnswer.failure(f"Error executing tool {name}: no credentials in the request")
        if self._provisioning is not None:
            if name in SUMMARIES:
                assert isinstance(context.request, Request)
                here = base_url(context.request)
                return ToolAnswer(self._provisioning.call(principal.uid, name, here), "")
            if not self._provisioning.is_provisioned(principal.uid):
                return ToolAnswer.failure(REFUSAL)
            if status := await self._refusal_of_grant(principal.uid, context):
                return ToolAnswer.failure(f"{name} failed: server error ({status})", status)
        spec = self._toolbox.tools.get(name)
        if spec is not None and not spec.is_open_to(principal.scopes):
            return ToolAnswer.failure(f"Missing required scopes: {spec.scope}")
        if principal.is_superseded:
            return ToolAnswer.failure(f"{name} failed: Unauthorized (HTTP 401). The token is void", 401)
        if self._maintenance.is_on:
            return ToolAnswer.failure(f"{name} failed: Service unavailable (HTTP 503)", 503)
        return await self._carry_out(principal.uid, name, arguments, latency_of(context))

    async def _refusal(self, principal: Principal | None, context: Context) -> int:
        """The status with which Nextcloud refuses the password that this server passes on; 0: it does not."""
        assert isinstance(context.request, Request)
        given = basic_credentials(context.request)
        return await self._shown(given.name, principal is not None, context) if given else 0

    async def _refusal_of_grant(self, uid: str, context: Context) -> int:
        """The same of the app password that it keeps."""
        assert self._provisioning is not None
        is_good = self._provisioning.is_good(uid)
        self._counts["void_grants_shown"] += not is_good
        return await self._shown(uid, is_good, context)

    async def _look_what_apps_there_are(self, principal: Principal | None, context: Context) -> None:
        """Before tools are listed, with the app password that is kept; no answer hides no tool."""
        assert self._provisioning is not None
        if principal is None or not self._provisioning.is_provisioned(principal.uid):
            return
        for _ in range(GATED_TOOLS):
            if not await self._refusal_of_grant(principal.uid, context):
                return

    async def _shown(self, name: str, is_good: bool, context: Context) -> int:
        """What Nextcloud says to a password. To its brute-force protection all users of this server sit at
        one address, and so does whoever else is on this machine."""
        assert isinstance(context.request, Request)
        address, throttle = address_of(context.request), self._identity.throttle
        try:
            await throttle.wait(address)
        except TooManyAttempts:
            return 429
        if not is_good:
            throttle.failed(address, name)
            return 401
        throttle.succeeded(address, name)
        return 0

    async def _carry_out(
        self, uid: str, name: str, arguments: dict[str, Any], latency_s: float
    ) -> ToolAnswer:
        async def call() -> ToolAnswer:
            return await self._call(uid, name, arguments)

        try:
            spec = self._toolbox.tools.get(name)
            if spec is None or not spec.may_change:
                return await self._changes.read(uid, call, latency_s)
            leaves_home = name in WRITING_FILES
            return await self._changes.change(uid, call, leaves_home=leaves_home, delay_s=latency_s)
        except StoreError as error:
            return ToolAnswer.failure(f"{name} failed: {error} (HTTP {error.status})", error.status)

    async def _list_resources(
        self, context: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        resources = [types.Resource(uri=uri, name=uri) for uri in self._toolbox.resources]
        return types.ListResourcesResult(resources=resources)

    async def _read_resource(
        self, context: Context, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        principal = caller(context)
        uri = str(params.uri)
        await anyio.sleep(latency_of(context))
        found = self._toolbox.read(principal.uid, uri) if principal else None
        self._counts[f"resource:{uri}:{'error' if found is None else 'ok'}"] += 1
        if found is None:
            raise MCPError(code=0, message=f"Unknown resource: {uri}")
        text = types.TextResourceContents(uri=uri, mime_type="application/json", text=json.dumps(found))
        return types.ReadResourceResult(contents=[text])


def latency_of(context: Context) -> float:
    """How much later than usual the call is to be carried out (an injected fault), in seconds."""
    request = context.request
    return float(request.scope.get(LATENCY, 0.0)) if isinstance(request, Request) else 0.0


def is_for(principal: Principal, request: Request) -> bool:
    """Whether the token was asked for with this server as its resource (RFC 8707)."""
    return principal.audience.rstrip("/") == f"{base_url(request)}{request.url.path}".rstrip("/")


def caller(context: Context) -> Principal | None:
    """Who sent the request that is being answered."""
    if not isinstance(context.request, Request):
        return None
    principal = context.request.scope.get(PRINCIPAL)
    return principal if isinstance(principal, Principal) else None
