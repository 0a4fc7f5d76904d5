"""How a run goes, as far as who looks on has been told: sums, and the latest windows."""

from __future__ import annotations

from array import array
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence

import attrs

from actors.errors import Outcome
from actors.events import Call, Ending, Execution, Missed, Phase, PhaseBegan
from sim.measure.hub import Told
from sim.measure.kinds import is_failure, kind_of
from sim.measure.points import Points
from sim.measure.sketch import Sketch
from sim.measure.snapshot import Snapshot

RECENT = 10
"""So many windows are "lately"."""
THIN = 100
REMEMBERED = 60
"""So many are drawn as a line."""
SHORT_S = 0.2
"""A window that was closed out of turn says little."""


@attrs.frozen
class Limit:
    """A threshold as far as the run has come. `near`: how much of what it allows is used; None: not known."""

    text: str
    measured: str
    held: bool | None
    near: float | None = None


def no_limits() -> Sequence[Limit]:
    """Of a run without thresholds."""
    return ()


@attrs.frozen
class Outlook:
    """What the run is, and what is asked of it.

    Attributes:
        seconds: how long each phase is to last at most.
        is_open: workflows arrive, whatever the server does; `wanted` are arrivals a second.
        address: of its page; "" where it has none.
        limits: judges its thresholds.
        signals: how often it has been asked to stop.
    """

    target: str
    seed: int
    seconds: Mapping[Phase, float]
    is_open: bool = False
    address: str = ""
    limits: Callable[[], Sequence[Limit]] = no_limits
    signals: Callable[[], int] = int


@attrs.frozen
class Glance:
    """What is kept of one window. `waiting`: seconds that were waited in each step of each workflow."""

    seconds: float
    calls: int
    errors: int
    service: Sketch
    response: Sketch
    late_s: float
    waiting: dict[tuple[str, str], float]
    executions: dict[str, Sketch]
    ended: Counter[str]

    @classmethod
    def of(cls, window: Snapshot) -> Glance:
        """What is to be known of it later."""
        leaves = window.leaves
        waiting: dict[tuple[str, str], float] = {}
        for key, leaf in leaves.steps.items():
            if key.workflow:
                at = key.workflow, key.step
                waiting[at] = waiting.get(at, 0.0) + leaf.service.total
        executions: dict[str, Sketch] = {}
        ended: Counter[str] = Counter()
        for place, story in leaves.stories.items():
            executions.setdefault(place.workflow, Sketch()).absorb(story.duration)
            ended[place.workflow] += story.endings.total()
        return cls(
            seconds=window.seconds,
            calls=leaves.ended_calls,
            errors=leaves.ended_errors,
            service=thin(leaves.ended),
            response=thin(Sketch.merged(leaf.response for leaf in leaves.steps.values())),
            late_s=leaves.lateness.max if leaves.lateness.count else 0.0,
            waiting=waiting,
            executions=executions,
            ended=ended,
        )


@attrs.define
class StoryCourse:
    """One workflow: its endings, and the 95th percentile of its latest windows (0: nothing ended)."""

    endings: Counter[Ending] = attrs.Factory(Counter)
    p95s: deque[float] = attrs.Factory(lambda: deque(maxlen=REMEMBERED))


