"""Where a copy of what passes is drawn off. Whatever goes wrong behind it, the rest passes on."""

from __future__ import annotations

import traceback
from collections.abc import Callable

from sim.recording.http_heads import Header, RequestHead
from sim.recording.listener import ExchangeEnd, Hearing, Listener


class Tap:
    """For one request and its answer. Methods are those of `Hearing`, and raise nothing.

    An error in what listens is a bug of ours: it ends this hearing, is told with its traceback, and is a gap
    in the recording.
    """

    def __init__(self, listener: Listener, at: float, request: RequestHead) -> None:
        self._listener = listener
        self._hearing: Hearing | None = None
        method = request.method.decode("ascii")

        def begin() -> None:
            self._hearing = listener.request(at, method, request.headers)

        self._safely(begin, at)

    def asked(self, content: bytes, at: float) -> None:
        if (hearing := self._hearing) is not None:
            self._safely(lambda: hearing.asked(content, at), at)

    def answered(self, at: float, status: int, headers: tuple[Header, ...]) -> None:
        if (hearing := self._hearing) is not None:
            self._safely(lambda: hearing.answered(at, status, headers), at)

    def piece(self, content: bytes, at: float) -> None:
        if (hearing := self._hearing) is not None:
            self._safely(lambda: hearing.piece(content, at), at)

    def end(self, at: float, ending: ExchangeEnd) -> None:
        if (hearing := self._hearing) is not None:
            self._safely(lambda: hearing.end(at, ending), at)

    def _safely(self, listen: Callable[[], None], at: float) -> None:
        try:
            listen()
        except Exception as error:
            self._hearing = None
            # Its text may hold what was said; its place is ours.
            where = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{where.filename.rpartition('/')[2]}:{where.lineno}"
            self._listener.gap(
                at, f"an exchange could not be followed ({type(error).__name__} at {place}): please report it"
            )
