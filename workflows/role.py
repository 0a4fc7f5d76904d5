"""A user as a story knows him: what he does, what he is refused, what he looks for until he sees it.

`Role.does` makes a `Move`: nothing happens until it is awaited, so moves can be handed to
`Run.together` and `Run.afterwards` as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Any

import attrs
import trio

from actors.answer import Answer, Check, Finding, Json, excerpt
from actors.measurement import Interval, ViolationKind
from actors.messages import ActorGone, Done, Failed, Step
from actors.ports import NotesLayout
from actors.user import User
from workflows.failures import CastGone, StepFailed
from workflows.lines import Lines, Reading
from workflows.run import Run

READ_ONLY = 1
EDIT = 15
MAY_RESHARE = 31
"""Share permissions: the sum of 1 read, 2 update, 4 create, 8 delete, 16 reshare (OCS share API)."""

FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 1.0


def anything(answer: Answer) -> bool:
    """Any answer shows it."""
    return True


@attrs.define(eq=False)
class Move:
    """A step that a user is about to make. Await it to have it made, once; it gives the `Answer`."""

    _role: Role
    step: Step
    _absence: ViolationKind | None = None
    done: Done | None = None

    def __await__(self) -> Generator[Any, Any, Answer]:
        return self._make().__await__()

    async def _make(self) -> Answer:
        self.done = await self._role.ask(self.step, self._absence)
        return Answer(self.done.value)


@attrs.frozen(eq=False)
class Role:
    """A user as a story knows him."""

    _run: Run
    user: User

    @property
    def uid(self) -> str:
        """The user's name, as others name him when they share with him."""
        return self.user.uid

    def does(
        self,
        step: str,
        *,
        number: int | None = None,
        expects: Check | None = None,
        absence: ViolationKind | None = None,
        **arguments: Json,
    ) -> Move:
        """He makes `step` (a name in the story's table of steps) with these arguments of its tool.

        Args:
            number: fills `{i}` in the step's name, for steps that several users make.
            expects: a check on the answer (see `workflows.expect`).
            absence: what a 404 means here, where it is more than a failed call.

        Awaiting it raises StepFailed, ExpectationFailed or CastGone.
        """
        return Move(self, self._run.step(step, number, arguments, check=expects), absence)

    def is_refused(
        self, step: str, *, statuses: Iterable[int] = (403, 404), number: int | None = None, **arguments: Json
    ) -> Move:
        """He tries `step`, and the server must refuse it; if it gets through, that is a permission leak."""
        return Move(self, self._run.step(step, number, arguments, refusals=frozenset(statuses)))

    async def until(
        self,
        step: str,
        sees: Callable[[Answer], bool] = anything,
        *,
        number: int | None = None,
        expects: Check | None = None,
        interval: str = "propagation",
        absence_is_a_miss: bool = False,
        never: ViolationKind = ViolationKind.STALE_READ,
        **arguments: Json,
    ) -> Answer:
        """He looks with `step` until `sees` holds, counted from the end of the story's last step.

        Each look is a step of its own, with a pause between that grows. The span is noted as
        `interval` (not at all when that is ""). Not seeing it within the propagation time-out is a
        violation of kind `never`, and raises ExpectationFailed.

        Args:
            sees: whether the answer shows it; without it, any answer will do.
            expects: a check on the answer of every look.
            absence_is_a_miss: a 404 means "not yet" instead of a failed call.
        """
        message = self._run.step(step, number, arguments, check=expects)
        looking = _Looking(self._run, self, message, interval)
        if (answer := await looking.until(sees, absence_is_a_miss)) is None:
            raise self._run.violated(message.name, self.uid, (looking.never_seen(never),))
        return answer

    async def finds(
        self,
        step: str,
        lines: Lines,
        *,
        number: int | None = None,
        absence_is_a_miss: bool = False,
        **arguments: Json,
    ) -> Answer:
        """He reads a text with `step`, and must find each of `lines` in it once, and nothing else.

        What he misses he looks for again until the propagation time-out: a line that comes later was
        a stale read, one that does not come a lost update. Raises ExpectationFailed with all of it.
        """
        message, reading = self._run.step(step, number, arguments), Reading(lines)
        looking = _Looking(self._run, self, message, "")
        answer = await looking.until(reading.take, absence_is_a_miss)
        if not reading.has_looked:
            raise self._run.violated(message.name, self.uid, (looking.never_seen(ViolationKind.STALE_READ),))
        self._run.expect(self.uid, message.name, reading.conclude())
        assert answer is not None
        return answer

    async def path_of(self, note: Answer) -> str:
        """Where `note` lies among his files, as sharing needs it."""
        layout = await self._layout()
        category = note.text("category") if note.get("category") else ""
        parts = (layout.notes_path, category, f"{note.text('title')}{layout.file_suffix}")
        return "/" + "/".join(part.strip("/") for part in parts if part)

    async def _layout(self) -> NotesLayout:
        """Where he keeps his notes; asked of the server once a user and run."""
        layouts = self._run.layouts
        if self.uid not in layouts:
            done = await self.ask(Step("", "notes_settings", "notes://settings", {}, self._run.number))
            answer = Answer(done.value)
            layouts[self.uid] = NotesLayout(answer.text("notesPath"), answer.text("fileSuffix"))
        return layouts[self.uid]

    async def ask(self, step: Step, absence: ViolationKind | None = None) -> Done:
        """Have `step` made. Raises StepFailed, ExpectationFailed or CastGone."""
        self._run.asked += 1
        try:
            reply = await self.user.ask(self._run.timed(step))
        finally:
            self._run.asked -= 1
        self._run.last_step = step.name, self.uid
        match reply:
            case Done(findings=()):
                self._run.last_finished = reply.finished
                return reply
            case Done(findings=findings):
                raise self._run.violated(step.name, self.uid, findings)
            case Failed():
                error = reply.error
                if absence is not None and error.says(404):
                    gone = Finding(absence, f"an answer to {step.name}", excerpt(str(error)))
                    raise self._run.violated(step.name, self.uid, (gone,))
                raise StepFailed(step.name, reply)
            case ActorGone(user=user):
                raise CastGone(step.name, user)


