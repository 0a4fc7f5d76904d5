"""How a call is counted: the outcome of an answer or an error, given what its step expected."""

from __future__ import annotations

import attrs

from actors.answer import Finding, Json, examine
from actors.errors import CallError, Outcome
from actors.measurement import ViolationKind
from actors.messages import Step


@attrs.frozen
class Verdict:
    """How a call is counted, and what the asker is told of it."""

    outcome: Outcome
    value: Json = None
    findings: tuple[Finding, ...] = ()
    error: CallError | None = None


INTERRUPTED = Verdict(Outcome.INTERRUPTED)


def judge_answer(step: Step, value: Json) -> Verdict:
    """The verdict on a call that got through."""
    if step.refusals:
        leak = Finding(ViolationKind.PERMISSION_LEAK, f"{step.tool} refused", "it got through")
        return Verdict(Outcome.WRONG_CONTENT, value, (leak,))
    findings = examine(step.check, value)
    return Verdict(Outcome.WRONG_CONTENT if findings else Outcome.OK, value, findings)


def judge_error(step: Step, error: CallError) -> Verdict:
    """The verdict on a call that failed; a refusal that was expected is a good outcome."""
    if error.says(*step.refusals):
        return Verdict(Outcome.OK)
    return Verdict(error.outcome, error=error)
