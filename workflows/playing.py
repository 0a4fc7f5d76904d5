"""One execution of a story while it is played: how it ended, and what it waits for."""

from __future__ import annotations

import attrs
import trio

from actors.answer import WrongAnswer
from actors.measurement import Ending, Execution
from actors.user import User
from workflows.base import Workflow
from workflows.failures import CastGone, StoryBug, StoryEnded
from workflows.role import Role
from workflows.run import Run


@attrs.define
class Playing:
    """One execution while it is played."""

    _workflow: Workflow
    _run: Run
    _cast: tuple[User, ...]
    _ending: Ending = Ending.INTERRUPTED
    _failure: str = ""
    _leftovers: int = 0
    _started: float = attrs.field(factory=trio.current_time)
    _finished: float | None = None

    async def play(self) -> None:
        """Tell the story, then tidy up after it."""
        roles = [Role(self._run, user) for user in self._cast]
        try:
            await self._workflow.story(self._run, *roles)
            self._ending = Ending.SUCCEEDED
        except CastGone as failure:
            self._failure = str(failure)
        except StoryEnded as failure:
            self._ending, self._failure = Ending.FAILED, str(failure)
        except WrongAnswer as wrong:
            self._ending, self._failure = Ending.FAILED, str(self._run.misread(wrong))
        except Exception as bug:
            raise StoryBug(f"workflow {self._workflow.name}: {type(bug).__name__}: {bug}") from bug
        self._finished = trio.current_time()
        self._leftovers += await self._run.tidy()

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
        )
