"""One execution of a story while it is played: how it ended, and what it waits for."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import trio

from actors.answer import WrongAnswer
from actors.events import Ending, Execution
from actors.user import User
from workflows.base import Workflow
from workflows.bugs import PASSING, BugWatch, leaves, place_of, text_of
from workflows.failures import CastGone, StoryEnded
from workflows.role import Role
from workflows.run import Run


@attrs.define
class Playing:
    """One execution while it is played."""

    _workflow: Workflow
    _run: Run
    _cast: tuple[User, ...]
    _bugs: BugWatch
    _ending: Ending = Ending.INTERRUPTED
    _failure: str = ""
    _is_bug: bool = False
    _leftovers: int = 0
    _started: float = attrs.field(factory=trio.current_time)
    _finished: float | None = None

    async def play(self) -> None:
        """Tell the story, then tidy up after it. Raises nothing but what is not the story's (`PASSING`)."""
        try:
            await self._tell()
            self._run.check_loose_ends()
            self._ending = Ending.SUCCEEDED
        except (trio.Cancelled, KeyboardInterrupt, GeneratorExit):
            raise
        except BaseExceptionGroup as group:
            # A story with a nursery of its own raises groups; a cancellation in one goes on alone.
            passing, rest = group.split(PASSING)
            if passing is not None:
                raise passing from None
            assert rest is not None
            self._judge(list(leaves(rest)))
        except BaseException as error:
            self._judge([error])
        self._finished = trio.current_time()
        self._leftovers += await self._run.tidy()
        if self._run.bug is not None:
            self._note_bug(self._run.bug)

    async def _tell(self) -> None:
        collaborators = self._run.settings.collaborators
        count = self._workflow.count_extras(len(self._cast), collaborators)
        players = len(self._cast) - count
        roles = [Role(self._run, user) for user in self._cast[:players]]
        outsiders = [Role(self._run, user, is_outsider=True) for user in self._cast[players:]]
        extras = dict(zip(self._workflow.extras, outsiders, strict=False))
        await self._workflow.story(self._run, *roles, **extras)

    def _judge(self, errors: Sequence[BaseException]) -> None:
        """How the story ended, by what it raised: a bug of its own before all else."""
        for error in errors:
            if not isinstance(error, StoryEnded | WrongAnswer):
                self._note_bug(error)
                return
        gone = next((error for error in errors if isinstance(error, CastGone)), None)
        if gone is not None:
            self._failure = str(gone)
            return
        self._ending, first = Ending.FAILED, errors[0]
        self._failure = str(self._run.misread(first) if isinstance(first, WrongAnswer) else first)

    def _note_bug(self, bug: BaseException) -> None:
        place = place_of(bug, self._workflow.story)
        text = self._bugs.first_text(f"{self._workflow.name} {place}", text_of(bug))
        self._ending, self._is_bug = Ending.FAILED, True
        self._failure = f"workflow_error: {place}: {text}"

    def tell_bugs(self) -> None:
        """Tell the watch how it ended."""
        if self._is_bug:
            self._bugs.note_bug(self._workflow.name, self._failure)
        elif self._ending is not Ending.INTERRUPTED:
            self._bugs.note_sound(self._workflow.name)

    def waits_longer_than(self, seconds: float) -> bool:
        """Whether nobody has been asked anything for so long."""
        return not self._run.asked and trio.current_time() - self._run.last_finished > seconds

    def describe_wait(self) -> str:
        """Who waits, for what, since when."""
        cast = ", ".join(user.uid for user in self._cast)
        idle_s = trio.current_time() - self._run.last_finished
        step, uid = self._run.last_step
        after = f"after {step} by {uid}" if step else "from the start"
        return (
            f"{self._workflow.name}, execution {self._run.number}: {cast} wait for each other {after}, "
            f"and nobody has been asked anything for {idle_s:.0f} s"
        )

    def execution(self, due: float | None, group: str) -> Execution:
        """What is known of it now."""
        finished = trio.current_time() if self._finished is None else self._finished
        person = self._cast[0].person
        return Execution(
            workflow=self._workflow.name,
            number=self._run.number,
            cast=tuple(user.uid for user in self._cast),
            ending=self._ending,
            started=self._started,
            finished=finished,
            due=due,
            failure=self._failure,
            violations=tuple(self._run.violations),
            intervals=tuple(self._run.intervals),
            conflicts=self._run.conflicts,
            leftovers=self._leftovers + self._run.untidied,
            group=group or person.group,
            region=person.region,
            checks=dict(self._run.checks),
            is_workflow_error=self._is_bug,
        )
