"""Shards on Dask, for a run of trio: Dask's loop is in a thread, and only messages pass between the two.

Shards are never submitted as tasks, which Dask may run twice (dask/distributed#6078, #7870): each is started
by a call to one named process, which starts it in a thread and returns.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial

import trio

from sim.fleet.conversation import Conversation
from sim.fleet.dask_cluster import Processes, Wanted, open_processes
from sim.fleet.shard_engine import ENDED, News, Place
from sim.fleet.shard_messages import Begin, ToShard

CLOSE_S = 15.0
ASK_S = 1.0
PROGRAM = "sim.app.shard:run_shard"


class DaskEngine:
    """See `sim.fleet.shard_engine.ShardEngine`. Made by `open_dask_engine`."""

    def __init__(self, side: _DaskSide, news: trio.MemoryReceiveChannel[News]) -> None:
        self._side = side
        self.news: AsyncIterator[News] = news

    @property
    def places(self) -> Sequence[Place]:
        return self._side.processes.places

    def start(self, begin: Begin) -> None:
        self._side.soon(partial(self._side.start, begin))

    def tell(self, shard: int, message: ToShard) -> None:
        self._side.soon(partial(self._side.tell, shard, message))

    async def why_gone(self, shard: int) -> str:
        """Of one of our own the machine knows it, of another the cluster; see `ShardEngine`."""
        processes, place = self._side.processes, self.places[shard - 1]
        has_ended = processes.has_ended(place)
        if has_ended is None:
            has_ended = await self._side.ask(partial(processes.is_there, place)) is False
        return ENDED if has_ended else ""

    async def give_up(self, shard: int) -> bool:
        self._side.soon(partial(self._side.end, shard))
        return self._side.processes.kill(self.places[shard - 1])


@asynccontextmanager
async def open_dask_engine(wanted: Wanted, program: str = PROGRAM) -> AsyncIterator[DaskEngine]:
    """Processes for shards, as long as the block lasts; then those that are our own end. Raises SetupError.

    Args:
        program: what a shard runs, as `module:function`.
    """
    send, receive = trio.open_memory_channel[News](10_000)
    side = _DaskSide(wanted, program, trio.lowlevel.current_trio_token(), send)
    side.thread.start()
    try:
        await side.opened.wait()
        if side.problem is not None:
            raise side.problem
        yield DaskEngine(side, receive)
    finally:
        side.close()
        with trio.CancelScope(shield=True), trio.move_on_after(CLOSE_S):
            await trio.to_thread.run_sync(side.thread.join, abandon_on_cancel=True)


class _DaskSide:
    """The thread with Dask's loop. `soon` is called from trio's, all else in its own."""

    def __init__(
        self,
        wanted: Wanted,
        program: str,
        token: trio.lowlevel.TrioToken,
        news: trio.MemorySendChannel[News],
    ) -> None:
        self._wanted = wanted
        self._program = program
        self._token = token
        self._news = news
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._questions: set[asyncio.Task[None]] = set()
        self._conversations: dict[int, tuple[Conversation, asyncio.Task[None]]] = {}
        self.thread = threading.Thread(target=self._run, name="dask", daemon=True)
        self.opened = trio.Event()
        self.problem: Exception | None = None
        self.processes: Processes

    def soon(self, act: Callable[[], object]) -> None:
        """Have `act` done in the loop."""
        with suppress(RuntimeError):  # It is closed.
            self._loop.call_soon_threadsafe(act)

    def close(self) -> None:
        """Let it end."""
        self.soon(self._over.set)

    def start(self, begin: Begin) -> None:
        processes, place = self.processes, self.processes.places[begin.shard - 1]
        conversation = Conversation(
            begin,
            f"simulate-{begin.run}-{begin.shard}",
            partial(processes.call, place),
            partial(processes.is_there, place),
            self._report,
        )
        task = self._loop.create_task(conversation.hold(self._program))
        self._conversations[begin.shard] = conversation, task

    def tell(self, shard: int, message: ToShard) -> None:
        self._conversations[shard][0].tell(message)

    def end(self, shard: int) -> None:
        self._conversations[shard][1].cancel()

    async def ask(self, question: Callable[[], Awaitable[bool]]) -> bool | None:
        """Asked in the loop; None where no answer comes within `ASK_S`."""
        answers: list[bool] = []
        answered = trio.Event()

        async def main() -> None:
            with suppress(Exception):  # Who does not answer says nothing.
                answers.append(await asyncio.wait_for(question(), ASK_S))
            with suppress(trio.RunFinishedError):
                self._token.run_sync_soon(answered.set)

        def begin() -> None:
            self._questions.add(task := self._loop.create_task(main()))
            task.add_done_callback(self._questions.discard)

        self.soon(begin)
        with trio.move_on_after(ASK_S):
            await answered.wait()
        return answers[0] if answers else None

    def _report(self, news: News) -> None:
        with suppress(trio.RunFinishedError):
            self._token.run_sync_soon(self._put, news)

    def _put(self, news: News) -> None:
        self._news.send_nowait(news)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._main())
        except Exception as error:
            self.problem = self.problem or error
        finally:
            with suppress(trio.RunFinishedError):
                self._token.run_sync_soon(self.opened.set)
            self._loop.close()

    async def _main(self) -> None:
        async with open_processes(self._wanted, self._program) as self.processes:
            self._token.run_sync_soon(self.opened.set)
            await self._over.wait()
            for task in (*self._questions, *(task for _, task in self._conversations.values())):
                task.cancel()
