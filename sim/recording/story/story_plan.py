"""From a recording to the plan of a workflow: pure, and the same for the same recording."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from sim.recording.document import Recording
from sim.recording.story.carrying import Carrying
from sim.recording.story.cast_list import CastList
from sim.recording.story.expressions import CarriedValue, Expression, Fixed, parts_of
from sim.recording.story.identifiers import Names
from sim.recording.story.step_names import StepNames, phrase
from sim.recording.story.story_checks import (
    CONTENT,
    Contents,
    fixed_ids,
    is_reading_tool,
    shape_check,
    sight_of,
)
from sim.recording.story.story_dates import dates_that_pass
from sim.recording.story.story_handing import Handing
from sim.recording.story.story_meetings import let_meet
from sim.recording.story.story_model import (
    ContentIs,
    FindsLines,
    FindsOthers,
    FindsText,
    PlannedRemoval,
    PlannedStep,
    RowShows,
    StoryPlan,
)
from sim.recording.story.story_order import in_rounds, merged, place_of, thinking_of
from sim.recording.story.story_outsiders import OUTSIDER, let_outsiders_look
from sim.recording.story.story_removals import Removals, makes_something, removing_tools
from sim.recording.story.takes import GRANTING, PLAYED, Take, takes_of

CREATES_NOTE, DELETES_NOTE = "nc_notes_create_note", "nc_notes_delete_note"
MAX_SUMMARY = 90


class Planner:
    """Makes the plan of one recording."""

    def __init__(self, recording: Recording, name: str) -> None:
        self.recording = recording
        self.name = name
        self.takes = takes_of(recording)
        self.names = Names()
        self.names.take(OUTSIDER, OUTSIDER)
        self.cast = CastList(recording, self.takes, self.names)
        self.carrying = Carrying(self.takes, self.cast)
        self.remarks = list(left_out_of(recording))
        self.steps = self._steps()
        self.rounds = in_rounds(self.steps)

    def plan(self) -> StoryPlan:
        let_meet(self.rounds, self.takes)
        removals, staying = self._removals()
        self._drop_last_removals(removals)
        self._check()
        let_outsiders_look([step for each in self.rounds for step in each])
        leader = self.cast.members[0].role if self.cast.members else ""
        names = StepNames(leader)
        kept = [step for each in self.rounds for step in each]
        names.name(kept)
        for step in kept:
            if step.again is not None:
                step.again.name = names.take(f"re{phrase(step.again.first)}")
            if step.outsider is not None:
                step.outsider.name = names.take(f"outsider_{phrase(step.first)}")
        for removal in removals.values():
            removal.name = (
                removal.step.name
                if removal.step in kept and removal.step
                else names.take(self._word(removal))
            )
        roles = [member.role for member in self.cast.members]
        thinking = thinking_of(self.takes)
        self.remarks += dates_that_pass(kept, self.recording.head.began)
        return StoryPlan(
            self.name,
            self._summary(kept),
            roles,
            self.rounds,
            removals,
            staying,
            self._texts(kept),
            thinking,
            self.remarks,
        )

    def _word(self, removal: PlannedRemoval) -> str:
        return phrase(_as_take(removal))

    def _steps(self) -> list[PlannedStep]:
        accounted = {take.place: self.carrying.account(take) for take in self.takes}
        steps = []
        for step in self._merged():
            step.role = self.cast.role_of(step.first.who)
            found = accounted[step.first.place]
            step.arguments, step.doubts = dict(found.arguments), found.doubts
            if step.again is not None:
                step.again.role = step.role
                step.again.arguments = dict(accounted[step.again.first.place].arguments)
            if self._may_be_made(step):
                steps.append(step)
        return steps

    def _merged(self) -> list[PlannedStep]:
        """The steps; looks whose answers differ by nothing that anybody waits for are all made."""
        found: list[PlannedStep] = []
        for step in merged(self.takes):
            if step.verb == "until" and not step.is_absence_a_miss:
                step.sight = sight_of(step, step.takes[-2].value, self.carrying)
                if step.sight is None:
                    found += [PlannedStep([take], "") for take in step.takes]
                    continue
            found.append(step)
        return sorted(found, key=place_of)

    def _may_be_made(self, step: PlannedStep) -> bool:
        """Whether it is a step at all; a call that failed by its own fault is left out, and said."""
        error = step.take.error
        if error is None:
            return True
        if step.take.is_refused:
            step.verb, step.statuses = "is_refused", (403, 404)
            return True
        if step.take.is_conflict:
            step.verb, step.statuses = "is_refused", (412,)
            return True
        self.remarks.append(f"{step.role} called {step.tool}, which failed ({error.kind}): left out.")
        return False

    def _removals(self) -> tuple[dict[int, PlannedRemoval], dict[int, str]]:
        tools = removing_tools(self.recording, self.takes)
        finder = Removals(tools, self.carrying.sources, self.steps)
        found: dict[int, PlannedRemoval] = {}
        staying: dict[int, str] = {}
        for step in self.steps:
            if not makes_something(step, self.carrying.sources):
                continue
            removal = finder.of(step)
            if removal is None:
                staying[step.take.place] = (
                    f"What {step.tool} makes stays: no tool was offered that removes it."
                )
            else:
                found[step.take.place] = removal
        return found, staying

    def _drop_last_removals(self, removals: dict[int, PlannedRemoval]) -> None:
        """What is removed at the very end is removed afterwards anyway, however the story ends."""
        known = {id(removal.step) for removal in removals.values()}
        while self.rounds and all(id(step) in known for step in self.rounds[-1]):
            gone = {id(step) for step in self.rounds.pop()}
            self.steps = [step for step in self.steps if id(step) not in gone]
            for removal in removals.values():
                if id(removal.step) in gone:
                    removal.step = None

    def _check(self) -> None:
        contents = Contents(self.steps, self.rounds)
        handing = Handing(self.steps)
        used = list(self._used())
        for together in self.rounds:
            for step in together:
                self._look(step, handing)
                if step.verb in ("is_refused",):
                    continue
                beside = [other for other in together if other is not step]
                step.check = contents.check(step, beside) or shape_check(step, used, self.carrying)
                if isinstance(step.check, FindsText | FindsLines) and step.verb in ("does", "until"):
                    # What is wanted says when to stop looking.
                    step.verb, step.sight = "finds", None
                for key, value in fixed_ids(step):
                    step.notes.append(f"No answer gave {key} ({value!r}): it has to be there.")

    def _used(self) -> Iterator[CarriedValue]:
        for step in self.steps:
            for value in step.arguments.values():
                yield from (each for each in parts_of(value) if isinstance(each, CarriedValue))

    def _look(self, step: PlannedStep, handing: Handing) -> None:
        """A look for what somebody else has just handed over is repeated until it is seen."""
        if step.sight is not None:
            return
        handed = handing.handed_over(step)
        if (
            handed is None
            or not step.take.only_reads
            or step.verb not in ("does", "until")
            or step.take.error
        ):
            return
        if step.verb != "until" and isinstance(sight := sight_of(step, None, self.carrying), RowShows):
            step.verb, step.sight = "until", sight
        elif is_reading_tool(step.tool) or step.verb == "until":
            step.verb, step.is_absence_a_miss = "until", True
            step.share = handed if handed.tool.thing == "share" and handed.tool.creates else None

    def _texts(self, steps: Sequence[PlannedStep]) -> dict[str, Expression]:
        """Contents that a check names, with what they stand for where they were written."""
        wanted: list[str] = []
        for step in steps:
            match step.check:
                case ContentIs(text=text):
                    wanted.append(text)
                case FindsText(newest=newest, older=older, refused=refused, also=also):
                    wanted += [newest, *also, *older, *refused]
                case FindsLines(base=base, lines=lines):
                    wanted += [base, *lines]
                case _ if step.again is not None and isinstance(step.again.check, FindsOthers):
                    wanted += step.again.check.texts
                case _:
                    pass
        found: dict[str, Expression] = {}
        for text in wanted:
            writer = next((step for step in steps if step.first.call.arguments.get(CONTENT) == text), None)
            found.setdefault(text, writer.arguments[CONTENT] if writer else Fixed(text))
        return found

    def _summary(self, steps: Sequence[PlannedStep]) -> str:
        words: list[str] = []
        last = ""
        for step in steps:
            said = phrase(step.first).replace("_", " ")
            who = step.role.replace("_", " ").strip().capitalize()
            words.append(said if step.role == last else f"{who}: {said}")
            last = step.role
        text = ", ".join(words)
        return f"{text[:MAX_SUMMARY].rpartition(',')[0]}, …" if len(text) > MAX_SUMMARY else f"{text}."


def left_out_of(recording: Recording) -> Iterator[str]:
    """What a workflow cannot do that people and servers did."""
    if not recording.is_whole:
        yield "The recording was cut off: what came after is not in here."
    for reason in dict.fromkeys(gap.reason for gap in recording.gaps):
        yield f"Not recorded: {reason}"
    granting = [call for call in recording.calls if call.name in GRANTING]
    if granting:
        yield f"Left out, since the set-up does it: {', '.join(sorted({call.name for call in granting}))}."
    numbers = {call.n for call in granting}
    asked = [one for one in recording.asked if one.during not in numbers]
    for method, count in Counter(one.method for one in asked).items():
        often = "once" if count == 1 else f"{count} times"
        yield f"The server asked {often} ({method}): nobody answers it here."
    for name, count in Counter(call.name for call in recording.calls if call.method not in PLAYED).items():
        yield f"Left out, as workflows call tools and read resources alone: {name}, {count} times."


def _as_take(removal: PlannedRemoval) -> Take:
    import msgspec

    from sim.recording.story.name_words import ToolName

    call = msgspec.structs.replace(removal.of.call, name=removal.tool, method="tools/call")
    return Take(removal.of.place, call, None, None, ToolName.of(removal.tool), only_reads=False)


def plan_of(recording: Recording, name: str) -> StoryPlan:
    """The plan of the workflow called `name`."""
    return Planner(recording, name).plan()
