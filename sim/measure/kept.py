"""Executions that are kept as examples: the slowest, the first that failed, a sample; with every step."""

from __future__ import annotations

from collections import defaultdict

import attrs
import msgspec

from actors.events import Call, Ending, Execution, Phase

MAX_KEPT = 5
"""So many of each sort and workflow."""
MAX_SAMPLE = 31
"""So many of a workflow's successful executions, spread over the run: one of them is a usual one."""
MAX_SPANS = 200
"""A story that makes more calls is cut."""
MAX_PLAYING = 10_000
"""Executions whose calls are held at once. One that was cut off may have a call that is told after it."""


class Span(msgspec.Struct, frozen=True, gc=False):
    """One call of an execution: who made which step, when (instants), and how it ended."""

    step: str
    tool: str
    user: str
    started: float
    finished: float
    kind: str


@attrs.frozen
class Example:
    """One execution, whole."""

    execution: Execution
    spans: tuple[Span, ...]

    @property
    def seconds(self) -> float:
        return self.execution.finished - self.execution.started


@attrs.define
class ExamplesOfStory:
    """Those of one workflow; each at most `MAX_KEPT`, and a sample of every so many-th success."""

    slowest: list[Example] = attrs.Factory(list)
    failed: list[Example] = attrs.Factory(list)
    violated: list[Example] = attrs.Factory(list)
    sample: list[Example] = attrs.Factory(list)
    succeeded: int = 0
    every: int = 1

    def note_success(self, example: Example) -> None:
        """Keep it where it is among the slowest, or its turn to be in the sample."""
        if len(self.slowest) < MAX_KEPT or example.seconds > self.slowest[-1].seconds:
            self.slowest.append(example)
            self.slowest.sort(key=lambda each: -each.seconds)
            del self.slowest[MAX_KEPT:]
        self.succeeded += 1
        if self.succeeded % self.every == 0:
            self.sample.append(example)
        if len(self.sample) > MAX_SAMPLE:
            self.sample, self.every = self.sample[1::2], 2 * self.every

    def usual(self, median_s: float) -> Example | None:
        """The one of the sample that took about as long as half of all did; None where there is none."""
        return min(self.sample, key=lambda each: abs(each.seconds - median_s), default=None)


class Kept:
    """Collects the calls of what is being played, and keeps few of what has been."""

    def __init__(self) -> None:
        self.stories: defaultdict[str, ExamplesOfStory] = defaultdict(ExamplesOfStory)
        self._playing: defaultdict[int, list[Span]] = defaultdict(list)

    def note_call(self, call: Call, kind: str) -> None:
        """A call of an execution that is being played, or of its tidying up."""
        if not call.execution or not call.workflow:
            return
        spans = self._playing[call.execution]
        if len(self._playing) > MAX_PLAYING:
            del self._playing[next(iter(self._playing))]
        if len(spans) < MAX_SPANS:
            spans.append(Span(call.step, call.tool, call.user, call.started, call.finished, kind))

    def note_execution(self, execution: Execution, phase: Phase) -> None:
        """It has been played: keep it, or forget its calls. Only those of the measured phase are slow."""
        example = Example(execution, tuple(self._playing.pop(execution.number, ())))
        story = self.stories[execution.workflow]
        if execution.violations and len(story.violated) < MAX_KEPT:
            story.violated.append(example)
        elif execution.ending is Ending.FAILED and len(story.failed) < MAX_KEPT:
            story.failed.append(example)
        if execution.ending is Ending.SUCCEEDED and phase is Phase.MEASURED:
            story.note_success(example)
