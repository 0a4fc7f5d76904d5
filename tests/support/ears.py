"""A listener that is told what would have passed a proxy, and the messages to tell it."""

from __future__ import annotations

import base64
import json
from typing import Any

from sim.recording.drafts import written_now
from sim.recording.listener import ExchangeEnd, Listener
from sim.recording.recorded_lines import (
    RecordedCall,
    RecordedLine,
)

JSON = (b"Content-Type", b"application/json")
EVENTS = (b"content-type", b"text/event-stream; charset=utf-8")
RESULT = {"content": [{"type": "text", "text": "x"}], "isError": False}


def bearer(token: str) -> tuple[bytes, bytes]:
    return b"Authorization", f"Bearer {token}".encode()


def jwt(**claims: Any) -> str:
    return "eyJhbGciOiJub25lIn0." + base64.urlsafe_b64encode(json.dumps(claims).encode()).decode() + ".sig"


class Ears:
    """A listener, and its lines."""

    def __init__(self) -> None:
        self.lines: list[RecordedLine] = []
        self.told: list[str] = []
        self.listener = Listener(written_now(self.lines), self.told.append)
        self.at = 0.0

    def post(
        self,
        message: Any,
        answer: Any = None,
        *headers: tuple[bytes, bytes],
        status: int = 200,
        answer_headers: tuple[tuple[bytes, bytes], ...] = (JSON,),
        ending: ExchangeEnd = ExchangeEnd.WHOLE,
    ) -> None:
        hearing = self.listener.request(self.at, "POST", headers)
        hearing.asked(json.dumps(message).encode(), self.at)
        self.at += 0.5
        if status:
            hearing.answered(self.at, status, answer_headers)
            raw = answer if isinstance(answer, bytes) else json.dumps(answer).encode() if answer else b""
            size = 7 if len(raw) < 10_000 else 100_000
            for start in range(0, len(raw), size):
                hearing.piece(raw[start : start + size], self.at)
        hearing.end(self.at, ending)
        self.at += 0.5

    def call(self, *headers: tuple[bytes, bytes], name: str = "t", number: Any = 1, **more: Any) -> None:
        self.post(call(name, number), {"jsonrpc": "2.0", "id": number, "result": RESULT}, *headers, **more)

    def of(self, kind: Any) -> list[Any]:
        return [line for line in self.lines if isinstance(line, kind)]

    @property
    def last(self) -> RecordedCall:
        return self.of(RecordedCall)[-1]


def call(name: str, number: Any = 1, **arguments: Any) -> dict[str, Any]:
    params = {"name": name, "arguments": arguments}
    return {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}


def session(name: str) -> tuple[bytes, bytes]:
    return b"Mcp-Session-Id", name.encode()


def event(message: Any, name: str = "") -> bytes:
    named = f"id: {name}\n" if name else ""
    return f"event: message\n{named}data: {json.dumps(message)}\n\n".encode()
