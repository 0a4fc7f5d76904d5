"""Work that goes on when whoever asked for it has left, as PHP finishes a request whose client hung up."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

import anyio
from anyio.abc import TaskGroup

T = TypeVar("T")


class Work:
    """Carries out pieces of work in tasks that outlive the requests behind them.

    While it is not open (no server runs, as in tests without a socket) a piece is carried out in the
    caller's task, which a cancellation leaves only when the piece is done.
    """

    def __init__(self) -> None:
        self._group: TaskGroup | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """As long as the server lives; what is under way at its end is cut off with it."""
        async with anyio.create_task_group() as group:
            self._group = group
            try:
                yield
            finally:
                self._group = None
                group.cancel_scope.cancel()

    async def finish(self, act: Callable[[], Awaitable[T]]) -> T:
        """Do `act` to its end and answer what it does; a caller who is cancelled leaves it running."""
        piece = _Piece(act)
        if self._group is not None:
            self._group.start_soon(piece.carry_out)
        else:
            with anyio.CancelScope(shield=True):
                await piece.carry_out()
        return await piece.result()


class _Piece(Generic[T]):
    def __init__(self, act: Callable[[], Awaitable[T]]) -> None:
        self._act = act
        self._done = anyio.Event()
        self._value: list[T] = []
        self._error: Exception | None = None
        self._left = False

    async def carry_out(self) -> None:
        try:
            self._value.append(await self._act())
        except Exception as error:
            # Belongs to whoever asked, not to the server that goes on serving others.
            self._error = error
            if self._left:
                logging.getLogger(__name__).info("failed after its caller had left: %r", error)
        finally:
            self._done.set()

    async def result(self) -> T:
        try:
            await self._done.wait()
        except BaseException:
            self._left = True
            raise
        if self._error is not None:
            raise self._error
        return self._value[0]
