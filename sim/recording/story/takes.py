"""The calls of a recording as a workflow would see them: each with the value that its step would answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from actors.errors import CallError
from actors.login.provisioning import CHECK, PROVISION
from actors.offered_tool import reads_by_name
from actors.tool_results import read_resource_text, read_tool_result
from sim.recording.document import RecordedCall, Recording, holds_hidden
from sim.recording.story.name_words import ToolName

Json = Any
PLAYED = ("tools/call", "resources/read")
GRANTING = (PROVISION, CHECK)
"""Tools by which people give the server access to their account; so does the set-up of a run."""


@attrs.frozen(eq=False)
class Take:
    """One call.

    Attributes:
        place: among all, in the order of sending.
        value: what the step answers; None where it failed.
        error: how it failed; None where it did not.
        only_reads: by the tool's annotations, else by its name.
    """

    place: int
    call: RecordedCall
    value: Json
    error: CallError | None
    tool: ToolName
    only_reads: bool

    @property
    def who(self) -> str:
        return self.call.who

    @property
    def ended(self) -> float:
        return self.call.at + self.call.took

    @property
    def is_refused(self) -> bool:
        """Whether the server said that this user may not, or that it is not there for them."""
        return self.error is not None and self.error.says(403, 404)

    @property
    def is_conflict(self) -> bool:
        return self.error is not None and self.error.says(412)

    @property
    def is_resource(self) -> bool:
        return self.call.method == "resources/read"


def takes_of(recording: Recording) -> list[Take]:
    """Those that a workflow can make: tools and resources, as they were sent; those by which people let the
    server in are made before a workflow begins."""
    reading = dict(_read_only(recording))
    calls = sorted(
        (call for call in recording.calls if call.method in PLAYED and call.name not in GRANTING),
        key=lambda call: (call.at, call.n),
    )
    return [_take(place, call, reading) for place, call in enumerate(calls)]


def _read_only(recording: Recording) -> Iterator[tuple[str, bool]]:
    for listed in recording.tools:
        for tool in listed.tools:
            hints = tool.get("annotations")
            hint = hints.get("readOnlyHint") if isinstance(hints, dict) else None
            if isinstance(hint, bool) and isinstance(tool.get("name"), str):
                yield tool["name"], hint


def _take(place: int, call: RecordedCall, reading: dict[str, bool]) -> Take:
    is_resource = call.method == "resources/read"
    by_name = is_resource or reads_by_name(call.name)
    try:
        value, error = _value_of(call), None
    except CallError as failure:
        value, error = None, failure
    only_reads = reading.get(call.name, by_name)
    return Take(place, call, value, error, ToolName.of(call.name), only_reads)


def _value_of(call: RecordedCall) -> Json:
    """As `actors.session` reads it. Raises CallError."""
    from actors.errors import Outcome

    result = call.result
    if call.outcome not in ("ok", "tool_error") or result is None:
        text = str((call.error or {}).get("message", call.outcome))
        raise CallError(
            Outcome.PROTOCOL_ERROR, text, status=call.status if call.outcome == "refused" else None
        )
    if call.method == "resources/read":
        return read_resource_text(_texts(result.get("contents")))
    is_error = result.get("isError") is True
    return read_tool_result(
        call.name, result.get("structuredContent"), _texts(result.get("content")), is_error
    )


def _texts(blocks: Json) -> list[str]:
    each = blocks if isinstance(blocks, list) else []
    texts = [block.get("text") for block in each if isinstance(block, dict)]
    return [text for text in texts if isinstance(text, str)]


def is_hidden(value: Json) -> bool:
    """Whether it is a secret that the recording does not hold."""
    return isinstance(value, str) and holds_hidden(value)