@attrs.define
class _Looking:
    """Look again and again; what the looks lay in the inbox is taken out of the span."""

    _run: Run
    _role: Role
    _step: Step
    _interval: str
    _last: Done | Failed | None = None
    _begun: float = attrs.field(init=False)
    _waited: float = 0.0
    _lower: float = 0.0
    _misses: int = 0

    def __attrs_post_init__(self) -> None:
        self._begun = self._run.last_finished

    async def until(self, sees: Callable[[Answer], bool], absence_is_a_miss: bool) -> Answer | None:
        """The first answer that shows it, None when none came before the propagation time-out."""
        deadline = self._begun + self._run.settings.propagation_timeout_s
        pause = FIRST_PAUSE_S
        while True:
            self._last = look = await self._look(absence_is_a_miss)
            if isinstance(look, Done) and sees(Answer(look.value)):
                self._note_hit(look)
                return Answer(look.value)
            self._note_miss(look)
            if trio.current_time() >= deadline:
                return None
            await trio.sleep(min(pause, max(0.0, deadline - trio.current_time())))
            pause = min(LONGEST_PAUSE_S, pause * 1.5)

    async def _look(self, absence_is_a_miss: bool) -> Done | Failed:
        try:
            return await self._role.ask(self._step)
        except StepFailed as failure:
            if absence_is_a_miss and failure.is_absence:
                return failure.reply
            raise

    def _note_miss(self, look: Done | Failed) -> None:
        self._misses += 1
        self._waited += look.inbox_wait_s
        self._lower = max(0.0, look.started - self._begun - self._waited)

    def _note_hit(self, look: Done) -> None:
        upper = max(self._lower, look.finished - self._begun - self._waited - look.inbox_wait_s)
        if self._interval:
            first_hit = not self._misses
            self._run.intervals.append(Interval(self._interval, self._lower, upper, first_hit))

    def never_seen(self, kind: ViolationKind) -> Finding:
        """What it means that `until` gave None, with what was seen last."""
        expected = f"seen within {self._run.settings.propagation_timeout_s:g} s"
        last = self._last
        return Finding(
            kind, expected, excerpt(str(last.error) if isinstance(last, Failed) else last and last.value)
        )
