"""One execution of a story: what it was told, what its users saw, and what is to be tidied up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Iterable, Mapping
from random import Random
from typing import Any

import attrs
import trio

from actors.answer import Check, Finding, Json, WrongAnswer
from actors.errors import SimulateError
from actors.events import CheckKind, Interval, Violation, ViolationKind
from actors.messages import Step
from actors.ports import NotesLayout
from actors.text import harmless
from workflows.failures import ExpectationFailed, LooseEnds, NoSuchStep, StepFailed, StoryEnded
from workflows.moves import Move

SHOWN_LENGTH = 400
"""Characters of a violation's text that are kept."""


@attrs.frozen
class Settings:
    """What every story of a run is told.

    Attributes:
        mark: stands in the title of whatever the run makes, so that it can be found again.
        collaborators: how many users a story with a crowd has at most, the first role included.
        file_size: bytes of an uploaded file.
        propagation_timeout_s: how long a user looks for what was shared with them.
    """

    mark: str = "sim"
    collaborators: int = 3
    file_size: int = 400
    propagation_timeout_s: float = 10.0


class Run:
    """One execution of a story. The director makes it; the story gets it as its first argument.

    A story uses `title`, `together`, `afterwards`, `report`, `note_conflict`, `random` (its own draws, the
    same in every run with the same seed), `number` (of this execution) and `settings`.
    """

    def __init__(
        self,
        workflow: str,
        steps: Mapping[str, str],
        number: int,
        settings: Settings,
        layouts: dict[str, NotesLayout],
        random: Random,
        due: float | None = None,
    ) -> None:
        self.settings = settings
        self.number = number
        self.random = random
        self.layouts = layouts
        """Where users keep their notes, as far as it has been asked for in this run."""
        self.last_finished = trio.current_time()
        self.last_step = ("", "")
        """The step that was answered last, and the user who made it."""
        self.asked = 0
        """How many users have been asked and have not answered."""
        self.violations: list[Violation] = []
        self.intervals: list[Interval] = []
        self.conflicts = 0
        self.checks: Counter[CheckKind] = Counter()
        """How many checks were made, by kind."""
        self.bug: Exception | None = None
        """What the story's own code raised while things were tidied up."""
        self._moves: list[Move] = []
        self._workflow = workflow
        self._steps = steps
        self._due = due
        self._titles = 0
        self._removals: list[Awaitable[Any]] = []

    def title(self, text: str) -> str:
        """A title that nobody else in this run uses, and that bears the run's mark."""
        self._titles += 1
        return f"{text} {self.settings.mark} {self.number}-{self._titles}"

    async def together(self, *moves: Awaitable[Any]) -> list[Any]:
        """Make all `moves` at the same time; their answers in the same order.

        All of them are brought to an end, then the first failure is raised, if there was any.
        """
        answers: list[Any] = [None] * len(moves)
        failures: list[SimulateError] = []

        async def make(place: int, move: Awaitable[Any]) -> None:
            try:
                answers[place] = await move
            except SimulateError as failure:
                failures.append(failure)

        async with trio.open_nursery() as nursery:
            for place, move in enumerate(moves):
                nursery.start_soon(make, place, move)
        if failures:
            raise failures[0]
        return answers

    def afterwards(self, move: Awaitable[Any]) -> None:
        """Make `move` when the story is over, however it ends; the last one noted comes first."""
        self._removals.append(move)

    def keep(self, move: Move) -> Move:
        """Remember `move`, to tell when nobody ever makes it."""
        self._moves.append(move)
        return move

    def check_loose_ends(self) -> None:
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

        Returns the exception that ends the story: `raise run.report(…)`. Not raised, the story goes on, and
        the violation counts all the same.
        """
        return self.violated(step or self.last_step[0], uid, (Finding(kind, expected, seen),))

    def count_check(self, kind: CheckKind) -> None:
        """A check of this kind was made, whether it held or not."""
        self.checks[kind] += 1

    def note_conflict(self) -> None:
        """Count a conflict (412) that is going to be retried.

        The call itself is no error where its step said so: `role.does(…, tolerates=[412])`.
        """
        self.conflicts += 1

    def violated(self, step: str, uid: str, findings: tuple[Finding, ...]) -> ExpectationFailed:
        """Note what `uid` found as violations, and return the exception to raise."""
        now = trio.current_time()
        self.violations.extend(
            Violation(
                f.kind,
                self._workflow,
                step,
                uid,
                harmless(f.expected, SHOWN_LENGTH),
                harmless(f.seen, SHOWN_LENGTH),
                now,
            )
            for f in findings
        )
        return ExpectationFailed(step, findings)

    def misread(self, wrong: WrongAnswer) -> ExpectationFailed:
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
        tool = self._steps.get(name)
        if tool is None:
            raise NoSuchStep(f"no step {name!r}; the table has: {', '.join(self._steps)}{self._hint(name)}")
        if number is not None:
            name = name.replace("{i}", str(number))
        return Step(
            self._workflow,
            name,
            tool,
            arguments,
            self.number,
            None,
            check,
            refusals,
            frozenset(tolerated),
        )

    def _hint(self, name: str) -> str:
        """What to write for a name in which a number was filled in already."""
        for known in self._steps:
            before, braces, after = known.partition("{i}")
            filled = name[len(before) : len(name) - len(after) or None]
            if braces and name == f"{before}{filled}{after}" and filled.isdecimal():
                return f" (say {known!r} with number={filled})"
        return ""

    def timed(self, step: Step) -> Step:
        """`step` as it is asked: the first one of an execution was due when the execution was."""
        due, self._due = self._due, None
        return step if due is None else attrs.evolve(step, due=due)

    async def tidy(self) -> int:
        """Make the moves noted with `afterwards`; returns how many things could not be removed.

        Whatever a removal raises, the others are made. What is no failure of the server stands in `bug`.
        """
        leftovers = 0
        while self._removals:
            try:
                await self._removals[-1]
            except StepFailed as failure:
                leftovers += not failure.is_absence
            except (StoryEnded, WrongAnswer):
                leftovers += 1
            except Exception as bug:
                leftovers += 1
                self.bug = bug
            # Only now: what was interrupted counts as not made.
            self._removals.pop()
        return leftovers

    @property
    def untidied(self) -> int:
        """How many moves noted with `afterwards` have not been made."""
        return len(self._removals)
