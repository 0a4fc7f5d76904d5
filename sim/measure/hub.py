"""The hub: every event of a run passes here, once, on its way to the tally and to whoever looks on.

There is one way for facts to flow: `emit(event)`. The tally counts it at once; subscribers have it
behind a queue each, so that none of them (a full terminal, a slow browser, a dead collector) can hold up
the run or another subscriber. Once a second the tally closes a window, and its snapshot goes the
same way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from typing import Protocol

import attrs
import trio

from actors.events import Event, PhaseBegan
from sim.measure.leaves import Leaves
from sim.measure.snapshot import GeneratorUsage, Snapshot

WINDOW_S = 1.0
"""How long a window is, seconds."""

PIECES = 10
"""Into so many a window is cut, after each of which what came before it is folded."""
MAX_FOLDED = 500
"""So many events are folded at once: more of them would be a stall of our own."""
MAX_QUEUED = 1000
LAST_LOOK_S = 5.0

Told = Event | Snapshot
"""What subscribers are told: facts as they come, and each window when it is closed."""


class Counts(Protocol):
    """Who writes the figures (`sim.measure.tally.Tally`)."""

    def take(self, event: Event) -> None:
        """Count it. Never raises."""

    def fold_ripe(self, at_most: int) -> bool:
        """Fold so many of those events that can be judged by now; whether there are more."""

    def close_window(self, now: float, generator: GeneratorUsage | None) -> Snapshot:
        """What came since the last one was closed."""

    def settled(self) -> Leaves:
        """Of all that has been taken."""

    @property
    def users_there(self) -> int: ...


def is_anything(told: Told) -> bool:
    """For subscribers who want it all."""
    return True


def is_snapshot(told: Told) -> bool:
    """For subscribers who want windows alone."""
    return isinstance(told, Snapshot)


class Subscription:
    """One subscriber's queue. Iterate it; it ends when the run does.

    The latest wins: when it is full, what has waited longest is dropped, and counted.

    Attributes:
        dropped: how much was dropped, since the subscriber did not take it in time.
    """

    def __init__(self, wants: Callable[[Told], bool], max_queued: int) -> None:
        self._wants = wants
        self._queue: deque[Told] = deque(maxlen=max_queued)
        self._news = trio.Event()
        self._is_over = False
        self.dropped = 0

    def put(self, told: Told) -> None:
        """Called by the hub alone."""
        if not self._wants(told):
            return
        self.dropped += len(self._queue) == self._queue.maxlen
        self._queue.append(told)
        self._news.set()

    def take(self) -> list[Told]:
        """All that is queued, at once."""
        queued = list(self._queue)
        self._queue.clear()
        return queued

    def end(self) -> None:
        """No more will come; what is queued is still given."""
        self._is_over = True
        self._news.set()

    def __aiter__(self) -> AsyncIterator[Told]:
        return self

    async def __anext__(self) -> Told:
        while not self._queue:
            if self._is_over:
                raise StopAsyncIteration
            self._news = trio.Event()
            await self._news.wait()
        return self._queue.popleft()


@attrs.frozen
class Looker:
    """Somebody who looks on.

    Attributes:
        follow: takes what is told, until it ends.
        wants: what that is. Who wants every call is woken for every call, at the cost of whoever makes them.
    """

    follow: Callable[[Subscription], Awaitable[None]]
    wants: Callable[[Told], bool] = is_anything


class Hub:
    """Made once a run. `emit` is what everybody is given; it never waits and never raises.

    Args:
        usage: CPU seconds that this process has used since it was asked last, and its resident memory,
            bytes; None where that means nothing.

    Attributes:
        failures: what those raised who looked on.
    """

    def __init__(self, counts: Counts, usage: Callable[[], tuple[float, int]] | None = None) -> None:
        self._counts = counts
        self._usage = usage
        self._subscriptions: list[Subscription] = []
        self._scope = trio.CancelScope()
        self.failures: list[Exception] = []

    def emit(self, event: Event) -> None:
        """Count `event`, and queue it for whoever wants it."""
        if isinstance(event, PhaseBegan):
            # A window belongs to one phase.
            self.close_window()
        self._counts.take(event)
        self._tell(event)

    @contextmanager
    def subscribe(
        self, wants: Callable[[Told], bool] = is_anything, max_queued: int = MAX_QUEUED
    ) -> Iterator[Subscription]:
        """A queue that is filled as long as the block lasts."""
        subscription = Subscription(wants, max_queued)
        self._subscriptions.append(subscription)
        try:
            yield subscription
        finally:
            if subscription in self._subscriptions:
                self._subscriptions.remove(subscription)

    async def tick(self) -> None:
        """Close a window each `WINDOW_S`, until cancelled; windows keep to the grid of the start, or of the
        last instant at which they were aligned.
        """
        self._scope = trio.CancelScope()
        while True:
            with self._scope:
                await self._tick(trio.current_time())
            self._scope = trio.CancelScope()

    def align(self) -> None:
        """Close the window; from now on they keep to the grid of this instant, as those of all shards do."""
        self.close_window()
        self._scope.cancel()

    async def _tick(self, begun: float) -> None:
        # Time that does not go by itself stands still while events are folded, however many there are.
        pieces = PIECES if self._usage is not None else 1
        for number in range(1, 10**9):
            for piece in range(1, pieces + 1):
                await trio.sleep_until(begun + (number - 1 + piece / pieces) * WINDOW_S)
                await self._fold()
            # Whoever is awake at the same time comes first: a stall is to be known before it is judged.
            await trio.lowlevel.checkpoint()
            await self._fold()
            self.close_window()

    async def _fold(self) -> None:
        has_more = self._counts.fold_ripe(MAX_FOLDED)
        while has_more:
            await trio.lowlevel.checkpoint()
            has_more = self._counts.fold_ripe(MAX_FOLDED)

    def close_window(self) -> Snapshot:
        """Close the window now, out of turn: at the end of the run, or of a phase."""
        usage = GeneratorUsage(*self._usage()) if self._usage is not None else None
        snapshot = self._counts.close_window(trio.current_time(), usage)
        self._tell(snapshot)
        return snapshot

    def so_far(self) -> Leaves:
        """The leaves of the whole run, of all that has been emitted."""
        return self._counts.settled()

    @property
    def users_there(self) -> int:
        """How many users are on stage, as far as that has been told."""
        return self._counts.users_there

    def close(self) -> None:
        """Close the last window and let every subscription end."""
        self.close_window()
        for subscription in self._subscriptions:
            subscription.end()

    def _tell(self, told: Told) -> None:
        for subscription in list(self._subscriptions):
            try:
                subscription.put(told)
            except Exception as error:
                # What it asks of each event is its own code: it is told no more, the run goes on.
                self.failures.append(error)
                self._subscriptions.remove(subscription)
                subscription.end()


@asynccontextmanager
async def looked_on_by(hub: Hub, lookers: Sequence[Looker]) -> AsyncIterator[None]:
    """Each of `lookers` follows a subscription of its own while the block lasts, and a while longer.

    The end of the block closes the hub; what is queued by then is still looked at, for at most `LAST_LOOK_S`.
    What a looker raises ends its looking on, and nothing else: it is a failure of the hub's.
    """

    async def look(looker: Looker, told: Subscription) -> None:
        try:
            await looker.follow(told)
        except Exception as error:
            hub.failures.append(error)

    with ExitStack() as stack:
        subscriptions = [stack.enter_context(hub.subscribe(looker.wants)) for looker in lookers]
        async with trio.open_nursery() as nursery:
            for looker, told in zip(lookers, subscriptions, strict=True):
                nursery.start_soon(look, looker, told)
            try:
                yield
            finally:
                hub.close()
                nursery.cancel_scope.deadline = trio.current_time() + LAST_LOOK_S
