"""A recording, read as far as its tools can be served again.

The format is that of `simulate record` (JSON lines, each with `what` it is). The stand-in knows nothing of
the rest of the program, so this is a reader of its own, of the few keys that it needs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

MAX_TAPE_BYTES = 256 * 2**20
MAX_VERSION = 1
MAX_NESTED = 60
"""What is nested deeper is not served."""
Json = Any


@attrs.frozen(eq=False)
class TapedCall:
    """A call of a tool that was answered.

    Attributes:
        n: numbers calls in the order of sending.
        who: who made it, as `p1`.
        value: what it answered: the structured part, else the JSON of its text, else the text.
        is_structured: the answer had a structured part.
    """

    n: int
    who: str
    tool: str
    arguments: Mapping[str, Json]
    value: Json
    is_structured: bool = False
    is_error: bool = False


@attrs.frozen(eq=False)
class Tape:
    """What can be served of a recording.

    Attributes:
        people: the names of those who had one, by `who`.
        tools: as they were listed, by name; one that was called and never listed has its name alone.
        calls: of tools, in the order of sending.
    """

    people: Mapping[str, str]
    tools: Mapping[str, Mapping[str, Json]]
    calls: tuple[TapedCall, ...]


def read_tape(path: str) -> Tape:
    """Raises ValueError: the file, what is wrong with it, what to do; in one line."""
    lines = list(_lines(Path(path)))
    if not lines:
        raise ValueError(f"{path}: no recording (simulate record makes one)")
    people = {str(one["who"]): str(one["name"]) for one in of_kind(lines, "person") if one.get("name")}
    calls = sorted(filter(None, map(_call, of_kind(lines, "call"))), key=lambda call: call.n)
    tools: dict[str, Mapping[str, Json]] = {call.tool: {"name": call.tool} for call in calls}
    for line in of_kind(lines, "tools"):
        listed = line.get("tools")
        for tool in listed if isinstance(listed, list) else []:
            if isinstance(tool, dict) and isinstance(tool.get("name"), str):
                tools[tool["name"]] = tool
    if not calls:
        raise ValueError(f"{path}: no call of a tool that was answered is in this recording")
    return Tape(people, tools, tuple(calls))


def of_kind(lines: list[dict[str, Json]], what: str) -> Iterator[dict[str, Json]]:
    return (line for line in lines if line.get("what") == what)


def _lines(path: Path) -> Iterator[dict[str, Json]]:
    """What stands in each. A last one that was cut off is left out. Raises ValueError."""
    no_recording = f"{path}: no recording (simulate record makes one)"
    try:
        if path.stat().st_size > MAX_TAPE_BYTES:
            raise ValueError(f"{path}: larger than {MAX_TAPE_BYTES // 2**20} MiB")
        texts = path.read_bytes().split(b"\n")
    except OSError as error:
        raise ValueError(f"{path}: {(error.strerror or 'cannot be read').lower()}") from None
    is_first = True
    for number, text in enumerate(texts, 1):
        if not text.strip():
            continue
        try:
            line = json.loads(text)
        except (ValueError, RecursionError):
            if number == len(texts) and not is_first:
                return
            raise ValueError(no_recording if is_first else f"{path}, line {number}: no JSON") from None
        if not isinstance(line, dict) or (is_first and line.get("what") != "recording"):
            raise ValueError(no_recording)
        if is_first and isinstance(line.get("version"), int) and line["version"] > MAX_VERSION:
            raise ValueError(f"{path}: of version {line['version']}, which is newer than this stand-in")
        is_first = False
        yield line


def _call(line: dict[str, Json]) -> TapedCall | None:
    """None for what is no call of a tool, or got no answer that could be given again."""
    tool, arguments, result = line.get("name"), line.get("arguments"), line.get("result")
    if line.get("method") != "tools/call" or not isinstance(tool, str) or not isinstance(line.get("n"), int):
        return None
    made = {"n": line["n"], "who": str(line.get("who")), "tool": tool}
    made["arguments"] = arguments if isinstance(arguments, dict) else {}
    error = line.get("error")
    if isinstance(error, dict) and line.get("outcome") == "protocol_error":
        return TapedCall(**made, value=str(error.get("message")), is_error=True)
    if not isinstance(result, dict) or line.get("outcome") not in ("ok", "tool_error"):
        return None
    structured, text = result.get("structuredContent"), first_text(result.get("content"))
    is_error = bool(result.get("isError"))
    if is_deep([arguments, structured, text]):
        return None
    if isinstance(structured, dict) and not is_error:
        return TapedCall(**made, value=structured, is_structured=True)
    return TapedCall(**made, value=text if is_error else parsed(text), is_error=is_error)


def is_deep(value: Json, left: int = MAX_NESTED) -> bool:
    """Whether something is nested deeper than anybody reads, JSON in texts included."""
    inner = parsed(value) if isinstance(value, str) else value
    if not isinstance(inner, dict | list):
        return False
    return not left or any(
        is_deep(each, left - 1) for each in (inner.values() if isinstance(inner, dict) else inner)
    )


def first_text(blocks: Json) -> str:
    """Of the content of a result; "" where there is none."""
    several = blocks if isinstance(blocks, list) else []
    texts = (block.get("text") for block in several if isinstance(block, dict))
    return next((text for text in texts if isinstance(text, str)), "")


def parsed(text: str) -> Json:
    """What a text that is JSON of an object or a list says; any other text as it is."""
    if text.lstrip()[:1] not in ("{", "["):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
