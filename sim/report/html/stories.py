"""Executions that are shown whole: how a share travels, and what was seen that must not have been."""

from __future__ import annotations

import attrs

from sim.report.html.chart import Table
from sim.report.html.lanes import lanes, says
from sim.report.page import clock, duration, several
from sim.report.result import Result
from sim.report.result_end import ExecutionExample, StepSpan, ViolationExample

MAX_CARDS = 12
"""Of all kinds together; the JSON of the run has the others."""


@attrs.frozen
class Played:
    """One execution with its picture, and the same in figures."""

    title: str
    says: str
    picture: str
    table: Table


@attrs.frozen
class Story:
    """A workflow: the execution that took as long as most, and the slowest."""

    name: str
    says: str
    usual: Played | None
    slowest: tuple[Played, ...]


@attrs.frozen
class Card:
    """One violation: what was expected, what was seen, and what both users did.

    Attributes:
        trace: its id, "" for none.
        at: seconds since the start.
    """

    title: str
    where: str
    trace: str
    expected: str
    seen: str
    at: float
    picture: str
    table: Table


def stories(result: Result) -> list[Story]:
    """Of every workflow that more than one user plays, first; then of the others."""
    found = [
        Story(
            name,
            _story_says(result, name),
            played("A usual execution", kept.median) if kept.median else None,
            tuple(played(f"{name} {each.number}", each) for each in kept.slowest),
        )
        for name, kept in result.examples.items()
        if kept.median or kept.slowest
    ]
    casts = {name: _cast(result, name) for name in result.examples}
    return sorted(found, key=lambda story: (casts[story.name] < 2, story.name))


def _cast(result: Result, name: str) -> int:
    return max((len(each.cast) for each in result.examples[name].slowest), default=0)


def _story_says(result: Result, name: str) -> str:
    story = result.workflows.get(name)
    if story is None:
        return ""
    times = f"p50 {duration(story.latency.median)}, p95 {duration(story.latency.p95)}"
    spans = [each for each in result.propagation.values() if each.workflow == name]
    seen = "".join(
        f"; others saw it within {duration(span.upper.median)} (p50), {duration(span.upper.p95)} (p95)"
        for span in spans
    )
    return f"{several(story.successful_executions, 'execution')} succeeded, {times}{seen}"


def played(title: str, execution: ExecutionExample) -> Played:
    text = says(execution.steps, execution.seconds) if execution.steps else ""
    head = f"began at {clock(execution.begun)}, took {duration(execution.seconds)}"
    return Played(f"{title}: {head}", text, lanes(execution.steps, title), spans_table(execution.steps))


def spans_table(spans: tuple[StepSpan, ...]) -> Table:
    """Every call in the order in which it began."""
    begun = min((span.begun for span in spans), default=0.0)
    rows = tuple(
        (span.user, span.step, span.tool, f"{span.begun - begun:.3f}", f"{span.seconds:.3f}", span.outcome)
        for span in sorted(spans, key=lambda span: span.begun)
    )
    return Table(("user", "step", "tool", "began s", "took s", "ended"), rows)


def cards(result: Result) -> list[Card]:
    """Violations in the order in which they were seen."""
    every = [(name, one) for name, found in result.consistency.items() for one in found.examples]
    every.sort(key=lambda pair: pair[1].at)
    return [card(name, one) for name, one in every[:MAX_CARDS]]


def card(workflow: str, one: ViolationExample) -> Card:
    kind = one.kind.removesuffix("s").replace("_", " ")
    number = f" {one.execution}" if one.execution else ""
    return Card(
        title=f"{kind[:1].upper()}{kind[1:]}",
        where=f"{clock(one.at)}, {workflow}{number}, {one.user} at {one.step}",
        trace=one.trace_id,
        expected=one.expected,
        seen=one.seen,
        at=one.at,
        picture=lanes(one.steps, f"{kind} at {one.step}", offending(one)),
        table=spans_table(one.steps),
    )


def offending(one: ViolationExample) -> StepSpan | None:
    """The last call of that step and user that had ended when the violation was seen."""
    calls = [span for span in one.steps if (span.step, span.user) == (one.step, one.user)]
    ended = [span for span in calls if span.begun + span.seconds <= one.at + 1e-6]
    return max(ended or calls, key=lambda span: span.begun, default=None)


def cards_say(result: Result) -> str:
    """How many there were, and how many are shown."""
    shown = min(MAX_CARDS, sum(len(found.examples) for found in result.consistency.values()))
    return f"the first {shown} of {result.violations:,}" if shown < result.violations else ""
