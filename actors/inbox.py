"""A user's inbox: bounded, served in order, and no asker is ever left without a reply.

The wait graph of a run is a star: only the director asks, and a user never asks anybody, so a full
inbox can delay a workflow but never deadlock one.
"""

from __future__ import annotations

import attrs
import trio

from actors.messages import ActorGone, Reply, Step


@attrs.define(eq=False)
class Envelope:
    """One step on its way: who waits for it, since when, and whether anybody still does.

    The asker waits on `reply`; the user answers with `answer`, of which the first one counts. An asker
    who is cancelled calls the step off: it is not sent any more. One that has been sent is finished
    all the same, since the server finishes it in any case; then nobody is answered.
    """

    step: Step
    sent: float
    called_off: bool = False
    """Whether nobody waits for the answer any more."""
    _settled: trio.Event = attrs.field(factory=trio.Event)
    _reply: Reply | None = None

    def answer(self, reply: Reply) -> None:
        """Answer the asker; nothing happens when they have an answer or have gone."""
        if self._reply is None:
            self._reply = reply
            self._settled.set()

    async def reply(self) -> Reply:
        """Wait for the answer. When cancelled, the step is called off."""
        try:
            await self._settled.wait()
        except trio.Cancelled:
            self.called_off = True
            self._settled.set()
            raise
        assert self._reply is not None
        return self._reply

    async def wait_settled(self) -> None:
        """Return when the step has been answered or called off."""
        await self._settled.wait()


class Inbox:
    """Bounded queue of envelopes for one user.

    Args:
        owner: the user's id, named in `ActorGone`.
        capacity: how many steps may wait; askers beyond it wait to put theirs in.
    """

    def __init__(self, owner: str, capacity: int) -> None:
        self._owner = owner
        self._send, self._receive = trio.open_memory_channel[Envelope](capacity)

    @property
    def has_room(self) -> bool:
        """Whether a step could be put in without waiting."""
        statistics = self._send.statistics()
        return statistics.current_buffer_used < statistics.max_buffer_size

    async def ask(self, step: Step) -> Reply:
        """Put `step` in and wait for its reply.

        A user who is gone, or goes while the step waits, answers `ActorGone` at once. Cancelling
        the asker calls the step off where it has not been sent yet (`Envelope`).
        """
        envelope = Envelope(step, trio.current_time())
        try:
            await self._send.send(envelope)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return ActorGone(self._owner)
        return await envelope.reply()

    async def next(self) -> Envelope | None:
        """The next step whose asker still waits; None after `close`, or `close_entry` and all are served."""
        while True:
            try:
                envelope = await self._receive.receive()
            except (trio.EndOfChannel, trio.ClosedResourceError):
                return None
            if not envelope.called_off:
                return envelope

    def close_entry(self) -> None:
        """Take no more steps; those inside are still served."""
        self._send.close()

    def close(self) -> None:
        """Close for good, synchronously: everybody who waits, inside or at the door, gets `ActorGone`."""
        try:
            # Taking one out lets the next waiting asker's in, so this empties the doorway too.
            while True:
                self._receive.receive_nowait().answer(ActorGone(self._owner))
        except (trio.WouldBlock, trio.EndOfChannel, trio.ClosedResourceError):
            pass
        self._send.close()
        self._receive.close()
