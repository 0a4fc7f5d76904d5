"""What the run yields: values that are handed to `Emit` the moment they are known.

All instants are seconds on the run's monotonic clock (`trio.current_time()`), all durations seconds.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from typing import Any

import attrs
import msgspec

from actors.errors import Outcome
from actors.expectations import CheckKind as CheckKind
from actors.expectations import Interval as Interval
from actors.expectations import Violation as Violation
from actors.expectations import ViolationKind as ViolationKind
from actors.steered_event import Steered as Steered
from actors.steered_event import SteeringKind as SteeringKind


class Phase(enum.StrEnum):
    """The part of a run to which a call belongs. Figures are of `MEASURED`."""

    SETUP = "setup"
    WARMUP = "warmup"
    MEASURED = "measured"
    GRACE = "grace"
    CLEANUP = "cleanup"


class Call(msgspec.Struct, frozen=True, gc=False):
    """One call to the server, by one user.

    Service time is `finished - started`. Response time is `finished - due` where the call had a due
    instant (the first call of a workflow in the open model), else the service time.

    Attributes:
        workflow: the workflow's name; `""` for a call that belongs to none (set-up).
        step: the step's name within it.
        tool: the tool's name or the resource's URI.
        user: who called.
        execution: the number of the workflow execution in this run; 0 for none.
        outcome, status, reason: how it ended, as in `CallError`.
        text: an example text for failures, at most 300 characters, without secrets; "" for ok.
        started, finished: instants around the call itself.
        due: the instant at which it was to start, where the load shape fixed one.
        inbox_wait_s: how long the step lay in the user's inbox before they took it up.
        group, region: of the user; "" where the run has none.
        phase: set where the call belongs to a fixed phase whatever the time (set-up of a user who
            comes on stage in mid-run is `SETUP`); None means: by the clock.
        is_expected: the failure is part of the story, which goes on after it: a conflict that is
            retried, a look at what is not there yet. Its outcome stands, and it is no error in any figure.
        traceparent: under which it went to the server (`actors.trace_context`); "" for none.
        arguments: of the tool, for whoever looks on; never written down, for they may be anybody's texts.
    """

    workflow: str
    step: str
    tool: str
    user: str
    execution: int
    outcome: Outcome
    started: float
    finished: float
    status: int | None = None
    reason: str = ""
    text: str = ""
    due: float | None = None
    inbox_wait_s: float = 0.0
    group: str = ""
    region: str = ""
    phase: Phase | None = None
    is_expected: bool = False
    traceparent: str = ""
    arguments: Mapping[str, Any] | None = None


class SetupStep(enum.StrEnum):
    """A timed part of bringing up one user."""

    CREATE_USER = "user_creation"
    LOGIN = "login"
    REFRESH = "token_refresh"
    SESSION = "session"
    RECONNECT = "reconnect"
    PROVISION = "provisioning"
    DELETE_USER = "user_deletion"


@attrs.frozen
class SetupTiming:
    """One set-up (or removal) step of one user; `outcome` as for calls."""

    step: SetupStep
    user: str
    outcome: Outcome
    started: float
    finished: float
    text: str = ""


class Ending(enum.StrEnum):
    """How a workflow execution ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    """A step failed, or an expectation was violated."""
    INTERRUPTED = "interrupted"
    """Cut off by the end of the run, or because one of its users left for good."""


@attrs.frozen
class Execution:
    """One execution of a workflow, from its due instant to the end of its story.

    Attributes:
        number: of the execution within the run, from 1.
        cast: the users who played, first role first.
        due: the instant at which it was to start in the open model; None in the closed model.
        started, finished: instants; removal of what it made comes after `finished`.
        failure: the failed step and its kind, as `create_note: tool_error/404`; the place and text of
            a bug in the story itself, as `workflow_error: my_flows.py:12: KeyError: 'x'` (the first text of
            each place stands for all, so that their number is bounded); "" otherwise.
        conflicts: how many conflicts (412) were met and retried, as a real client does.
        leftovers: how many things it could not remove; they go with their user.
        checks: how many checks of each kind were made, whether they held or not.
        is_workflow_error: the story's own code failed, and not the server.
        traceparent: of the execution itself; its calls are within (`actors.trace_context`).
    """

    workflow: str
    number: int
    cast: tuple[str, ...]
    ending: Ending
    started: float
    finished: float
    due: float | None = None
    failure: str = ""
    violations: tuple[Violation, ...] = ()
    intervals: tuple[Interval, ...] = ()
    conflicts: int = 0
    leftovers: int = 0
    group: str = ""
    region: str = ""
    checks: Mapping[CheckKind, int] = attrs.field(factory=dict, hash=False)
    is_workflow_error: bool = False
    traceparent: str = ""


class Missed(enum.StrEnum):
    """Why a workflow that was to start did not."""

    POSTPONED = "postponed"
    """Closed model: too few users on stage for its roles."""
    DROPPED = "dropped"
    """Open model: no free user within the permitted lag, or before the end of the arrivals."""


@attrs.frozen
class NotStarted:
    """A workflow that was due at `at` and did not start.

    In the open model `at` is the instant at which it had been due, not the one at which it was given up:
    so it counts in the phase in which it arrived, and due = played + dropped + interrupted.
    """

    workflow: str
    why: Missed
    at: float
    group: str = ""


@attrs.frozen
class StepBegan:
    """A step of the set-up begins: the `number`-th of so many. `text` says what is done."""

    number: int
    of: int
    name: str
    text: str
    at: float


@attrs.frozen
class StepEnded:
    """It has ended. `text` is what is worth knowing then, or why it failed."""

    number: int
    of: int
    name: str
    ok: bool
    text: str
    at: float


@attrs.frozen
class Removed:
    """A thing that was created is gone, or, where not `ok`, could not be removed."""

    kind: str
    name: str
    ok: bool
    reason: str
    done: int
    of: int


@attrs.frozen
class Note:
    """A line for whoever looks on."""

    text: str
    level: str = "info"
    at: float = 0.0


@attrs.frozen
class PhaseBegan:
    """From `at` on, what starts belongs to `phase`."""

    phase: Phase
    at: float


@attrs.frozen
class OnStage:
    """Users of one group ("": the only one): so many are `there`, on stage.

    `wanted` is what the load shape asks for at this instant, in `unit`: `users`, or `arrivals/s`.
    """

    at: float
    group: str
    wanted: float
    there: int
    unit: str = "users"


class Lateness(msgspec.Struct, frozen=True, gc=False):
    """So many seconds after its instant the simulator itself let a workflow arrive, or came to its beat."""

    at: float
    seconds: float


@attrs.frozen
class Stalled:
    """The simulator's own loop was to do something at `at`, and came to it so many seconds later."""

    at: float
    seconds: float


@attrs.frozen
class Judged:
    """A threshold was found to hold, or not; `text` says what was measured.

    Told in mid-run when that has changed (until it is told, a threshold holds), and once more at the end.
    """

    at: float
    threshold: str
    held: bool
    text: str
    aborts: bool = False
    is_final: bool = False


@attrs.frozen
class RunEnded:
    """The load is over, and why."""

    at: float
    why: str


Event = (
    Call
    | SetupTiming
    | Execution
    | NotStarted
    | StepBegan
    | StepEnded
    | PhaseBegan
    | OnStage
    | Lateness
    | Stalled
    | Judged
    | Removed
    | Note
    | Steered
    | RunEnded
)
Emit = Callable[[Event], None]
"""Takes an event synchronously: it never raises, and never waits."""
