"""A simulated user: one task, one inbox, one session.

The task that opens the session serves the inbox with it and closes it again. An expected failure is
an outcome: it is recorded and answered, and a lost session is replaced at the next step. Anything
else is a bug and escapes.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from random import Random

import trio

from actors.errors import CallError, CredentialsRejected, LoginError, Outcome, SessionLost
from actors.inbox import Envelope, Inbox
from actors.lifecycle import Lifecycle, State
from actors.measurement import Measurement, Phase, Record, SetupStep, SetupTiming
from actors.messages import ActorGone, Done, Failed, Reply, Step
from actors.ports import Connector, Credentials, Person, ToolSession
from actors.verdict import INTERRUPTED, Verdict, judge_answer, judge_error

INBOX_CAPACITY = 64
FIRST_BACKOFF_S = 0.25
LONGEST_BACKOFF_S = 15.0
TEXT_LENGTH = 300


class User:
    """One simulated user from his entry to his exit.

    `live` is his task. The roster starts it, the director asks him through `ask`, and holds him
    while a workflow casts him, so that he does not leave in the middle of a story.

    Args:
        person, credentials: who he is, and what he shows the server.
        connector: opens his sessions.
        record: takes what he measures.
        random: his own draws (the jitter of reconnecting), so that they depend on nobody else's.
        on_state: told, synchronously, whenever his state has changed.
    """

    def __init__(
        self,
        person: Person,
        credentials: Credentials,
        connector: Connector,
        record: Record,
        random: Random,
        on_state: Callable[[User], None],
    ) -> None:
        self.person = person
        self.random = random
        self.protocol = ""
        self._credentials = credentials
        self._connector = connector
        self._record = record
        self._on_state = on_state
        self._inbox = Inbox(person.uid, INBOX_CAPACITY)
        self._life = Lifecycle()
        self._holds = 0
        self._failures_in_a_row = 0
        self._attempt = trio.CancelScope()
        self._was_never_on_stage = True
        self._decided = trio.Event()
        self.last_error: str = ""

    @property
    def uid(self) -> str:
        return self.person.uid

    @property
    def state(self) -> State:
        return self._life.state

    @property
    def has_room(self) -> bool:
        """Whether his inbox takes a step without making the asker wait."""
        return self._inbox.has_room

    async def ask(self, step: Step) -> Reply:
        """Have him carry out `step`. Cancelling the asker calls the step off."""
        return await self._inbox.ask(step)

    async def wait_on_stage(self) -> bool:
        """True once his session is open, False when he left before it was."""
        await self._decided.wait()
        return not self._was_never_on_stage

    def hold(self) -> None:
        """A workflow casts him: he stays until as many `release` calls have come."""
        self._holds += 1

    def release(self) -> None:
        self._holds -= 1
        self._go_when_free()

    def leave(self) -> None:
        """Leave the stage: no new casting; he serves until no workflow holds him, then closes."""
        if self.state not in (State.LEAVING, State.GONE):
            was_off_stage = self.state is State.OFF_STAGE
            self._move(State.GONE if was_off_stage else State.LEAVING)
        if self.state is State.GONE:
            self._inbox.close()
        self._go_when_free()

    async def live(self) -> None:
        """His whole life. When cancelled, the session is closed and every asker gets `ActorGone`."""
        if self.state is State.GONE:
            return
        envelope: Envelope | None = None
        self._move(State.CONNECTING)
        try:
            while self.state is not State.LEAVING or self._holds:
                if not self._was_never_on_stage:
                    envelope = await self._inbox.next()
                    if envelope is None:
                        return
                # Leaving may end an attempt to come on stage: nobody can have cast him yet.
                with trio.CancelScope() as self._attempt:
                    await self._back_off(envelope)
                    if envelope is None or not envelope.called_off:
                        await self._serve_one_session(envelope)
                envelope = None
        finally:
            if envelope is not None:
                envelope.answer(ActorGone(self.uid))
            self._inbox.close()
            self._move(State.GONE)

    def _move(self, to: State) -> None:
        self._life.move(to)
        if to is not State.CONNECTING:
            self._decided.set()
        self._on_state(self)

    def _go_when_free(self) -> None:
        if self.state is State.LEAVING and not self._holds:
            self._inbox.close_entry()
            if self._was_never_on_stage:
                self._attempt.cancel()

    async def _back_off(self, envelope: Envelope | None) -> None:
        """Wait before another try at a server that refused the last ones, or until the step is called off."""
        if not self._failures_in_a_row:
            return
        longest = min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2 ** min(self._failures_in_a_row, 10))
        delay = self.random.uniform(longest / 2, longest)
        if envelope is None:
            await trio.sleep(delay)
        else:
            with trio.move_on_after(delay):
                await envelope.wait_settled()

    async def _serve_one_session(self, envelope: Envelope | None) -> None:
        """Open a session, serve with it (`envelope` first) until it is lost or he is done, close it."""
        async with AsyncExitStack() as stack:
            started = trio.current_time()
            try:
                session = await stack.enter_async_context(
                    self._connector.open_session(self.person, self._credentials)
                )
            except (CallError, LoginError) as error:
                self._note_failed_opening(started, error, envelope)
                return
            self._note_opening(started, session)
            await self._serve(session, envelope)

    def _note_opening(self, started: float, session: ToolSession) -> None:
        self._failures_in_a_row = 0
        self.protocol = session.protocol
        self._note(self._opening_step, Outcome.OK, started)
        self._was_never_on_stage = False
        if self._life.leaves_for(State.ON_STAGE):
            self._move(State.ON_STAGE)

    def _note_failed_opening(
        self, started: float, error: CallError | LoginError, envelope: Envelope | None
    ) -> None:
        self._failures_in_a_row += 1
        self.last_error = str(error)
        if isinstance(error, LoginError):
            error = CallError(Outcome.AUTHORIZATION, str(error), reason="login")
        if isinstance(error, CredentialsRejected):
            self._credentials.reject()
        self._note(self._opening_step, error.outcome, started, str(error))
        if envelope is not None:
            self._settle(envelope, started, Verdict(error.outcome, error=error))

    @property
    def _opening_step(self) -> SetupStep:
        return SetupStep.SESSION if self._was_never_on_stage else SetupStep.RECONNECT

    def _note(self, step: SetupStep, outcome: Outcome, started: float, text: str = "") -> None:
        finished = trio.current_time()
        self._record(SetupTiming(step, self.uid, outcome, started, finished, text[:TEXT_LENGTH]))

    async def _serve(self, session: ToolSession, envelope: Envelope | None) -> None:
        """Carry out steps until the session is lost, or until he is done."""
        while True:
            if envelope is None:
                envelope = await self._inbox.next()
                if envelope is None:
                    return
            error = await self._carry_out(session, envelope)
            envelope = None
            if isinstance(error, SessionLost | CredentialsRejected):
                if isinstance(error, CredentialsRejected):
                    self._credentials.reject()
                if self._life.leaves_for(State.DISCONNECTED):
                    self._move(State.DISCONNECTED)
                return

    async def _carry_out(self, session: ToolSession, envelope: Envelope) -> CallError | None:
        """Make the call, record it and answer the asker, whatever happens."""
        step = envelope.step
        verdict = INTERRUPTED
        started = trio.current_time()
        try:
            with envelope.scope:
                if step.is_resource:
                    value = await session.read_resource(step.tool)
                else:
                    value = await session.call_tool(step.tool, step.arguments)
                verdict = judge_answer(step, value)
        except CallError as error:
            verdict = judge_error(step, error)
            return error
        finally:
            self._settle(envelope, started, verdict)
        return None

    def _settle(self, envelope: Envelope, started: float, verdict: Verdict) -> None:
        step, finished = envelope.step, trio.current_time()
        wait, error = started - envelope.sent, verdict.error
        text = str(error) if error else "; ".join(f.seen for f in verdict.findings)
        self._record(
            Measurement(
                workflow=step.workflow,
                step=step.name,
                tool=step.tool,
                user=self.uid,
                execution=step.execution,
                outcome=verdict.outcome,
                started=started,
                finished=finished,
                status=error.status if error else None,
                reason=error.reason if error else "",
                text=text[:TEXT_LENGTH],
                due=step.due,
                inbox_wait_s=wait,
                group=self.person.group,
                region=self.person.region,
                phase=None if step.workflow else Phase.SETUP,
                is_expected=error is not None and error.says(*step.tolerated),
            )
        )
        envelope.answer(self._reply(verdict, started, finished, wait))

    def _reply(self, verdict: Verdict, started: float, finished: float, wait: float) -> Reply:
        if verdict is INTERRUPTED:
            return ActorGone(self.uid)
        if verdict.error is not None:
            return Failed(verdict.error, started, finished, wait)
        return Done(verdict.value, started, finished, verdict.findings, wait)