class Course:
    """Fed with all that is told. Memory is bounded by the workflows that there are.

    Attributes:
        phase, phase_at: the one that lasts, and since when.
        calls, errors, conflicts, kinds: since measuring began, errors by their kind; before, since the start.
        last_error, last_violation: the latest text.
        answered_at: until when calls came to their ends, as far as windows tell.
        broken: how many violations of each kind, of the whole run.
        latest: the windows of lately, the last one last.
        window: the last one; None before the first.
    """

    def __init__(self) -> None:
        self.phase, self.phase_at = Phase.SETUP, 0.0
        self.calls = self.errors = self.conflicts = 0
        self.kinds: Counter[str] = Counter()
        self.last_error = self.last_violation = ""
        self.answered_at = 0.0
        self.broken: Counter[str] = Counter()
        self.not_started: Counter[Missed] = Counter()
        self.stories: dict[str, StoryCourse] = {}
        self.latest: deque[Glance] = deque(maxlen=RECENT)
        self._merged: tuple[Sketch, Sketch] | None = None
        self.rates: deque[float] = deque(maxlen=REMEMBERED)
        self.window: Snapshot | None = None
        self.started = 0.0

    def take(self, told: Told) -> None:
        """One event, or one window."""
        match told:
            case Call():
                self._take_call(told)
            case Execution():
                self._take_execution(told)
            case PhaseBegan():
                self.phase, self.phase_at = told.phase, told.at
                self.answered_at = max(self.answered_at, told.at)
                if told.phase is Phase.MEASURED:
                    self.calls = self.errors = self.conflicts = 0
                    self.kinds, self.last_error = Counter(), ""
            case Snapshot():
                self._take_window(told)
            case _:
                pass

    @property
    def service(self) -> Sketch:
        """How long the calls of lately took."""
        return self._times()[0]

    @property
    def response(self) -> Sketch:
        """The same, counted from when they were due."""
        return self._times()[1]

    def since_start(self, instant: float) -> float:
        """Seconds since the first window; 0 before it."""
        return instant - self.started if self.window else 0.0

    @property
    def there(self) -> int:
        """Users on stage."""
        return sum(self.window.there.values()) if self.window else 0

    @property
    def wanted(self) -> float:
        """Users wanted, or arrivals a second."""
        return sum(self.window.wanted.values()) if self.window else 0.0

    @property
    def rate(self) -> float:
        """Calls a second, of the latest windows."""
        seconds = sum(each.seconds for each in self.latest)
        return sum(each.calls for each in self.latest) / seconds if seconds else 0.0

    def lately(self, workflow: str) -> tuple[Sketch, float, dict[str, float]]:
        """Of a workflow: durations, executions a second, and seconds waited in each step."""
        waiting: dict[str, float] = {}
        for each in self.latest:
            for (name, step), waited_s in each.waiting.items():
                if name == workflow:
                    waiting[step] = waiting.get(step, 0.0) + waited_s
        seconds = sum(each.seconds for each in self.latest)
        ended = sum(each.ended[workflow] for each in self.latest)
        durations = Sketch.merged(
            each.executions[workflow] for each in self.latest if workflow in each.executions
        )
        return durations, ended / seconds if seconds else 0.0, waiting

    def _times(self) -> tuple[Sketch, Sketch]:
        """Put together when they are asked for: in virtual time few of many windows are drawn."""
        if self._merged is None:
            service = Sketch.merged(each.service for each in self.latest)
            self._merged = service, Sketch.merged(each.response for each in self.latest)
        return self._merged

    def _take_call(self, call: Call) -> None:
        if call.outcome is not Outcome.OK and not call.is_expected and is_failure(kind := kind_of(call)):
            place = f"{call.workflow}.{call.step}" if call.workflow else call.tool
            self.last_error = f"{kind} {place} {call.text}".rstrip()

    def _take_execution(self, execution: Execution) -> None:
        for each in execution.violations:
            self.last_violation = (
                f"{each.workflow}.{each.step} {each.user}: expected {each.expected}; saw {each.seen}"
            )

    def _take_window(self, window: Snapshot) -> None:
        self.started = self.started if self.window else window.started
        self.window = window
        glance = Glance.of(window)
        self.calls += glance.calls
        self.errors += glance.errors
        for leaf in window.leaves.steps.values():
            self.kinds.update(failures(leaf.outcomes.items()))
        for (_, why), count in window.leaves.not_started.items():
            self.not_started[Missed(why)] += count
        # Not from events: those of other processes come as windows alone.
        for place in window.leaves.steps:
            if place.workflow:
                self.stories.setdefault(place.workflow, StoryCourse())
        for key, told in window.leaves.stories.items():
            self.stories.setdefault(key.workflow, StoryCourse()).endings.update(told.endings)
            self.conflicts += told.conflicts
            self.broken.update({kind.value: count for kind, count in told.violations.items()})
        if glance.calls:
            self.answered_at = max(self.answered_at, window.started + window.seconds)
        if window.seconds < SHORT_S and self.latest:
            return
        self.latest.append(glance)
        self._merged = None
        self.rates.append(glance.calls / window.seconds if window.seconds else 0.0)
        for name, story in self.stories.items():
            sketch = glance.executions.get(name)
            story.p95s.append((sketch.quantile(0.95) if sketch else None) or 0.0)


def thin(sketch: Sketch) -> Sketch:
    """In few points: they are merged each second, and shown in three digits."""
    if sketch.count <= THIN:
        return sketch
    points = sketch.points(THIN)
    kept = Points(array("d", points.means), array("d", points.weights))
    return Sketch.of_points(kept, sketch.min, sketch.max, sketch.total)


def failures(counts: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Those of the kinds that are errors."""
    return {kind: count for kind, count in counts if is_failure(kind)}
