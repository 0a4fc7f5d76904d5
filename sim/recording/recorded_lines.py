"""The lines of a recording, and how they are written."""

from __future__ import annotations

import json
import re
from typing import Any, Literal

import msgspec

from actors.json_text import read_json

VERSION = 1
HIDDEN = "<hidden>"
"""What stands in the place of a secret."""

_HIDDEN = re.compile(r"<hidden(?: ([0-9]{1,9}))?>")
Json = Any
Outcome = Literal["ok", "tool_error", "protocol_error", "refused", "cut", "unanswered"]


def hidden_as(number: int) -> str:
    """In the place of a secret by which something is named: the same number is the same secret."""
    return f"<hidden {number}>"


def holds_hidden(text: str) -> bool:
    """Whether a secret was left out of it."""
    return _HIDDEN.search(text) is not None


def is_hidden_name(text: str) -> bool:
    """Whether all of it is a secret by which something is named."""
    found = _HIDDEN.fullmatch(text)
    return found is not None and found[1] is not None


def without_hidden(text: str, instead: str) -> str:
    """`text` with `instead` where secrets were left out."""
    return _HIDDEN.sub(instead, text)


class RecordedLine(msgspec.Struct, frozen=True, tag_field="what"):
    """One line. Times `at` are seconds since the recording began."""


class Head(RecordedLine, frozen=True, tag="recording"):
    """The first line. `url` has neither user info nor query; `began` is UTC (RFC 3339)."""

    version: int
    made_by: str
    url: str
    began: str


class RecordedPerson(RecordedLine, frozen=True, tag="person"):
    """Somebody who was told apart from the others.

    Written again where more has become known; the last one counts.

    Attributes:
        who: "p1", "p2", … as the other lines name them.
        name: whom their credentials name; None where they name nobody.
        client, server: name and version.
        protocol: the revision of MCP that was agreed on.
        also: other programs that log in as them.
    """

    at: float
    who: str
    name: str | None = None
    client: str | None = None
    protocol: str | None = None
    server: str | None = None
    also: tuple[str, ...] = ()


class ToolList(RecordedLine, frozen=True, tag="tools"):
    """Tools as the server listed them to somebody; written where they differ from the last list."""

    at: float
    who: str
    tools: tuple[dict[str, Json], ...]


class RecordedCall(RecordedLine, frozen=True, tag="call"):
    """A call of a tool (`tools/call`), a look at a resource (`resources/read`), or a prompt (`prompts/get`).

    Attributes:
        at: when it was sent.
        took: seconds until its answer was complete.
        n: numbers calls in the order of sending.
        name: of the tool or prompt; the URI of a resource.
        result: of JSON-RPC, as it came.
        error: of JSON-RPC: `code`, `message`.
        outcome: "refused": an HTTP status said no; "cut": the answer ended half-way; "unanswered": there
            was none.
        status: of HTTP; None where there was none.
    """

    at: float
    took: float
    who: str
    n: int
    method: str
    name: str
    arguments: dict[str, Json] = {}
    result: dict[str, Json] | None = None
    error: dict[str, Json] | None = None
    outcome: Outcome = "ok"
    status: int | None = None

    @property
    def answer(self) -> Json:
        """What a reader takes from the result: the structured part, else the JSON of the first text, else
        that text; None where there is neither."""
        result = self.result or {}
        if result.get("structuredContent") is not None:
            return result["structuredContent"]
        text = first_text(result.get("content") or result.get("contents"))
        if text is None:
            return None
        try:
            return read_json(text)
        except ValueError:
            return text


class RecordedQuestion(RecordedLine, frozen=True, tag="asked"):
    """What the server asked the client for (elicitation, sampling, roots).

    `during`: the number of the call under way; 0 where it is not known.
    """

    at: float
    who: str
    during: int
    method: str
    params: dict[str, Json] = {}
    answer: dict[str, Json] | None = None


class Gap(RecordedLine, frozen=True, tag="gap"):
    """Something that is not in the recording. `who`: None where it concerns everybody, or nobody known."""

    at: float
    reason: str
    who: str | None = None


class RecordedEnd(RecordedLine, frozen=True, tag="end"):
    """The last line. Where it is missing the recording was cut off, and its lines are still good."""

    at: float
    calls: int


AnyLine = Head | RecordedPerson | ToolList | RecordedCall | RecordedQuestion | Gap | RecordedEnd
KINDS: dict[str, type[AnyLine]] = {
    "recording": Head,
    "person": RecordedPerson,
    "tools": ToolList,
    "call": RecordedCall,
    "asked": RecordedQuestion,
    "gap": Gap,
    "end": RecordedEnd,
}


def to_line(line: RecordedLine) -> bytes:
    """As it stands in the file, its line end included. Raises ValueError for what no JSON can say."""
    try:
        return msgspec.json.encode(line) + b"\n"
    except (msgspec.EncodeError, OverflowError, UnicodeError):
        # Half of a surrogate pair, or a number of more than 64 bits: both may come in an answer.
        return _written_slowly(line)


def _written_slowly(line: RecordedLine) -> bytes:
    what = {"what": line.__struct_config__.tag}
    plain = what | {name: getattr(line, name) for name in line.__struct_fields__}
    return json.dumps(plain, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def recording_schema() -> dict[str, Json]:
    """The JSON Schema (draft 2020-12) of each line."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "One line of a recording of simulate",
        **msgspec.json.schema(AnyLine),
    }


def first_text(blocks: Json) -> str | None:
    """The first text among content blocks (MCP, content of a result)."""
    if not isinstance(blocks, list):
        return None
    texts = (block.get("text") for block in blocks if isinstance(block, dict))
    return next((text for text in texts if isinstance(text, str)), None)
