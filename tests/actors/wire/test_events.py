"""Server-sent events, however the stream is cut into pieces."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, strategies

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
