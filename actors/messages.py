"""What is said between the director and a user: a step to carry out, and its answer.

Messages hold values only. A reply is one of `Done`, `Failed`, `ActorGone`; whoever asks gets
exactly one.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import msgspec
from msgspec.structs import replace

from actors.answer import Check, Finding, Json
from actors.errors import CallError
from actors.offered_tool import reads_by_name


def is_resource(tool: str) -> bool:
    """Whether `tool` is a resource's URI and no tool's name."""
    return "://" in tool


@lru_cache(maxsize=1024)
def may_change(tool: str) -> bool:
    """Whether calling `tool` may change something at the server: all but those whose names say otherwise."""
    return not is_resource(tool) and not reads_by_name(tool)


class Step(msgspec.Struct, frozen=True):
    """One call that a user is asked to make.

    Attributes:
        workflow, name: where it stands in the story; workflow "" for what is part of the set-up.
        tool: the tool's name, or a resource's URI (anything that contains `://`).
        arguments: of the tool; JSON values.
        execution: number of the workflow execution it belongs to.
        due: the instant at which it should start, in the open model; None otherwise.
        check: looks at the answer; findings make the outcome `wrong_content`.
        refusals: HTTP statuses with which the server is expected to refuse the call: such a refusal
            is then the good outcome, and a call that gets through is a finding. Empty: none expected.
        tolerated: HTTP statuses after which the story goes on as planned (a conflict that is retried, a
            look that comes too early): the call has failed, and is no error (`Call.is_expected`).
        traceparent: under which the call goes to the server (`actors.trace_context`); "" for none.
    """

    workflow: str
    name: str
    tool: str
    arguments: Mapping[str, Json]
    execution: int
    due: float | None = None
    check: Check | None = None
    refusals: frozenset[int] = frozenset()
    tolerated: frozenset[int] = frozenset()
    traceparent: str = ""

    @property
    def may_change(self) -> bool:
        """Whether the call may change something at the server: so does each tool whose name is not that
        of one which reads.
        """
        return may_change(self.tool)

    @property
    def is_resource(self) -> bool:
        return is_resource(self.tool)

    def due_at(self, instant: float) -> Step:
        """The same, due then."""
        return replace(self, due=instant)


class Done(msgspec.Struct, frozen=True):
    """The step was carried out.

    Attributes:
        value: the tool's result as JSON; None for an expected refusal.
        findings: what the step's check found wrong; empty when all is well.
        started, finished: instants around the call.
        inbox_wait_s: how long the step had lain in the inbox.
        bug: what the step's check raised, which is for the story to raise: the call itself got through.
    """

    value: Json
    started: float
    finished: float
    findings: tuple[Finding, ...] = ()
    inbox_wait_s: float = 0.0
    bug: Exception | None = None


class Failed(msgspec.Struct, frozen=True):
    """The call did not succeed; instants as in `Done`."""

    error: CallError
    started: float
    finished: float
    inbox_wait_s: float = 0.0


class ActorGone(msgspec.Struct, frozen=True):
    """The user left (or was cancelled) before they carried the step out."""

    user: str


Reply = Done | Failed | ActorGone
