"""Recordings made of what other programs have written down: HAR files, and cassettes of mcp-recorder."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

from actors.json_text import read_json
from actors.text import harmless
from sim.recording.cassette import cassette_of
from sim.recording.drafts import rounded, written_now
from sim.recording.foreign import Foreign, PastExchange
from sim.recording.har import har_of
from sim.recording.listener import ExchangeEnd, Hearing, Listener
from sim.recording.reading import BadRecording, read_file
from sim.recording.recorded_lines import VERSION, Gap, Head, RecordedEnd, RecordedLine


def taken_in(path: Path, made_by: str, url: str | None = None) -> list[RecordedLine]:
    """The recording that a foreign file makes. Raises BadRecording.

    Args:
        url: the MCP endpoint, where there are several in the file.
    """
    name = harmless(str(path))
    try:
        value = read_json(read_file(path))
    except ValueError as error:
        if isinstance(error, BadRecording):
            raise
        raise BadRecording(f"{name}: neither a HAR file nor a cassette of mcp-recorder: no JSON") from None
    keys = value.keys() if isinstance(value, dict) else ()
    if "log" in keys:
        found = har_of(value, name, url)
    elif "interactions" in keys:
        found = cassette_of(value, name)
    else:
        raise BadRecording(
            f"{name}: neither a HAR file ('log') nor a cassette of mcp-recorder ('interactions')"
        )
    return lines_of(found, made_by)


def lines_of(found: Foreign, made_by: str) -> list[RecordedLine]:
    """As if a proxy had been there: all begins and ends are told in the order of time."""
    lines: list[RecordedLine] = []
    listener = Listener(written_now(lines), lambda text: None)
    began: dict[int, Hearing] = {}
    order = [(each.at, 1, number) for number, each in enumerate(found.exchanges)]
    order += [
        (each.at + each.took, 0 if each.took else 2, number) for number, each in enumerate(found.exchanges)
    ]
    end = 0.0
    for at, _, number in sorted(order):
        exchange, end = found.exchanges[number], at
        if number not in began:
            began[number] = listener.request(at, exchange.method, exchange.headers)
            began[number].asked(exchange.body, at)
        else:
            answer(began[number], exchange, at)
    listener.close(end)
    gaps = [Gap(0.0, reason) for reason in found.left_out]
    head = Head(VERSION, made_by, found.url, found.began.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    return [head, *gaps, *lines, RecordedEnd(rounded(end), listener.shared.made)]


def answer(hearing: Hearing, exchange: PastExchange, at: float) -> None:
    """The answer of one of them has come."""
    if not exchange.status:
        hearing.end(at, ExchangeEnd.NO_ANSWER)
        return
    hearing.answered(at, exchange.status, exchange.answer_headers)
    hearing.piece(exchange.answer, at)
    hearing.end(at, ExchangeEnd.WHOLE)
