"""A user's inbox: bounded, served in order, and no asker is ever left without a reply.

The wait graph of a run is a star: only the director asks, and a user never asks anybody, so a full
inbox can delay a workflow but never deadlock one.
"""

from __future__ import annotations

from collections import deque

import msgspec
import trio
from trio.lowlevel import (
    Abort,
    RaiseCancelT,
    Task,
    checkpoint,
    checkpoint_if_cancelled,
    current_task,
    reschedule,
    wait_task_rescheduled,
)

from actors.messages import ActorGone, Reply, Step


class Envelope(msgspec.Struct, eq=False):
    """One step on its way: who waits for it, since when, and whether anybody still does.

    The asker waits on `reply`; the user answers with `answer`, of which the first one counts. An asker
    who is cancelled calls the step off: it is not sent any more. One that has been sent is finished
    all the same, since the server finishes it in any case; then nobody is answered.
    """

    step: Step
    sent: float
    called_off: bool = False
    """Whether nobody waits for the answer any more."""
    _reply: Reply | None = None
    _asker: Task | None = None
    _settled: trio.Event | None = None

    @property
    def is_open(self) -> bool:
        """Whether somebody waits for it who has no answer yet."""
        return self._reply is None and not self.called_off

    def answer(self, reply: Reply) -> None:
        """Answer the asker; nothing happens when they have an answer or have gone."""
        if self._reply is None:
            self._reply = reply
            if self._asker is not None:
                reschedule(self._asker)
                self._asker = None
            self._settle()

    async def reply(self) -> Reply:
        """Wait for the answer. When cancelled, the step is called off."""
        if self._reply is None:
            self._asker = current_task()
            await wait_task_rescheduled(self._call_off)
        assert self._reply is not None
        return self._reply

    async def wait_settled(self) -> None:
        """Return when the step has been answered or called off."""
        if self.is_open:
            self._settled = self._settled or trio.Event()
            await self._settled.wait()
        else:
            await checkpoint()

    def _call_off(self, _: RaiseCancelT) -> Abort:
        self._asker, self.called_off = None, True
        self._settle()
        return Abort.SUCCEEDED

    def _settle(self) -> None:
        if self._settled is not None:
            self._settled.set()


class Inbox:
    """Bounded queue of envelopes for one user, who alone takes them out.

    A step goes from the asker's hand into the user's where they wait for one, without a queue between.

    Args:
        owner: the user's id, named in `ActorGone`.
        capacity: how many steps may wait inside; those of other askers wait at the door.
    """

    def __init__(self, owner: str, capacity: int) -> None:
        self._owner = owner
        self._capacity = capacity
        self._queue: deque[Envelope] = deque()
        """Those inside, then those at the door."""
        self._is_closed = False
        self._reader: Task | None = None
        self._handed: Envelope | None = None
        """On its way to the reader, who has been woken for it."""

    @property
    def has_room(self) -> bool:
        """Whether a step could be put in without waiting."""
        return len(self._queue) < self._capacity

    async def ask(self, step: Step) -> Reply:
        """Put `step` in and wait for its reply.

        A user who is gone, or goes while the step waits, answers `ActorGone` at once. Cancelling
        the asker calls the step off where it has not been sent yet (`Envelope`).
        """
        if self._is_closed:
            await checkpoint()
            return ActorGone(self._owner)
        # Who is cancelled already calls it off at once, before the user's task comes to it.
        envelope = Envelope(step, trio.current_time())
        if self._reader is not None:
            self._wake(envelope)
        else:
            self._queue.append(envelope)
        return await envelope.reply()

    async def next(self) -> Envelope | None:
        """The next step whose asker still waits; None after `close`, or `close_entry` and all are served.

        When cancelled, nothing is taken out.
        """
        if self._queue:
            await checkpoint_if_cancelled()
        while True:
            envelope = self._queue.popleft() if self._queue else await self._wait()
            if envelope is None or envelope.is_open:
                return envelope

    def close_entry(self) -> None:
        """Take no more steps; those inside are still served."""
        self._is_closed = True
        while len(self._queue) > self._capacity:
            self._queue.pop().answer(ActorGone(self._owner))
        if self._reader is not None:
            self._wake(None)

    def close(self) -> None:
        """Close for good, synchronously: everybody who waits, inside or at the door, gets `ActorGone`."""
        if self._handed is not None:
            self._handed.answer(ActorGone(self._owner))
        while self._queue:
            self._queue.popleft().answer(ActorGone(self._owner))
        self.close_entry()

    async def _wait(self) -> Envelope | None:
        """What is put in next; None once nothing will be."""
        if self._is_closed:
            return None
        self._reader = current_task()
        await wait_task_rescheduled(self._give_up)
        envelope, self._handed = self._handed, None
        return envelope

    def _wake(self, envelope: Envelope | None) -> None:
        assert self._reader is not None
        self._handed = envelope
        reschedule(self._reader)
        self._reader = None

    def _give_up(self, _: RaiseCancelT) -> Abort:
        self._reader = None
        return Abort.SUCCEEDED
