"""The null server's MCP endpoint: what the protocol asks for, and nothing that costs.

JSON-RPC 2.0 over Streamable HTTP (https://modelcontextprotocol.io/specification/2025-11-25/basic/transports),
the generation with sessions. Tools work on the store as they do at the other endpoint, at once: it
has no pauses, faults or maintenance.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

import msgspec

from sim.standin.identity.composition import Identity
from sim.standin.null_connection import NullReply, NullRequest
from sim.standin.toolbox import ToolAnswer, Toolbox, ToolSpec

T = TypeVar("T")
Params = dict[str, Any]

SESSION_ID = "mcp-session-id"
PROTOCOLS = ("2025-11-25", "2025-06-18", "2025-03-26")
"""Revisions that are spoken, the newest first."""
JSON = {"content-type": "application/json"}
EVENTS = {"content-type": "text/event-stream", "cache-control": "no-cache, no-transform"}
PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS = -32700, -32600, -32601, -32602
UNKNOWN_RESOURCE = -32002


class NullMessage(msgspec.Struct):
    """A message of the client's: a request has method and id, a notification no id, an answer no method."""

    jsonrpc: str
    method: str = ""
    id: int | str | None = None
    params: Params | None = None


class NullRefusal(Exception):
    """A JSON-RPC error."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class NullEndpoint:
    """Answers requests of users who show a password (RFC 7617).

    Without one a session opens and every tool fails, like the server's `multi_user_basic`.

    Args:
        toolbox: its tools never wait.
        counts: told each call, as at the other endpoint.
        json_response: plain JSON instead of events.
    """

    def __init__(
        self, toolbox: Toolbox, identity: Identity, counts: Counter[str], *, json_response: bool
    ) -> None:
        self._toolbox = toolbox
        self._identity = identity
        self._counts = counts
        self._json_response = json_response
        self._sessions: set[str] = set()
        self._decoder = msgspec.json.Decoder(NullMessage)
        self._encode = msgspec.json.Encoder().encode
        self._methods: Mapping[str, Callable[[str | None, Params], object]] = {
            "ping": lambda uid, params: {},
            "tools/list": self._list_tools,
            "tools/call": self._call_tool,
            "resources/list": self._list_resources,
            "resources/read": self._read_resource,
        }

    def answer(self, request: NullRequest) -> NullReply:
        """The answer to one HTTP request."""
        if request.path.partition("?")[0] != "/mcp":
            return NullReply(404)
        session = request.header(SESSION_ID.encode())
        match request.method:
            case "POST":
                return self._take(request, session)
            case "DELETE" if session in self._sessions:
                self._sessions.discard(session)
                return NullReply(200)
            case "DELETE":
                return NullReply(404 if session else 400)
            case _:
                return NullReply(405, headers={"allow": "POST, DELETE"})

    def _take(self, request: NullRequest, session: str) -> NullReply:
        if not request.header(b"content-type").lower().startswith(JSON["content-type"]):
            return NullReply(415)
        try:
            message = self._decoder.decode(request.body)
        except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError) as error:
            is_json = isinstance(error, msgspec.ValidationError)
            return self._refused(None, INVALID_REQUEST if is_json else PARSE_ERROR, str(error))
        if message.method == "initialize" and message.id is not None:
            return self._begin(message)
        if session not in self._sessions:
            text = "Session not found" if session else "Missing session ID"
            return self._refused(message.id, INVALID_REQUEST, text, 404 if session else 400)
        if message.id is None or not message.method:
            return NullReply(202)
        return self._reply(self._result(message, request))

    def _begin(self, message: NullMessage) -> NullReply:
        asked = (message.params or {}).get("protocolVersion")
        session = secrets.token_hex(16)
        self._sessions.add(session)
        result = {
            "protocolVersion": asked if asked in PROTOCOLS else PROTOCOLS[0],
            "capabilities": {"tools": {"listChanged": False}, "resources": {"listChanged": False}},
            "serverInfo": {"name": "nextcloud-null-server", "version": "1"},
        }
        return self._reply({"jsonrpc": "2.0", "id": message.id, "result": result}, {SESSION_ID: session})

    def _result(self, message: NullMessage, request: NullRequest) -> dict[str, object]:
        method = self._methods.get(message.method)
        try:
            if method is None:
                raise NullRefusal(METHOD_NOT_FOUND, f"Method not found: {message.method}")
            result = method(self._who(request.headers.get(b"authorization", b"")), message.params or {})
        except NullRefusal as refusal:
            error = {"code": refusal.code, "message": str(refusal)}
            return {"jsonrpc": "2.0", "id": message.id, "error": error}
        return {"jsonrpc": "2.0", "id": message.id, "result": result}

    def _who(self, authorization: bytes) -> str | None:
        """The user whose password it is, None for nobody that is known."""
        scheme, _, encoded = authorization.partition(b" ")
        if scheme.lower() != b"basic":
            return None
        try:
            name, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        principal = self._identity.verify_basic(name, password)
        return principal.uid if principal else None

    def _list_tools(self, uid: str | None, params: Params) -> object:
        tools = self._toolbox.tools.values()
        return {"tools": [listed(spec) for spec in tools]}

    def _call_tool(self, uid: str | None, params: Params) -> object:
        name, arguments = params.get("name"), params.get("arguments") or {}
        if not isinstance(name, str) or not isinstance(arguments, dict):
            raise NullRefusal(INVALID_PARAMS, "a tool has a name, and arguments by name")
        if uid is None:
            answer = ToolAnswer.failure(f"Error executing tool {name}: no credentials in the request")
        else:
            answer = at_once(self._toolbox.call(uid, name, arguments))
        self._counts[f"tool:{name}:{'error' if answer.is_error else 'ok'}"] += 1
        self._counts[f"user:{uid or ''}"] += 1
        text = answer.text or self._encode(answer.structured).decode()
        content = [{"type": "text", "text": text}]
        if answer.structured is None:
            return {"content": content, "isError": answer.is_error}
        return {"content": content, "structuredContent": answer.structured, "isError": answer.is_error}

    def _list_resources(self, uid: str | None, params: Params) -> object:
        return {"resources": [{"uri": uri, "name": uri} for uri in self._toolbox.resources]}

    def _read_resource(self, uid: str | None, params: Params) -> object:
        uri = str(params.get("uri"))
        found = None if uid is None else self._toolbox.read(uid, uri)
        self._counts[f"resource:{uri}:{'error' if found is None else 'ok'}"] += 1
        if found is None:
            raise NullRefusal(UNKNOWN_RESOURCE, f"Unknown resource: {uri}")
        text = self._encode(found).decode()
        return {"contents": [{"uri": uri, "mimeType": "application/json", "text": text}]}

    def _reply(self, message: dict[str, object], headers: Mapping[str, str] | None = None) -> NullReply:
        text = self._encode(message)
        if self._json_response:
            return NullReply(200, text, {**JSON, **(headers or {})})
        event = b"event: message\r\ndata: %b\r\n\r\n" % text
        return NullReply(200, event, {**EVENTS, **(headers or {})}, is_stream=True)

    def _refused(self, number: int | str | None, code: int, text: str, status: int = 400) -> NullReply:
        error = {"code": code, "message": text}
        return NullReply(status, self._encode({"jsonrpc": "2.0", "id": number, "error": error}), JSON)


def listed(spec: ToolSpec) -> dict[str, object]:
    """A tool, as far as there is something to say of it."""
    told = {"name": spec.name, "description": spec.summary, "inputSchema": spec.schema}
    return told | ({"outputSchema": spec.output_schema} if spec.output_schema else {})


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """What `work` gives, which must not wait for anything. Raises RuntimeError where it does."""
    try:
        work.send(None)
    except StopIteration as done:
        value: T = done.value
        return value
    work.close()
    raise RuntimeError("a tool of the null server waits for something")


async def no_pause() -> None:
    """Between the read and the write of a tool that never waits."""
