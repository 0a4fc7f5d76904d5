"""A simulated user: one task, one inbox, one session.

The task that opens the session serves the inbox with it and closes it again. An expected failure is
an outcome: it is recorded and answered, and a lost session is replaced at the next step. Anything
else is a bug and escapes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from random import Random

import trio

from actors.backoff import Backoff
from actors.calls import Attempt, Calls
from actors.denials import MAX_DENIALS, MAX_RENEWED_DENIALS, Resting, is_denial
from actors.errors import CallError, CredentialsRejected, LoginError, Outcome, SessionLost
from actors.events import SetupStep, SetupTiming
from actors.inbox import Envelope, Inbox
from actors.lifecycle import Lifecycle, State
from actors.many_calls import ManyCalls
from actors.messages import ActorGone, Reply, Step
from actors.ports import Credentials, Person, ToolSession
from actors.shared import Shared
from actors.text import harmless
from actors.verdict import CallVerdict

INBOX_CAPACITY = 64
MAX_REFUSALS = 3
"""So often in a row may the server refuse who comes on stage for the first time, before they give up."""


class User:
    """One simulated user from entry to exit; `live` is their task.

    The director asks through `ask`, and holds who is cast, so that nobody leaves in mid-story.

    Args:
        person, credentials: who they are, and what they show the server.
        shared: what they share with all others.
        random: their own draws, so that they depend on nobody else's.
        on_state: told, synchronously, whenever their state has changed.

    Attributes:
        uid: their id.
        protocol: the version that was negotiated last, "" before any was.
        last_error: why the last opening of a session failed.
        gave_up: whether they left since the server refused them before they ever were on stage:
            `last_error` says why, and another try would be refused as well.
    """

    def __init__(
        self,
        person: Person,
        credentials: Credentials,
        shared: Shared,
        random: Random,
        on_state: Callable[[User], None],
    ) -> None:
        self.person = person
        self.uid = person.uid
        self.random = random
        self.protocol = ""
        self.last_error = ""
        self.gave_up = False
        self._credentials = self._shown = credentials
        self._shared = shared
        self._on_state = on_state
        self._inbox = Inbox(person.uid, INBOX_CAPACITY)
        self._life = Lifecycle()
        self._backoff = Backoff(random)
        self._holds = 0
        self._refusals = 0
        self._denials = 0
        self._attempt = Attempt()
        self._calls = Calls(person, shared, self._backoff, self._attempt)
        self._is_closing = False
        self._decided = trio.Event()

    @property
    def state(self) -> State:
        return self._life.state

    @property
    def has_room(self) -> bool:
        """Whether the inbox takes a step without making the asker wait."""
        return self._inbox.has_room

    def ask(self, step: Step) -> Awaitable[Reply]:
        """Have the user carry out `step`. Cancelling the asker calls it off where it is not sent yet."""
        return self._inbox.ask(step)

    async def wait_on_stage(self) -> bool:
        """True once the session is open, False when they left, or gave up, before it was."""
        await self._decided.wait()
        return self._life.has_been_on_stage

    def hold(self) -> None:
        """A workflow casts them: they stay until as many `release` calls have come."""
        self._holds += 1

    def release(self) -> None:
        self._holds -= 1
        self._go_when_free()

    def leave(self) -> None:
        """Leave the stage: no new casting; serve until no workflow holds them, then close."""
        match self.state:
            case State.OFF_STAGE:
                self._move(State.GONE)
            case State.CONNECTING:
                self._move(State.TURNING_BACK)
                # Nobody can have cast them yet.
                self._attempt.break_off()
            case State.ON_STAGE | State.DISCONNECTED:
                self._move(State.LEAVING)
        if self.state is State.GONE:
            self._inbox.close()
        self._go_when_free()

    def close(self) -> None:
        """Make no call any more, whoever holds them: who waits is answered `ActorGone` at once.

        A call that has been sent comes to its answer; then the session closes, and the task ends.
        """
        self._is_closing = True
        self.leave()
        self._inbox.close()
        self._attempt.break_off()

    async def live(self) -> None:
        """Their whole life. When cancelled, a call that has been sent comes to its answer first, unless
        the shelter has been left; the session is closed, and every asker gets `ActorGone`.
        """
        if self.state is State.GONE:
            return
        self._move(State.CONNECTING)
        try:
            while self.state is State.CONNECTING and not self.gave_up:
                await self._try(None)
            while self._stays and (envelope := await self._inbox.next()):
                await self._try(envelope)
        finally:
            self._inbox.close()
            self._move(State.GONE)

    @property
    def _stays(self) -> bool:
        """Whether another session is worth while, now that one is over."""
        is_needed = self._holds > 0 if self.state is State.LEAVING else self._life.has_been_on_stage
        return is_needed and not self._is_closing

    async def _try(self, envelope: Envelope | None) -> None:
        """Try once to open a session and serve with it; `envelope` is the step that wants it, if one does."""
        try:
            with self._attempt.begun():
                await self._calls.back_off(envelope)
                if envelope is None or not envelope.called_off:
                    await self._serve_one_session(envelope)
        finally:
            if envelope is not None:
                envelope.answer(ActorGone(self.uid))

    def _move(self, to: State) -> None:
        self._life.move(to)
        if to is not State.CONNECTING:
            self._decided.set()
        self._on_state(self)

    def _go_when_free(self) -> None:
        if self.state in (State.LEAVING, State.TURNING_BACK) and not self._holds:
            self._inbox.close_entry()

    async def _serve_one_session(self, envelope: Envelope | None) -> None:
        """Open a session, serve with it (`envelope` first) until it is lost or they are done, close it."""
        async with AsyncExitStack() as stack:
            started = trio.current_time()
            try:
                session = await stack.enter_async_context(
                    self._shared.connector.open_session(self.person, self._shown)
                )
            except (CallError, LoginError) as error:
                self._note_failed_opening(started, error, envelope)
                return
            self._note_opening(started, session)
            await self._serve(session, envelope)

    def _note_opening(self, started: float, session: ToolSession) -> None:
        self._backoff.opened()
        self.protocol = session.protocol
        self._note(Outcome.OK, started)
        if self._life.leaves_for(State.ON_STAGE):
            self._move(State.ON_STAGE)

    def _note_failed_opening(
        self, started: float, error: CallError | LoginError, envelope: Envelope | None
    ) -> None:
        self.last_error = harmless(str(error))
        if isinstance(error, LoginError):
            error = CallError(Outcome.AUTHORIZATION, str(error), reason="login")
        self._backoff.fail(trio.current_time(), error.retry_after_s)
        if isinstance(error, CredentialsRejected):
            self._credentials.reject()
        self._refusals = self._refusals + 1 if error.outcome is Outcome.AUTHORIZATION else 0
        self.gave_up = not self._life.has_been_on_stage and self._refusals >= MAX_REFUSALS
        self._note(error.outcome, started, str(error))
        if envelope is not None:
            self._calls.settle(envelope, started, CallVerdict(error.outcome, error=error))

    def _note(self, outcome: Outcome, started: float, text: str = "") -> None:
        step = SetupStep.RECONNECT if self._life.has_been_on_stage else SetupStep.SESSION
        finished = trio.current_time()
        self._shared.record(SetupTiming(step, self.uid, outcome, started, finished, harmless(text)))

    async def _serve(self, session: ToolSession, envelope: Envelope | None) -> None:
        """Carry out steps until the session is lost, or until they are done."""
        is_over = False
        while not is_over:
            with self._shared.many_calls() as calls:
                is_over = await self._serve_many(session, envelope, calls)
            # Else a call has reached its bound; the session is as good as before.
            envelope = None

    async def _serve_many(self, session: ToolSession, envelope: Envelope | None, calls: ManyCalls) -> bool:
        """The same, while none of `calls` has reached its bound; whether the session is over."""
        while not calls.is_spent:
            if envelope is None:
                self._attempt.protect()
                envelope = await self._inbox.next()
                if envelope is None:
                    return True
            error = await self._calls.carry_out(session, envelope, calls)
            envelope = None
            is_rejected = self._is_rejected(error)
            if is_rejected or isinstance(error, SessionLost):
                if self._life.leaves_for(State.DISCONNECTED):
                    self._move(State.DISCONNECTED)
                return True
        return False

    def _is_rejected(self, error: CallError | None) -> bool:
        """Whether what they show is of no use any more, after this call; it is then renewed, or rests."""
        if error is None:
            self._denials, self._shown = 0, self._credentials
            return False
        if is_denial(error):
            self._denials += 1
        elif not isinstance(error, CredentialsRejected):
            return False
        if self._denials >= MAX_RENEWED_DENIALS:
            self._shown = Resting(self.uid, self._credentials, self._denials)
        is_rejected = isinstance(error, CredentialsRejected) or self._denials >= MAX_DENIALS
        if is_rejected:
            self._credentials.reject()
        return is_rejected
