"""The calls of one user: made, recorded and answered, whatever happens.

What has been sent comes to its answer: whoever hangs up stops nothing, and a server that finishes a
call after its user has been removed makes the user's home anew. So a call is awaited under the run's
shelter although its asker, or the user, was cancelled meanwhile. What has *not* been sent then never is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import attrs
import trio

from actors.backoff import Backoff
from actors.call_errors import TIMEOUT, no_answer
from actors.errors import CallError
from actors.inbox import Envelope
from actors.many_calls import ManyCalls
from actors.messages import ActorGone, Step
from actors.ports import Person, ToolSession
from actors.shared import Shared
from actors.verdict import INTERRUPTED, CallVerdict, judge_answer, judge_error, measured, reply_of


class Attempt:
    """What may be broken off at once: the opening of a session, a pause, what comes before a call."""

    def __init__(self) -> None:
        self._scope = trio.CancelScope()
        self._may_end = True

    @contextmanager
    def begun(self) -> Iterator[None]:
        """Within this, `break_off` has an effect, except after `protect`."""
        with trio.CancelScope() as self._scope:
            self._may_end = True
            yield
        self._may_end = False

    def protect(self) -> None:
        """What follows comes to its own end."""
        self._may_end = False

    def expose(self) -> None:
        """What follows may be broken off again."""
        self._may_end = True

    def break_off(self) -> None:
        """End it now, where that does no harm."""
        if self._may_end:
            self._scope.cancel()


@attrs.define
class Calls:
    """Makes the calls of one user."""

    _person: Person
    _shared: Shared
    _backoff: Backoff
    _attempt: Attempt

    async def back_off(self, envelope: Envelope | None) -> None:
        """Wait before another try at a server in trouble, or until the step is called off."""
        if self._backoff.until <= trio.current_time():
            return
        if envelope is None:
            await trio.sleep_until(self._backoff.until)
        else:
            with trio.move_on_at(self._backoff.until):
                await envelope.wait_settled()

    async def carry_out(self, session: ToolSession, envelope: Envelope, calls: ManyCalls) -> CallError | None:
        """Make the call, record it and answer the asker. Returns why it failed, None where it did not.

        What waits for the user, not for the server, comes before the clock starts; until then the step
        can be called off, and leaves no trace. A call that reaches its bound is answered and recorded, and
        cancels the block of `calls`.
        """
        step, verdict = envelope.step, INTERRUPTED
        bound_s = self._shared.look_around.bound_s
        started: float | None = None
        self._attempt.expose()
        try:
            if self._backoff.until:
                await self.back_off(envelope)
            if not envelope.called_off:
                await session.prepare(step.traceparent, bound_s)
            if envelope.called_off:
                return None
            self._attempt.protect()
            started = trio.current_time()
            calls.begin(started)
            try:
                if step.is_resource:
                    value = await session.read_resource(step.tool)
                else:
                    value = await session.call_tool(step.tool, step.arguments)
            finally:
                calls.end()
            verdict = judge_answer(step, value)
            self._backoff.answered()
            return None
        except CallError as error:
            verdict = self._judge(step, error)
            return error
        except trio.Cancelled:
            if calls.is_spent:
                verdict = self._judge(step, no_answer(bound_s))
            raise
        finally:
            if started is None and verdict is INTERRUPTED:
                envelope.answer(ActorGone(self._person.uid))  # nothing was sent
            else:
                self.settle(envelope, started, verdict)

    def _judge(self, step: Step, error: CallError) -> CallVerdict:
        self._backoff.note(error, trio.current_time())
        return judge_error(step, error)

    def settle(self, envelope: Envelope, started: float | None, verdict: CallVerdict) -> None:
        """Record a call and answer its asker. `started` is None for one that did not get so far."""
        step, finished = envelope.step, trio.current_time()
        if started is None:
            started = finished
        if step.may_change:
            self._note_fate(verdict, started, finished)
        wait_s = started - envelope.sent
        self._shared.record(measured(self._person, step, verdict, started, finished, wait_s))
        envelope.answer(reply_of(self._person.uid, verdict, started, finished, wait_s))

    def _note_fate(self, verdict: CallVerdict, sent: float, now: float) -> None:
        """Whether the server may still be at a call that changes something."""
        loose, uid, error = self._shared.loose, self._person.uid, verdict.error
        if verdict is INTERRUPTED:
            loose.given_up(uid, sent)
        elif error is None or error.answered:
            loose.answered(now - sent)
        elif error.reason == TIMEOUT:
            loose.timed_out(uid, sent, now)
        else:
            loose.cut(uid, sent)
