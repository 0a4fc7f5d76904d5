"""What a server answered, as one JSON value or one error, whatever its release.

Releases differ in how they say the same: structured or JSON in a text, numbers as strings, failures
as `isError`, as `success: false`, or as words in a sentence. The differences end here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

from actors.answer import Json
from actors.errors import CallError, Outcome

STATUS_PATTERNS = (
    re.compile(r"\bHTTP(?: status)? (\d{3})\b"),
    re.compile(r"(?:server error|status code|error) \(?(\d{3})\)?\b"),
    re.compile(r"\b(?:Client|Server) error '(\d{3}) "),
)
WORDS: tuple[tuple[re.Pattern[str], int], ...] = (
    (re.compile(r"\bnot found\b|could not be (?:located|found)", re.IGNORECASE), 404),
    (re.compile(r"access denied|insufficient permissions|forbidden|read-?only", re.IGNORECASE), 403),
    (re.compile(r"modified by someone else|precondition failed", re.IGNORECASE), 412),
    (re.compile(r"\blocked\b", re.IGNORECASE), 423),
    (re.compile(r"too many requests|rate limit", re.IGNORECASE), 429),
)
"""Words in an error text that stand for an HTTP status, where the text has no number."""

CREDENTIALS = re.compile(
    r"missing required scopes|unauthori[sz]ed|token (?:has )?expired|invalid token|not provisioned"
    r"|no credentials",
    re.IGNORECASE,
)


def read_tool_result(tool: str, structured: Json, texts: Iterable[str], is_error: bool) -> Json:
    """The value that `tool` returned. Raises CallError when it says, in whatever way, that it failed."""
    text = "\n".join(texts)
    if is_error:
        raise tool_error(text)
    value = unwrap(structured if structured is not None else parse(text))
    if isinstance(value, dict) and value.get("success") is False:
        raise refused(value)
    if tool.startswith("nc_share_"):
        return with_number_ids(value)
    if tool == "nc_webdav_list_directory":
        return with_plain_names(value)
    if tool == "nc_webdav_delete_resource" and isinstance(value, dict) and value.get("status_code") == 404:
        raise refused(value)
    return value


def read_resource_text(texts: Iterable[str]) -> Json:
    """The value of a resource: its text, parsed where it is JSON."""
    return parse("".join(texts))


def unwrap(value: Json) -> Json:
    """`{"result": "<JSON>"}`, as tools that return a string are wrapped, becomes what the string holds."""
    if isinstance(value, dict) and value.keys() == {"result"}:
        value = value["result"]
    return parse(value) if isinstance(value, str) else value


def parse(text: str) -> Json:
    """`text` as JSON, or as it is where it is none."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def tool_error(text: str) -> CallError:
    """The error behind an answer with `isError`."""
    status = status_of(text)
    if status == 401 or CREDENTIALS.search(text):
        return CallError(Outcome.AUTHORIZATION, text, status=status)
    return CallError(Outcome.TOOL_ERROR, text, status=status)


def refused(value: dict[str, Any]) -> CallError:
    """The error behind a result that says `success: false`."""
    text = str(value.get("message") or value.get("error") or "the tool reported success: false")
    status = value.get("status_code")
    return CallError(
        Outcome.TOOL_ERROR,
        text,
        status=status if isinstance(status, int) else status_of(text),
        reason="refused",
    )


def status_of(text: str) -> int | None:
    """The HTTP status that an error text gives or paraphrases, None when it does neither."""
    for pattern in STATUS_PATTERNS:
        if found := pattern.search(text):
            return int(found.group(1))
    return next((status for words, status in WORDS if words.search(text)), None)


def with_number_ids(value: Json) -> Json:
    """Share ids come as strings, and the tools that take one want a number."""
    if isinstance(value, list):
        return [with_number_ids(one) for one in value]
    if isinstance(value, dict) and isinstance(value.get("id"), str) and value["id"].isdecimal():
        return {**value, "id": int(value["id"])}
    return value


def with_plain_names(value: Json) -> Json:
    """Older releases leave the names in a listing percent-encoded."""
    if not isinstance(value, dict) or not isinstance(value.get("files"), list):
        return value
    files = [
        {**entry, "name": unquote(str(entry.get("name", "")))} if isinstance(entry, dict) else entry
        for entry in value["files"]
    ]
    return {**value, "files": files}
