"""The output schemas that a server's tools declare: compiled once for all sessions that are told the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from actors.call_errors import invalid_answer
from actors.output_schema import OutputSchema
from actors.server_answer import ServerAnswer

MAX_SCHEMAS = 1_000
"""Different ones that a run keeps; who declares more is not held to them."""


class SchemaBook:
    """Shared by the sessions of a connector."""

    def __init__(self) -> None:
        self._compiled: dict[bytes, OutputSchema] = {}

    def compiled(self, schema: dict[str, Any]) -> OutputSchema | None:
        """None where it cannot be kept. Takes milliseconds for one that was not seen before."""
        try:
            text = msgspec.json.encode(schema)
        except (TypeError, ValueError, RecursionError):  # half of a surrogate pair
            return None
        if text not in self._compiled and len(self._compiled) < MAX_SCHEMAS:
            self._compiled[text] = OutputSchema(schema)
        return self._compiled.get(text)


class DeclaredSchemas:
    """Those that one session was told of, by tool."""

    def __init__(self, book: SchemaBook | None = None) -> None:
        self._book = book or SchemaBook()
        self._of_tool: dict[str, OutputSchema] = {}

    def declare(self, tool: str, schema: dict[str, Any] | None) -> None:
        """What the server last said of `tool`."""
        self.declare_all({tool: self._book.compiled(schema) if schema is not None else None})

    def declare_all(self, outputs: Mapping[str, OutputSchema | None]) -> None:
        """What it last said of several, compiled."""
        for tool, compiled in outputs.items():
            self._of_tool.pop(tool, None)
            if compiled is not None:
                self._of_tool[tool] = compiled

    def check(self, tool: str, answer: ServerAnswer) -> None:
        """Raises CallError where an answer that is no error does not conform to what the tool declares."""
        schema = self._of_tool.get(tool)
        if schema is None or answer.is_error:
            return
        problem = schema.problem(tool, answer.structured)
        if problem and answer.structured is None:
            problem = f"Tool {tool} has an output schema but did not return structured content"
        if problem:
            raise invalid_answer(problem)
