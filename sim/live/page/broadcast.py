"""What lookers are sent: a ring of events with numbers, and the latest picture of the whole.

A looker holds nothing but the number of what it was sent last. Who does not read is not waited for, and
costs no memory: when it reads again, and the ring has gone past it, it gets the latest picture and what
came since. So the latest wins, and a browser that comes again (Last-Event-ID, HTML 9.2) misses nothing.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import AsyncGenerator
from typing import Any

import attrs
import trio

MAX_RING = 1200
"""Rows of a quarter of an hour, and what happens in it."""


@attrs.frozen
class Sent:
    """One event, as it goes over the wire."""

    number: int
    name: str
    data: str

    def __str__(self) -> str:
        return f"id: {self.number}\nevent: {self.name}\ndata: {self.data}\n\n"


class Broadcast:
    """Events of one run; ends with it.

    Attributes:
        number: of the last event.
    """

    def __init__(self, max_ring: int = MAX_RING) -> None:
        self.number = 0
        self._ring: deque[Sent] = deque(maxlen=max_ring)
        self._picture: Sent | None = None
        self._pictures = 0
        self._news = trio.Event()
        self._is_over = False

    def send(self, name: str, value: Any) -> None:
        """To everybody who looks on, now or later."""
        self.number += 1
        # JSON has no line breaks of its own, so that no text can begin another field.
        self._ring.append(Sent(self.number, name, json.dumps(value, separators=(",", ":"))))
        self._wake()

    def show(self, number: int, data: str) -> None:
        """A picture of the whole, as of event `number`, as one line of JSON."""
        self._picture = Sent(number, "snapshot", data)
        self._pictures += 1
        self._wake()

    def end(self) -> None:
        """What has been sent is still delivered."""
        self._is_over = True
        self._wake()

    async def events(self, after: int) -> AsyncGenerator[Sent, None]:
        """Those after number `after`; a picture first where some of them are gone."""
        last, pictures = after, self._pictures
        while True:
            news = self._news
            picture = self._picture
            if picture is not None and (pictures < self._pictures or self._is_gone(last)):
                last, pictures = picture.number, self._pictures
                yield picture
                continue
            following = next((each for each in self._ring if each.number > last), None)
            if following is not None:
                last = following.number
                yield following
            elif self._is_over:
                return
            else:
                await news.wait()

    def _is_gone(self, last: int) -> bool:
        """Whether the ring does not reach back that far, and the picture is newer."""
        picture = self._picture
        if last > self.number:
            # Of another run at the same address.
            return True
        oldest = self._ring[0].number if self._ring else self.number + 1
        return picture is not None and picture.number > last and oldest > last + 1

    def _wake(self) -> None:
        news, self._news = self._news, trio.Event()
        news.set()
