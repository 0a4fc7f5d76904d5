"""JSON-RPC 2.0 messages, as MCP sends them over HTTP: one a request body, one an event."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec
from mcp.shared.exceptions import MCPError

from actors.call_errors import invalid_answer
from actors.json_text import read_json

Message = dict[str, Any]
_ENCODER = msgspec.json.Encoder()


def request(number: int, method: str, params: Mapping[str, Any] | msgspec.Raw | None) -> Message:
    message: Message = {"jsonrpc": "2.0", "id": number, "method": method}
    if params is not None:
        message["params"] = params
    return message


def notification(method: str, params: Mapping[str, Any] | None) -> Message:
    message: Message = {"jsonrpc": "2.0", "method": method}
    if params is not None:
        message["params"] = params
    return message


def encode(value: Any) -> bytes:
    """A message, or a part of one. Raises TypeError for what has no JSON."""
    try:
        return _ENCODER.encode(value)
    except UnicodeEncodeError:  # half of a surrogate pair, as a server may have sent it: escaped
        return json.dumps(value, separators=(",", ":")).encode()


def decode(data: bytes) -> Message:
    """Raises CallError for what is no message."""
    try:
        message = read_json(data)
    except ValueError as error:
        raise invalid_answer(f"not JSON: {error}") from None
    if not isinstance(message, dict):
        raise invalid_answer("not a JSON-RPC message")
    return message


def is_answer_to(number: int, message: Message) -> bool:
    """Whether it is the response to request `number`; some servers send numbers as strings."""
    is_response = "result" in message or "error" in message
    return is_response and "method" not in message and message.get("id") in (number, str(number))


def answer_to(number: int, message: Message) -> Message:
    """The result of request `number`, which `message` has to answer. Raises as `result_of`."""
    if not is_answer_to(number, message):
        raise invalid_answer("it belongs to another request")
    return result_of(message)


def result_of(message: Message) -> Message:
    """The result of a response. Raises MCPError for an error (JSON-RPC 2.0, 5.1), CallError for neither.

    Members that are null count as absent: some servers write out what they leave empty.
    """
    error = message.get("error")
    if error is not None:
        raise error_of(error)
    result = message.get("result")
    if not isinstance(result, dict):
        raise invalid_answer("a response without a result")
    if None in result.values():
        return {name: value for name, value in result.items() if value is not None}
    return result


def error_of(error: Any) -> MCPError:
    if not isinstance(error, dict) or not isinstance(error.get("code"), int):
        raise invalid_answer("an error without a code")
    return MCPError(code=error["code"], message=str(error.get("message", "")), data=error.get("data"))
