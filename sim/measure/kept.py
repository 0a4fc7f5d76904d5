"""Executions that are kept as examples: the slowest and the first that failed, with every step's span."""

from __future__ import annotations

from collections import defaultdict

import attrs

from actors.events import Call, Ending, Execution, Phase

MAX_KEPT = 5
"""So many of each sort and workflow."""
MAX_SPANS = 200
"""A story that makes more calls is cut."""
MAX_PLAYING = 10_000
"""Executions whose calls are held at once. One that was cut off may have a call that is told after it."""


@attrs.frozen
class Span:
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
    """Those of one workflow; each at most `MAX_KEPT`."""

    slowest: list[Example] = attrs.Factory(list)
    failed: list[Example] = attrs.Factory(list)
    violated: list[Example] = attrs.Factory(list)


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
            story.slowest.append(example)
            story.slowest.sort(key=lambda each: -each.seconds)
            del story.slowest[MAX_KEPT:]
