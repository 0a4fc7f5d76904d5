"""What the windows of a shard do not tell of it: its users, examples, and how it went. As JSON, checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Any

import attrs
import msgspec

from actors.events import Phase
from actors.text import harmless
from sim.clean.cleanup_result import CleanupResult
from sim.clean.end import CleanupEnd
from sim.fleet.event_json import shifted
from sim.measure.documents import SketchDocument
from sim.measure.kept import MAX_KEPT, MAX_SAMPLE, Example, ExamplesOfStory
from sim.measure.plain_leaves import sketch_document, sketch_of
from sim.measure.run_leaves import FailureExample, ManyCounts, UserLeaf
from sim.measure.tally import MAX_EXAMPLES, Tally

MAX_SHOWN = 200
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class Plain(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What all of them have in common: an unknown key is refused."""


class UserDocument(Plain, frozen=True, array_like=True):
    """A `UserLeaf`. Without `timed` there are no extremes."""

    steps: dict[str, Count]
    outcomes: dict[str, Count]
    timed: Count
    seconds: float
    fastest_s: float | None
    slowest_s: float | None
    service: SketchDocument | None
    has_sketch: bool


class FailuresDocument(Plain, frozen=True):
    """The first texts of one kind of failure."""

    phase: Phase
    kind: str
    examples: list[FailureExample]


class ShardFacts(Plain, frozen=True):
    """How it went.

    Attributes:
        stopped: why its load ended; `problem` why it could not begin, or ended early.
        calls, cpu: of the measured phase; `cpu` the share of a core, None: not known.
        start_skew_s: so long after the instant that was told it began.
        removed: things that are confirmed to be gone; None: nothing was to be removed.
        left: names of what is still there, or may be.
    """

    host: str
    login: str
    users: Count
    stopped: str
    problem: str
    protocols: dict[str, Count]
    steps: dict[str, list[str]]
    calls: Count
    cpu: float | None
    start_skew_s: float | None
    removed: Count | None
    left: list[str]
    expiring: list[str]
    notes: list[str]
    ledger: str
    kept: bool

    @property
    def cleanup(self) -> CleanupEnd:
        """What became of what it made."""
        result = None
        if self.removed is not None:
            result = CleanupResult(
                self.removed, tuple(self.left), tuple(self.expiring), "", tuple(self.notes)
            )
        return CleanupEnd(result, self.ledger, self.kept)


class Rest(Plain, frozen=True):
    """All of it. Instants count from the shard's start."""

    facts: ShardFacts
    users: dict[str, UserDocument]
    failures: list[FailuresDocument]
    kept: dict[str, ExamplesOfStory]


class BadRest(ValueError):
    """It is none; the text says why, in one line."""


def rest_to_json(tally: Tally, facts: ShardFacts, started: float) -> dict[str, Any]:
    """Of a run that is over.

    Args:
        started: the instant from which those in it are to count.
    """
    rest = Rest(
        facts=facts,
        users={uid: user_document(leaf) for uid, leaf in tally.users.items()},
        failures=[FailuresDocument(*place, examples) for place, examples in tally.failure_examples.items()],
        kept={name: examples_from(story, -started) for name, story in tally.kept.stories.items()},
    )
    plain: dict[str, Any] = msgspec.to_builtins(rest)
    return plain


def rest_from_json(document: object) -> Rest:
    """Raises BadRest."""
    try:
        return msgspec.convert(document, Rest)
    except (ValueError, RecursionError) as error:
        raise BadRest(harmless(str(error), MAX_SHOWN)) from None


def absorb_rest(tally: Tally, rest: Rest, started: float) -> None:
    """Add to the tally of all windows what they did not tell of this shard.

    Raises BadRest where a user's points are none.

    Args:
        started: the shard's start on the clock of the tally.
    """
    for uid, document in rest.users.items():
        tally.users[uid] = user_of(document, tally.places_of_steps)
    for each in rest.failures:
        add_failures(tally.failure_examples.setdefault((each.phase, each.kind), []), each.examples)
    for name, story in rest.kept.items():
        add_examples(tally.kept.stories[name], examples_from(story, started))


def user_document(leaf: UserLeaf) -> UserDocument:
    fastest, slowest = (leaf.fastest_s, leaf.slowest_s) if leaf.timed else (None, None)
    service = None if leaf.service is None else sketch_document(leaf.service)
    steps, outcomes = dict(leaf.steps.items()), dict(leaf.outcomes)
    has_sketch = leaf.service is not None
    return UserDocument(steps, outcomes, leaf.timed, leaf.seconds, fastest, slowest, service, has_sketch)


def user_of(told: UserDocument, places: dict[str, int]) -> UserLeaf:
    try:
        service = sketch_of(told.service) if told.has_sketch else None
    except ValueError as error:
        raise BadRest(str(error)) from None
    leaf = UserLeaf(service, ManyCounts(places), Counter(told.outcomes), told.timed, told.seconds)
    for step, count in told.steps.items():
        leaf.steps.add(step, count)
    if told.fastest_s is not None and told.slowest_s is not None:
        leaf.fastest_s, leaf.slowest_s = told.fastest_s, told.slowest_s
    return leaf


def add_failures(known: list[FailureExample], more: Iterable[FailureExample]) -> None:
    for example in more:
        if len(known) < MAX_EXAMPLES and all(example.text != each.text for each in known):
            known.append(example)


def add_examples(known: ExamplesOfStory, more: ExamplesOfStory) -> None:
    """The slowest of both, the first of both, and a sample of both."""
    known.slowest = sorted([*known.slowest, *more.slowest], key=lambda each: -each.seconds)[:MAX_KEPT]
    known.failed = by_time([*known.failed, *more.failed])[:MAX_KEPT]
    known.violated = by_time([*known.violated, *more.violated])[:MAX_KEPT]
    sample = by_time([*known.sample, *more.sample])
    known.sample = sample[:: -(-len(sample) // MAX_SAMPLE)] if sample else []
    known.succeeded += more.succeeded


def by_time(examples: list[Example]) -> list[Example]:
    return sorted(examples, key=lambda each: (each.execution.finished, each.execution.number))


def examples_from(story: ExamplesOfStory, by_s: float) -> ExamplesOfStory:
    """The same on another clock."""

    def moved(examples: list[Example]) -> list[Example]:
        return [
            Example(shifted(each.execution, by_s), tuple(shifted(span, by_s) for span in each.spans))
            for each in examples
        ]

    return attrs.evolve(
        story,
        slowest=moved(story.slowest),
        failed=moved(story.failed),
        violated=moved(story.violated),
        sample=moved(story.sample),
    )
