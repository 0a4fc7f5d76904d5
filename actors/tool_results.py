"""What a server answered, as one JSON value or one error, whatever its release.

Releases differ in how they say the same: structured or JSON in a text, numbers as strings, failures
as `isError`, as `success: false`, or as words in a sentence. The differences end here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from actors.answer import Json, written_out
from actors.errors import CallError, Outcome
from actors.json_text import read_json

STATUS_PATTERNS = (
    re.compile(r"\bHTTP(?: status)? (\d{3})\b"),
    re.compile(r"(?:server error|status code|error) \(?(\d{3})\)?\b"),
    re.compile(r"\b(?:Client|Server) error '(\d{3}) "),
)
WORDS: tuple[tuple[re.Pattern[str], int], ...] = (
    (re.compile(r"\bnot found\b|could not be (?:located|found)", re.IGNORECASE), 404),
    (
        re.compile(
            r"(?:access|permission) denied|insufficient permissions|forbidden"
            r"|\b(?:note|file|folder|directory|share) (?:\d+ )?is read-?only",
            re.IGNORECASE,
        ),
        403,
    ),
    (re.compile(r"modified by someone else|precondition failed", re.IGNORECASE), 412),
    (re.compile(r"\blocked\b", re.IGNORECASE), 423),
    (re.compile(r"too many requests|rate limit", re.IGNORECASE), 429),
)
"""Words in an error text that stand for an HTTP status, where the text has no number.

A 403 is a word about what the user may do. A disk or a file system that nobody can write to
("Read-only file system") is the server's trouble, and no refusal.
"""

TROUBLE = re.compile(
    r"\[(?:Errno|WinError) -?\d+\]|\bSQLSTATE\b|\bdatabase\b|\bbase table or view\b"
    r"|\bfile ?system\b|\btraceback\b|\b(?:host|hostname|DNS|domain|server|module|command|tool|method)"
    r"(?: name)?(?: '[^']{0,80}'| \S{1,80})? (?:was |could )?not (?:be )?found"
    r"|access denied for user",
    re.IGNORECASE,
)
"""A text about the server's own disk, database, network or program: whatever words it has, it is no
answer to the user who asked, neither a refusal nor an absence."""

CREDENTIALS = re.compile(
    r"missing required scopes|unauthori[sz]ed|token (?:has )?expired|invalid token|not provisioned"
    r"|no credentials",
    re.IGNORECASE,
)
MAX_KNOWN = 300
"""Longer texts are not remembered: there are servers that send megabytes."""
NUMBER = re.compile(r"[0-9]{1,18}")
"""An id that is a number; longer ones fit into no database, and `int` refuses thousands of digits."""


def read_tool_result(tool: str, structured: Json, texts: Iterable[str], is_error: bool) -> Json:
    """The value that `tool` returned. Raises CallError when it says, in whatever way, that it failed."""
    text = "\n".join(texts)
    if is_error:
        raise tool_error(text)
    value = unwrap(structured if structured is not None else parse(text))
    if isinstance(value, dict) and value.get("success") is False:
        raise refused(tool, value)
    if tool.startswith("nc_share_"):
        return with_number_ids(value)
    if tool == "nc_webdav_list_directory":
        return with_plain_names(value)
    if tool == "nc_webdav_delete_resource" and isinstance(value, dict) and value.get("status_code") == 404:
        raise refused(tool, value)
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
    """`text` as JSON, or as it is where it is none (or is more than anybody can read, `read_json`)."""
    try:
        return read_json(text)
    except ValueError:
        return text


def tool_error(text: str) -> CallError:
    """The error behind an answer with `isError`.

    A 403 is a refusal whatever its words are: also `unauthorized` means, beside it, this one thing.
    """
    outcome, status = known_meaning(text) if len(text) <= MAX_KNOWN else meaning(text)
    return CallError(outcome, text, status=status)


def meaning(text: str) -> tuple[Outcome, int | None]:
    """What an answer with `isError` is counted as, and the status behind it."""
    status = status_of(text)
    if status == 401 or (status != 403 and CREDENTIALS.search(text)):
        return Outcome.AUTHORIZATION, status
    return Outcome.TOOL_ERROR, status


known_meaning = lru_cache(maxsize=256)(meaning)
"""A story is refused in the same words several times, and looking for all words that there are takes long."""


def refused(tool: str, value: dict[str, Any]) -> CallError:
    """The error behind a result that says `success: false`; words of such a result seldom name the tool."""
    words = value.get("message") or value.get("error") or ""
    said = words if isinstance(words, str) else written_out(words)
    status = as_status(value.get("status_code")) or status_of(said)
    text = f"{tool}: {said or 'it reported success: false'}"
    return CallError(Outcome.TOOL_ERROR, text, status=status, reason="refused")


def as_status(value: Json) -> int | None:
    """`value` where it is an HTTP status (RFC 9110, 15): a server must not make up kinds of failures."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and 100 <= value <= 599 else None


def status_of(text: str) -> int | None:
    """The HTTP status that an error text gives or paraphrases, None when it does neither."""
    for pattern in STATUS_PATTERNS:
        if (found := pattern.search(text)) and (status := as_status(int(found.group(1)))):
            return status
    if TROUBLE.search(text):
        return None
    return next((status for words, status in WORDS if words.search(text)), None)


def with_number_ids(value: Json) -> Json:
    """Share ids come as strings, and the tools that take one want a number."""
    if isinstance(value, list):
        return [with_number_ids(one) for one in value]
    if isinstance(value, dict) and isinstance(value.get("id"), str) and NUMBER.fullmatch(value["id"]):
        return {**value, "id": int(value["id"])}
    return value


def with_plain_names(value: Json) -> Json:
    """Older releases leave the names in a listing percent-encoded."""
    if not isinstance(value, dict) or not isinstance(value.get("files"), list):
        return value
    files = [
        {**entry, "name": unquote(entry["name"])}
        if isinstance(entry, dict) and isinstance(entry.get("name"), str)
        else entry
        for entry in value["files"]
    ]
    return {**value, "files": files}
