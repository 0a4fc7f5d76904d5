"""One execution of a story: what it was told, what its users saw, how it ended, and what is tidied up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

import trio

from actors.answer import Check, Finding, Json, WrongAnswer
from actors.events import CheckKind, Ending, Execution, Interval, Violation, ViolationKind
from actors.messages import Step
from actors.ports import NotesLayout
from actors.text import harmless
from actors.user import User
from workflows.base import Workflow
from workflows.bugs import PASSING, BugWatch, leaves, place_of, text_of
from workflows.failures import CastGone, ExpectationFailed, LooseEnds, StepFailed, StoryEnded
from workflows.moves import Move, was_made
from workflows.pace import Pace, thinking_s
from workflows.scene_end import End
from workflows.settings import Settings
from workflows.side_by_side import made_together

SHOWN_LENGTH = 400
"""Characters of a violation's text that are kept."""


class Scene:
    """One execution of a story. The director makes it; the story gets it as its first argument.

    A story uses `title`, `together`, `afterwards`, `think`, `report`, `note_conflict`, `random` (its own
    draws, the same in every run with the same seed), `number` (of this execution) and `settings`.

    Attributes:
        layouts: where users keep their notes, as far as it has been asked for in this run.
        last_finished: when the step that was answered last was answered.
        last_step: that step, and the user who made it.
        asked: how many users have been asked and have not answered.
        intervals: spans that were measured.
        conflicts: how many conflicts were retried.
        pace: how its people go about it.
    """

    def __init__(
        self,
        workflow: Workflow,
        cast: tuple[User, ...],
        number: int,
        settings: Settings,
        layouts: dict[str, NotesLayout],
        bugs: BugWatch,
        due: float | None = None,
    ) -> None:
        self.workflow = workflow
        self.cast = cast
        self.number = number
        self.settings = settings
        self.layouts = layouts
        self.random = cast[0].random
        self.started = self.last_finished = trio.current_time()
        self.last_step = ("", "")
        self.asked = 0
        self.intervals: list[Interval] = []
        self.conflicts = 0
        self._bugs = bugs
        self._due, self._first_due = due, due
        self._checks: Counter[CheckKind] = Counter()
        self._violations: list[Violation] = []
        self._moves: list[Move] = []
        self._removals: list[Awaitable[Any]] = []
        self._titles = 0
        self.pace = Pace()
        self._end = End()
        self._trace = settings.traces.begin(number) if settings.traces is not None else None

    @property
    def trace_id(self) -> str:
        """Under which a server's log has this execution; "" where the run has no traces."""
        return self._trace.trace_id if self._trace is not None else ""

    def title(self, text: str) -> str:
        """A title that nobody else in this run uses, and that bears the run's mark."""
        self._titles += 1
        return f"{text} {self.settings.mark} {self.number}-{self._titles}"

    async def together(self, *moves: Awaitable[Any]) -> list[Any]:
        """Make all `moves` at the same time; their answers in the same order.

        All of them are brought to an end, then the first failure is raised, if there was any.
        """
        await self.pause()
        with self.pace:
            return await made_together(moves)

    def afterwards(self, move: Awaitable[Any]) -> None:
        """Make `move` when the story is over, however it ends, if the story has not; last noted first."""
        self._removals.append(move)

    async def think(self, median_s: float, sigma: float = 0.5) -> None:
        """Let time pass as people do before they go on (see `workflows.pace`).

        A look of `until` that follows counts from here: the thinking is nobody's propagation.
        """
        await trio.sleep(thinking_s(self.random, median_s, sigma))
        self.last_finished = trio.current_time()

    def thinks(self, median_s: float, sigma: float = 0.5) -> None:
        """From here on, think so before each step; steps made together have one pause before them."""
        self.pace.median_s, self.pace.sigma = median_s, sigma

    async def pause(self) -> None:
        """Think, where people think before each step."""
        if self.pace.is_slow:
            await self.think(self.pace.median_s, self.pace.sigma)

    def keep(self, move: Move) -> Move:
        """Remember `move`, to tell when nobody ever makes it."""
        self._moves.append(move)
        return move

    def _check_loose_ends(self) -> None:
        """Raise LooseEnds when the story is over and something of it is not."""
        if self.asked:
            raise LooseEnds(
                f"the story is over, and {self.asked} of its steps are still being made: await them"
            )
        idle = [m.name for m in self._moves if not m.is_begun and not any(m is r for r in self._removals)]
        if idle:
            raise LooseEnds(f"step {idle[0]!r} was never made: write 'await' before it")

    def expect(self, uid: str, step: str, findings: Iterable[Finding]) -> None:
        """Raise ExpectationFailed, and note what `uid` saw, when there are `findings`."""
        if found := tuple(findings):
            raise self.violated(step, uid, found)

    def report(
        self, uid: str, kind: ViolationKind, *, expected: str, seen: str, step: str = ""
    ) -> ExpectationFailed:
        """Note a violation that the story itself has found, of what `uid` saw.

        Returns the exception that ends the story: `raise scene.report(…)`. Not raised, the story goes on, and
        the violation counts all the same.
        """
        return self.violated(step or self.last_step[0], uid, (Finding(kind, expected, seen),))

    def count_check(self, kind: CheckKind) -> None:
        """A check of this kind was made, whether it held or not."""
        self._checks[kind] += 1

    def note_conflict(self) -> None:
        """Count a conflict (412) that is going to be retried.

        The call itself is no error where its step said so: `role.does(…, tolerates=[412])`.
        """
        self.conflicts += 1

    def violated(self, step: str, uid: str, findings: tuple[Finding, ...]) -> ExpectationFailed:
        """Note what `uid` found as violations, and return the exception to raise."""
        now = trio.current_time()
        for found in findings:
            expected, seen = harmless(found.expected, SHOWN_LENGTH), harmless(found.seen, SHOWN_LENGTH)
            self._violations.append(
                Violation(found.kind, self.workflow.name, step, uid, expected, seen, now, self.trace_id)
            )
        return ExpectationFailed(step, findings)

    def _misread(self, wrong: WrongAnswer) -> ExpectationFailed:
        """The last answer had not the shape that the story needs: a wrong content."""
        step, uid = self.last_step
        return self.violated(step, uid, (Finding(ViolationKind.WRONG_CONTENT, wrong.expected, wrong.seen),))

    def step(
        self,
        name: str,
        number: int | None,
        arguments: Mapping[str, Json],
        *,
        check: Check | None = None,
        refusals: frozenset[int] = frozenset(),
        tolerated: Iterable[int] = (),
    ) -> Step:
        """The message for the step called `name`. Raises NoSuchStep for one that is not in the table."""
        tool = self.workflow.tool_of(name)
        if number is not None:
            name = name.replace("{i}", str(number))
        known = frozenset(tolerated)
        traceparent = self._trace.next() if self._trace is not None else ""
        return Step(
            self.workflow.name, name, tool, arguments, self.number, None, check, refusals, known, traceparent
        )

    def timed(self, step: Step) -> Step:
        """`step` as it is asked: the first one of an execution was due when the execution was."""
        due, self._due = self._due, None
        return step if due is None else step.due_at(due)

    async def play(self, tell: Callable[[Scene], Awaitable[None]]) -> None:
        """Tell the story, then tidy up after it. Raises nothing but what is not the story's (`PASSING`)."""
        try:
            await tell(self)
            self._check_loose_ends()
            self._end.ending = Ending.SUCCEEDED
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
        self._end.finished = trio.current_time()
        self.pace.median_s = 0.0
        self._moves.clear()  # they know the scene: a circle, which only the collector would break
        await self._tidy()

    async def _tidy(self) -> None:
        """Make the moves noted with `afterwards`; whatever one of them raises, the others are made."""
        while self._removals:
            try:
                if not was_made(self._removals[-1]):
                    await self._removals[-1]
            except StepFailed as failure:
                self._end.leftovers += not failure.is_absence
            except (StoryEnded, WrongAnswer):
                self._end.leftovers += 1
            except Exception as bug:
                self._end.leftovers += 1
                self._note_bug(bug)
            # Only now: what was interrupted counts as not made.
            self._removals.pop()

    def _judge(self, errors: Sequence[BaseException]) -> None:
        """How the story ended, by what it raised: a bug of its own before all else."""
        for error in errors:
            if not isinstance(error, StoryEnded | WrongAnswer):
                self._note_bug(error)
                return
        gone = next((error for error in errors if isinstance(error, CastGone)), None)
        if gone is not None:
            self._end.failure = str(gone)
            return
        self._end.ending, first = Ending.FAILED, errors[0]
        self._end.failure = str(self._misread(first) if isinstance(first, WrongAnswer) else first)

    def _note_bug(self, bug: BaseException) -> None:
        place = place_of(bug, self.workflow.story)
        text = self._bugs.first_text(f"{self.workflow.name} {place}", text_of(bug))
        self._end.ending, self._end.is_bug = Ending.FAILED, True
        self._end.failure = f"workflow_error: {place}: {text}"

    def tell_bugs(self) -> None:
        """Tell the watch how it ended."""
        if self._end.is_bug:
            self._bugs.note_bug(self.workflow.name, self._end.failure)
        elif self._end.ending is not Ending.INTERRUPTED:
            self._bugs.note_sound(self.workflow.name)

    def execution(self, group: str) -> Execution:
        """What is known of it now."""
        end, person = self._end, self.cast[0].person
        return Execution(
            workflow=self.workflow.name,
            number=self.number,
            cast=tuple(user.uid for user in self.cast),
            ending=end.ending,
            started=self.started,
            finished=trio.current_time() if end.finished is None else end.finished,
            due=self._first_due,
            failure=end.failure,
            violations=tuple(self._violations),
            intervals=tuple(self.intervals),
            conflicts=self.conflicts,
            leftovers=end.leftovers + len(self._removals),
            group=group or person.group,
            region=person.region,
            checks=dict(self._checks),
            is_workflow_error=end.is_bug,
            traceparent=self._trace.root if self._trace is not None else "",
        )
