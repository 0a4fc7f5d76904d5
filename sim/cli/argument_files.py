"""`--arguments FILE`: what tools without a story are called with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from actors.text import harmless
from sim.config.known_arguments import KnownArguments
from sim.config.usage import UsageError

MAX_BYTES = 64 * 2**20
SHAPE = 'a recording nor JSON as in {"nc_notes_get_note": [{"note_id": 7}]}'


def read_arguments(path: Path, origin: str) -> KnownArguments:
    """Raises UsageError: the file, what is wrong with it, and where."""
    where = f"{origin} {str(path)!r}"
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(f"{where}: larger than {MAX_BYTES // 2**20} MiB")
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "no text in UTF-8"
        raise UsageError(f"{where}: {said}") from None
    if is_recording(text):
        return KnownArguments(path.name, of_recording(path, where))
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{where}: neither {SHAPE}: {' '.join(str(error).split())}") from None
    return KnownArguments(path.name, by_tool(document, where))


def is_recording(text: str) -> bool:
    """By its first line."""
    try:
        head = json.loads(text.partition("\n")[0])
    except (ValueError, RecursionError):
        return False
    return isinstance(head, dict) and "what" in head


def of_recording(path: Path, where: str) -> dict[str, tuple[dict[str, Any], ...]]:
    """What tools were called with that answered well, each once; a call with a hidden secret is left out.

    Raises UsageError.
    """
    from sim.recording.document import BadRecording, holds_hidden, read_recording

    try:
        calls = read_recording(path).calls
    except BadRecording as error:
        raise UsageError(f"{where}: {error}") from None
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for call in calls:
        text = json.dumps(call.arguments, sort_keys=True)
        if call.method == "tools/call" and call.outcome == "ok" and not holds_hidden(text):
            found.setdefault(call.name, {})[text] = call.arguments
    return {tool: tuple(each.values()) for tool, each in found.items()}


def by_tool(document: Any, where: str) -> dict[str, tuple[dict[str, Any], ...]]:
    """Raises UsageError."""
    if not isinstance(document, dict):
        raise UsageError(f"{where}: neither {SHAPE}")
    found = {}
    for tool, calls in document.items():
        several = calls if isinstance(calls, list) else [calls]
        if not several or not all(isinstance(each, dict) for each in several):
            raise UsageError(f"{where}: {harmless(tool, 60)}: a list of objects is needed here")
        found[tool] = tuple(several)
    return found
