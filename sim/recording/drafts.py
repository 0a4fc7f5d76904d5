"""Lines yet to be written: read, cleared of secrets and put into words where there is time for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs

from actors.json_text import read_json
from actors.text import harmless
from sim.recording.hiding import Hider, Pseudonyms
from sim.recording.recorded_lines import (
    Gap,
    Outcome,
    RecordedCall,
    RecordedLine,
    RecordedQuestion,
    ToolList,
)

Write = Callable[["Draft"], None]
DIGITS = 6
"""Of seconds: microseconds are as good as clocks get."""


@attrs.frozen
class Draft:
    """`line` makes it, of about `size` bytes; it raises nothing."""

    line: Callable[[], RecordedLine]
    size: int = 100


@attrs.frozen
class Ended:
    """How a call ended, as it came."""

    at: float
    outcome: Outcome
    status: int | None = None
    result: bytes = b""
    error: bytes = b""


@attrs.define(eq=False)
class CallUnderWay:
    """A call that was sent.

    Attributes:
        pseudonyms: of the recording.
        may_resume: its stream was cut, and may be taken up again.
        questions: what it wanted to know first, by the keys that answers bear.
    """

    n: int
    at: float
    who: str
    method: str
    name: str
    arguments: bytes
    secrets: Sequence[str] = attrs.field(repr=False)
    pseudonyms: Pseudonyms = attrs.Factory(Pseudonyms)
    may_resume: bool = False
    status: int | None = None
    questions: dict[str, Any] = attrs.Factory(dict)

    @property
    def shown_name(self) -> str:
        """Its name as it may be told: the address of a resource may hold a secret."""
        return harmless(Hider(self.secrets).hide_text(self.name), 100)

    def draft(self, ended: Ended) -> Draft:
        """Its line."""
        size = 200 + len(self.arguments) + len(ended.result) + len(ended.error)
        known = tuple(self.secrets)
        return Draft(lambda: self._line(ended, known), size)

    def _line(self, ended: Ended, known: Sequence[str]) -> RecordedLine:
        parts = {"arguments": self.arguments, "result": ended.result, "error": ended.error}
        try:
            read = {part: read_json(raw) for part, raw in parts.items() if raw}
        except ValueError as error:
            reason = f"call {self.n} ({self.shown_name}): {harmless(str(error), 100)}"
            return Gap(rounded(ended.at), reason, self.who)
        every = b"".join((*parts.values(), self.name.encode("utf-8", "replace")))
        plain = Hider(known, self.pseudonyms).hide(every, {**read, "name": self.name})
        return RecordedCall(
            rounded(self.at),
            rounded(ended.at - self.at),
            self.who,
            self.n,
            self.method,
            plain["name"],
            as_object(plain.get("arguments")) or {},
            as_object(plain.get("result")),
            as_object(plain.get("error")),
            ended.outcome,
            ended.status,
        )


def question_draft(
    at: float, who: str, during: int, method: str, params: bytes, answer: bytes, known: Sequence[str]
) -> Draft:
    """What the server wanted to know. `answer`: a result, b"" for none."""
    secrets = tuple(known)

    def line() -> RecordedLine:
        try:
            read = {"params": read_json(params or b"{}"), "answer": read_json(answer or b"null")}
        except ValueError as error:
            return Gap(rounded(at), f"{harmless(method, 100)}: {harmless(str(error), 100)}", who)
        plain = Hider(secrets).hide(params + answer, read)
        told = as_object(plain["params"]) or {}
        return RecordedQuestion(rounded(at), who, during, method, told, as_object(plain["answer"]))

    return Draft(line, 200 + len(params) + len(answer))


def tools_draft(at: float, who: str, pages: Sequence[bytes], known: Sequence[str]) -> Draft:
    """Tools as they were listed, page after page."""
    secrets = tuple(known)

    def line() -> RecordedLine:
        try:
            read = [tool for page in pages for tool in read_json(page)]
        except (ValueError, TypeError) as error:
            return Gap(rounded(at), f"tools/list: {harmless(str(error), 100)}", who)
        plain = Hider(secrets).hide(b"".join(pages), read)
        return ToolList(rounded(at), who, tuple(tool for tool in plain if isinstance(tool, dict)))

    return Draft(line, 200 + sum(map(len, pages)))


def as_object(value: Any) -> dict[str, Any] | None:
    return value if isinstance(value, dict) else None


def rounded(seconds: float) -> float:
    return round(seconds, DIGITS)


def written_now(lines: list[RecordedLine]) -> Write:
    """Drafts are put into words at once, at the end of `lines`."""

    def write(draft: Draft) -> None:
        lines.append(draft.line())

    return write
