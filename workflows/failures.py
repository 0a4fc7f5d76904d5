"""What can end a story before its time. A story may catch `StepFailed`; the director catches all."""

from __future__ import annotations

from actors.answer import Finding
from actors.errors import CallError, SimulateError
from actors.messages import Failed


class StoryEnded(SimulateError):
    """A story cannot go on."""


class StepFailed(StoryEnded):
    """A step did not succeed. A story may catch it and go on.

    `error` has the outcome, the HTTP status, and whether it was answered: where it was not, nobody knows
    whether the call was carried out, so it is not to be repeated blindly.
    """

    def __init__(self, step: str, reply: Failed) -> None:
        super().__init__(f"{step}: {reply.error.kind}")
        self.step = step
        self.reply = reply

    @property
    def error(self) -> CallError:
        return self.reply.error

    @property
    def is_conflict(self) -> bool:
        """HTTP 412: somebody else changed it first."""
        return self.error.says(412)

    @property
    def is_absence(self) -> bool:
        """HTTP 404: it is not there, or not for this user."""
        return self.error.says(404)


class ExpectationFailed(StoryEnded):
    """A user saw what they must not have seen; the violations are already noted."""

    def __init__(self, step: str, findings: tuple[Finding, ...]) -> None:
        super().__init__(f"{step}: {findings[0].kind.value}")
        self.step = step
        self.findings = findings


class CastGone(StoryEnded):
    """A user of the cast left for good in the middle of the story."""

    def __init__(self, step: str, user: str) -> None:
        super().__init__(f"{step}: {user} has gone")


class NoSuchStep(LookupError):
    """A story names a step that its table has not. The text lists those that it has."""


class LooseEnds(Exception):
    """A story ended and left something undone: a move that nobody awaits, a task that goes on."""


class StoryBug(Exception):
    """A story waits for itself, and would for ever (virtual time). Ends the run."""
