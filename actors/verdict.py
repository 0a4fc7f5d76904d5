"""How a call is counted, recorded and answered, given what its step expected."""

from __future__ import annotations

import msgspec

from actors.answer import Finding, Json, examine
from actors.errors import CallError, Outcome
from actors.events import Call, Phase, ViolationKind
from actors.messages import ActorGone, Done, Failed, Reply, Step
from actors.ports import Person
from actors.secret import veiled
from actors.text import harmless


class CallVerdict(msgspec.Struct, frozen=True):
    """How a call is counted, and what the asker is told of it."""

    outcome: Outcome
    value: Json = None
    findings: tuple[Finding, ...] = ()
    error: CallError | None = None
    bug: Exception | None = None


INTERRUPTED = CallVerdict(Outcome.INTERRUPTED)


def judge_answer(step: Step, value: Json) -> CallVerdict:
    """The verdict on a call that got through."""
    if step.refusals:
        leak = Finding(ViolationKind.PERMISSION_LEAK, f"{step.tool} refused", "it got through")
        return CallVerdict(Outcome.WRONG_CONTENT, value, (leak,))
    try:
        findings = examine(step.check, value)
    except Exception as bug:
        # The check is the story's, and so is what it raises; the call has got through.
        return CallVerdict(Outcome.OK, value, bug=bug)
    return CallVerdict(Outcome.WRONG_CONTENT if findings else Outcome.OK, value, findings)


def judge_error(step: Step, error: CallError) -> CallVerdict:
    """The verdict on a call that failed; a refusal that was expected is a good outcome."""
    # Where it was raised, somebody holds the verdict: a circle, for the collector to find.
    error.__traceback__ = None
    if error.says(*step.refusals):
        return CallVerdict(Outcome.OK)
    return CallVerdict(error.outcome, error=error)


def measured(
    person: Person, step: Step, verdict: CallVerdict, started: float, finished: float, wait_s: float
) -> Call:
    """What is recorded of a call; instants and the time in the inbox as in `Call`."""
    error = verdict.error
    text = str(error) if error else ""
    if verdict.findings:
        text = "; ".join(finding.seen for finding in verdict.findings)
    return Call(
        workflow=step.workflow,
        step=step.name,
        tool=step.tool,
        user=person.uid,
        execution=step.execution,
        outcome=verdict.outcome,
        started=started,
        finished=finished,
        status=error.status if error else None,
        reason=error.reason if error else "",
        text=veiled(harmless(text), person.password.reveal()) if text else "",
        due=step.due,
        inbox_wait_s=wait_s,
        group=person.group,
        region=person.region,
        phase=None if step.workflow else Phase.SETUP,
        is_expected=error is not None and error.says(*step.tolerated),
        traceparent=step.traceparent,
        arguments=step.arguments,
    )


def reply_of(uid: str, verdict: CallVerdict, started: float, finished: float, wait_s: float) -> Reply:
    """What the asker is told of a call."""
    if verdict is INTERRUPTED:
        return ActorGone(uid)
    if verdict.error is not None:
        return Failed(verdict.error, started, finished, wait_s)
    return Done(verdict.value, started, finished, verdict.findings, wait_s, verdict.bug)
