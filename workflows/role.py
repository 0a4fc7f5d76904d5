"""A user as a story knows them: what they do, what they are refused, what they look for until they see it.

Each verb makes a `Move`: nothing happens until it is awaited, so moves can be handed to `Scene.together`
and `Scene.afterwards` as they are.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping

import attrs

from actors.answer import Answer, Check, Finding, Json, excerpt
from actors.events import CheckKind, ViolationKind
from actors.messages import ActorGone, Done, Failed, Step
from actors.ports import NotesLayout
from actors.user import User
from workflows.expect import hides
from workflows.failures import CastGone, StepFailed
from workflows.insisting import insist
from workflows.lines import Lines
from workflows.looking import Looking
from workflows.moves import Move
from workflows.notes import NewNote
from workflows.scene import Scene
from workflows.shares import UNSHARE, NewShare
from workflows.sharing import grants
from workflows.texts import Text


def anything(answer: Answer) -> bool:
    """Any answer shows it."""
    return True


def named(arguments: dict[str, Json], more: Mapping[str, Json] | None) -> dict[str, Json]:
    """All arguments of a tool; most verbs are given no others than those by name."""
    return {**arguments, **more} if more else arguments


@attrs.frozen(eq=False)
class Role:
    """A user as a story knows them.

    Every verb takes the name of a step in the story's table, `number` (it fills `{i}` in that name, for
    steps that several users make), and the arguments of the step's tool; those that are called like a
    parameter of the verb, or are no Python names, go into `more={"number": 3}`. Awaiting what it returns
    raises StepFailed, ExpectationFailed or CastGone.
    """

    scene: Scene
    user: User
    is_outsider: bool = False
    """Whether they are there to look at what they must not see."""
    _open_shares: list[Json] = attrs.Factory(list)

    @property
    def uid(self) -> str:
        """The user's id, as others name them when they share with them."""
        return self.user.uid

    def does(
        self,
        step: str,
        *,
        number: int | None = None,
        expects: Check | None = None,
        absence: ViolationKind | None = None,
        tolerates: Iterable[int] = (),
        more: Mapping[str, Json] | None = None,
        **arguments: Json,
    ) -> Move:
        """They make `step`.

        Args:
            expects: a check on the answer (see `workflows.expect`).
            absence: what a 404 means here, where it is more than a failed call.
            tolerates: HTTP statuses that the story expects and goes on after (412 for a conflict that it
                retries). StepFailed is raised all the same; the call counts as failed, and as no error.
        """
        given = named(arguments, more)
        message = self.scene.step(step, number, given, check=expects, tolerated=tolerates)
        return self._move(message, lambda: self.ask(message, absence))

    def is_refused(
        self,
        step: str,
        *,
        statuses: Iterable[int] = (403, 404),
        number: int | None = None,
        more: Mapping[str, Json] | None = None,
        **arguments: Json,
    ) -> Move:
        """They try `step`, and the server must refuse it; if it gets through, that is a permission leak.

        It must be refused at once: a right that was taken back is gone when that is acknowledged. A server
        may say no and write all the same, so read again after a refused write, with
        `Role.finds(step, Text(…, refused=[what was tried]))`.
        """
        given = named(arguments, more)
        message = self.scene.step(step, number, given, refusals=frozenset(statuses))
        return self._move(message, lambda: self.ask(message))

    def does_not_see(
        self, step: str, sees: Callable[[Answer], bool], *, number: int | None = None, **arguments: Json
    ) -> Move:
        """They look with `step`, and what `sees` looks for must not be shown: that is a permission leak."""
        return self.does(step, number=number, expects=hides(sees), **arguments)

    def until(
        self,
        step: str,
        sees: Callable[[Answer], bool] = anything,
        *,
        number: int | None = None,
        expects: Check | None = None,
        interval: str = "propagation",
        absence_is_a_miss: bool = False,
        never: ViolationKind = ViolationKind.STALE_READ,
        share: Answer | None = None,
        more: Mapping[str, Json] | None = None,
        **arguments: Json,
    ) -> Move:
        """They look with `step` until `sees` holds, counted from the end of the story's last step.

        Each look is a step of its own, with a pause between that grows. The span is noted as
        `interval` (not at all when that is ""). Not seeing it in a look that began at the propagation
        time-out or later is a violation of kind `never`, and raises ExpectationFailed.

        Args:
            sees: whether the answer shows it; without it, any answer will do.
            expects: a check on the answer of every look.
            absence_is_a_miss: a 404 means "not yet" instead of a failed call.
            share: what creating the share answered by which it is to come. Then the violation says
                whether it never arrived, arrived elsewhere, or is there with old content.
        """
        missing = (404,) if absence_is_a_miss else ()
        given = named(arguments, more)
        message = self.scene.step(step, number, given, check=expects, tolerated=missing)

        async def look() -> Done:
            looking = Looking(self.scene, self.ask, message, interval, share)
            seen = await looking.until(sees)
            self.scene.count_check(CheckKind.PROPAGATION)
            if seen is None:
                raise self.scene.violated(message.name, self.uid, (await looking.never_seen(never),))
            return seen

        return self._move(message, look)

    def finds(
        self,
        step: str,
        wanted: Lines | Text,
        *,
        number: int | None = None,
        absence_is_a_miss: bool = False,
        share: Answer | None = None,
        more: Mapping[str, Json] | None = None,
        **arguments: Json,
    ) -> Move:
        """They read a text with `step`, and must find what is `wanted` in it, and nothing else.

        What they miss they look for again until the propagation time-out: what comes later was a stale read,
        what does not come a lost update. Raises ExpectationFailed with all of it. `share` is as for `until`.
        """
        missing = (404,) if absence_is_a_miss else ()
        given = named(arguments, more)
        message = self.scene.step(step, number, given, tolerated=missing)

        async def look() -> Done:
            reading, looking = wanted.reading(), Looking(self.scene, self.ask, message, "", share)
            seen = await looking.until(reading.take)
            self.scene.count_check(CheckKind.CONTENT)
            if not reading.has_looked:
                never = await looking.never_seen(ViolationKind.STALE_READ)
                raise self.scene.violated(message.name, self.uid, (never,))
            self.scene.expect(self.uid, message.name, reading.conclude())
            assert seen is not None
            return seen

        return self._move(message, look)

    def gets_through(
        self,
        step: str,
        again: Callable[[], Awaitable[Mapping[str, Json]]] | None = None,
        *,
        number: int | None = None,
        expects: Check | None = None,
        more: Mapping[str, Json] | None = None,
        **arguments: Json,
    ) -> Move:
        """They make `step`, and on a conflict (412) once more, as real clients do, at most `MAX_TRIES` times.

        `again` is awaited in between: it looks what is there now, and returns the arguments that are other
        ones then (`{"etag": …}`). Conflicts are counted, and are no errors; the last one raises StepFailed.
        """
        given = named(arguments, more)
        message = self.scene.step(step, number, given, check=expects, tolerated=(412,))
        last = self.scene.step(step, number, given, check=expects)
        return self._move(message, lambda: insist(self.scene, self.ask, message, last, again))

    def creates_note(
        self, step: str, *, title: str, content: str, category: str = "", removal: str = "delete_note"
    ) -> Move:
        """They create a note, which is removed with the step `removal` when the story is over.

        Where nobody knows whether the note came to be (no answer, a gateway's, one of another shape), it is
        looked for by its title then, and removed; take a title of `Scene.title`, which nobody else has.
        """
        note = NewNote(self.scene, self.ask, step, removal, title, content, category)
        return self._move(note.message, note.create)

    def shares(
        self,
        step: str,
        *,
        path: str,
        share_with: str,
        permissions: int,
        number: int | None = None,
        removal: str = "unshare",
    ) -> Move:
        """They share what lies at `path`; the server must grant what was asked for.

        When the story is over it is taken back with the step `removal`, before what was shared is removed,
        unless the story has done so itself.
        """
        arguments = {"path": path, "share_with": share_with, "permissions": permissions}
        message = self.scene.step(step, number, arguments, check=grants(permissions))
        share = NewShare(self.scene, self.ask, message, (removal, number), self._open_shares)
        return self._move(message, share.create)

    async def path_of(self, note: Answer) -> str:
        """Where `note` lies among their files, as sharing needs it."""
        layout = await self._layout()
        category = note.text("category") if note.get("category") else ""
        parts = (layout.notes_path, category, f"{note.text('title')}{layout.file_suffix}")
        return "/" + "/".join(part.strip("/") for part in parts if part)

    async def _layout(self) -> NotesLayout:
        """Where they keep their notes; asked of the server once a user and run."""
        layouts = self.scene.layouts
        if self.uid not in layouts:
            done = await self.ask(Step("", "notes_settings", "notes://settings", {}, self.scene.number))
            answer = Answer(done.value)
            layouts[self.uid] = NotesLayout(answer.text("notesPath"), answer.text("fileSuffix"))
        return layouts[self.uid]

    def _move(self, message: Step, act: Callable[[], Awaitable[Done]]) -> Move:
        return self.scene.keep(Move(message.name, act, self.scene))

    async def ask(self, step: Step, absence: ViolationKind | None = None) -> Done:
        """Have `step` made. Raises StepFailed, ExpectationFailed or CastGone."""
        self.scene.asked += 1
        try:
            reply = await self.user.ask(self.scene.timed(step))
        finally:
            self.scene.asked -= 1
        self.scene.last_step = step.name, self.uid
        match reply:
            case Done(bug=Exception() as bug):
                raise bug
            case Done(findings=findings):
                self._count_check(step)
                if step.tool == UNSHARE:
                    self._note_taken_back(step.arguments.get("share_id"))
                if findings:
                    raise self.scene.violated(step.name, self.uid, findings)
                self.scene.last_finished = reply.finished
                return reply
            case Failed():
                error = reply.error
                if absence is not None and error.says(404):
                    gone = Finding(absence, f"an answer to {step.name}", excerpt(str(error)))
                    raise self.scene.violated(step.name, self.uid, (gone,))
                raise StepFailed(step.name, reply)
            case ActorGone(user=user):
                raise CastGone(step.name, user)

    def _note_taken_back(self, share_id: Json) -> None:
        if share_id in self._open_shares:
            self._open_shares.remove(share_id)

    def _count_check(self, step: Step) -> None:
        """Count what the answer to `step` was looked at for."""
        if step.refusals:
            kind: CheckKind | None = CheckKind.PERMISSION
        elif step.check is not None:
            kind = getattr(step.check, "kind", CheckKind.CONTENT)
        else:
            kind = None
        if kind is not None:
            is_foreign = self.is_outsider and kind is CheckKind.PERMISSION
            self.scene.count_check(CheckKind.OUTSIDER if is_foreign else kind)
