"""Server-sent events, however the stream is cut into pieces."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given, strategies

from actors.wire.event_stream import EventParser

STREAM = (
    b": a comment\n\nevent: message\ndata: one\n\nid: 7\r\ndata:two\r\ndata: lines\r\n\r\n"
    b"data: three\r\rretry: 10\ndata\ndata:  four\n\ndatum: five\n\ndata: \xc3\xa9\n\n"
)
EVENTS = [b"one", b"two\nlines", b"three", b"\n four", b"\xc3\xa9"]


@pytest.mark.parametrize("size", range(1, 12))
def test_the_events_are_the_same_whatever_the_size_of_the_pieces(size: int) -> None:
    parser = EventParser()
    seen = [e for at in range(0, len(STREAM), size) for e in parser.feed(STREAM[at : at + size])]
    assert seen == EVENTS
    assert parser.size == 0


@given(strategies.lists(strategies.integers(0, len(STREAM)), max_size=8))
def test_the_events_are_the_same_wherever_the_stream_is_cut(cuts: list[int]) -> None:
    parser = EventParser()
    places = [0, *sorted(cuts), len(STREAM)]
    seen = [e for a, b in pairwise(places) for e in parser.feed(STREAM[a:b])]
    assert seen == EVENTS


WORDS = (b"data: ", b"data:", b"data", b"event: message", b"event:", b"id: 3", b"id:", b"retry: 7", b":")
ENDS = (b"\n", b"\r\n", b"\r")
PARTS = strategies.sampled_from([*WORDS, *ENDS, *ENDS, b"x", b" ", b"{}", b"\xc3\xa9", b"\xef\xbb\xbf"])


@given(strategies.lists(strategies.lists(PARTS, max_size=8).map(b"".join), max_size=6))
@example([b"event: message\r\ndata: {}\r\n\r\n"])
@example([b"id: 3\n", b"data: {}\n\n", b"data: x\n\n"])
@example([b"data: x\r\r\n\r\n", b"data: \n\n", b"data: x\n\r\n", b"data: x\r\n\n", b"\n"])
@example([b"data: xy\n\r\n", b"data: xy\r\n\n"])
@example([b"data: a\n", b"data: b\n\n", b"data: a", b"data: b\n\n"])
@example([b"data: a\n\n", b"\xef\xbb\xbfdata: b\n\n"])
@example([b"data: x\r", b"\ndata: y\n\n", b"data: z\r\n\r", b"data: z\n\n"])
def test_what_comes_in_one_piece_is_what_would_come_byte_by_byte(pieces: list[bytes]) -> None:
    whole, split = EventParser(), EventParser()
    for piece in pieces:
        assert whole.feed(piece) == [e for byte in piece for e in split.feed(bytes([byte]))]
        assert (whole.last_id, whole.retry_s, whole.size) == (split.last_id, split.retry_s, split.size)


def test_a_long_line_in_many_pieces_is_put_together_once() -> None:
    """Were it put together, or searched, at each piece, its time would grow with the square of its length."""
    parser = EventParser()
    parser.feed(b"data: ")
    for _ in range(4000):
        assert parser.feed(b"x" * 1000) == []
    assert parser.size == 6 + 4000 * 1000
    assert len(parser._rest) == 4001
    assert parser.feed(b"\n\n") == [b"x" * 4000 * 1000]
    assert parser.size == 0
