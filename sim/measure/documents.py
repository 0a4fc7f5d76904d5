"""The form that a window has as JSON: plain lists and objects, each bounded, and checked as it is read.

Names of fields are the keys; what is empty is left out. Durations are seconds. A bound is what a window
of this program stays below by far: more is somebody else's doing.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from actors.events import Ending, Phase, ViolationKind
from sim.measure.sketch import MAX_POINTS

MAX_TEXT, MAX_LEAVES, MAX_NAMES, MAX_DROPPED = 4_000, 10_000, 1_000, 1_000

Text = Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Number = Annotated[float, msgspec.Meta(ge=-1e15, le=1e15)]
Amount = Annotated[float, msgspec.Meta(ge=0, le=1e15)]
Total = Annotated[float, msgspec.Meta(ge=-1e30, le=1e30)]
Means = Annotated[list[Number], msgspec.Meta(min_length=1, max_length=MAX_POINTS)]
Weights = Annotated[list[Annotated[int, msgspec.Meta(ge=1, le=2**53)]], msgspec.Meta(max_length=MAX_POINTS)]
Counts = Annotated[dict[Text, Count], msgspec.Meta(max_length=MAX_NAMES)]


class Document(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What all of them have in common: an unknown key is refused, not overlooked."""


class SketchDocument(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A list, since there are many: extremes, sum, and at most `MAX_POINTS` points, ascending.

    Without `weights` each point is one sample.
    """

    min: Number
    max: Number
    sum: Total
    means: Means
    weights: Weights = []


class StepDocument(Document, frozen=True):
    """A `StepLeaf` and where it belongs."""

    phase: Phase
    workflow: Text = ""
    step: Text = ""
    tool: Text = ""
    group: Text = ""
    region: Text = ""
    service: SketchDocument | None = None
    response: SketchDocument | None = None
    outcomes: Counts = {}
    kept_out: Count = 0


class SpanDocument(Document, frozen=True):
    """An `IntervalLeaf`."""

    lower: SketchDocument | None = None
    upper: SketchDocument | None = None
    first_hits: Count = 0


class ViolationDocument(Document, frozen=True):
    """One example of a violation."""

    kind: ViolationKind
    workflow: Text
    step: Text
    user: Text
    expected: Text
    seen: Text
    at: Number
    trace_id: Text = ""


class StoryDocument(Document, frozen=True):
    """A `StoryLeaf` and where it belongs."""

    phase: Phase
    workflow: Text = ""
    group: Text = ""
    region: Text = ""
    endings: dict[Ending, Count] = {}
    arrived: dict[Ending, Count] = {}
    latest_start_s: Amount = 0.0
    duration: SketchDocument | None = None
    response: SketchDocument | None = None
    failures: Counts = {}
    violations: dict[ViolationKind, Count] = {}
    examples: Annotated[list[ViolationDocument], msgspec.Meta(max_length=MAX_NAMES)] = []
    intervals: Annotated[dict[Text, SpanDocument], msgspec.Meta(max_length=MAX_NAMES)] = {}
    checks: Counts = {}
    conflicts: Count = 0
    leftovers: Count = 0
    kept_out: Count = 0


class LeavesDocument(Document, frozen=True):
    """`Leaves`."""

    steps: Annotated[list[StepDocument], msgspec.Meta(max_length=MAX_LEAVES)] = []
    stories: Annotated[list[StoryDocument], msgspec.Meta(max_length=MAX_LEAVES)] = []
    not_started: Annotated[list[tuple[Text, Text, Count]], msgspec.Meta(max_length=MAX_LEAVES)] = []
    dropped_due: Annotated[list[Number], msgspec.Meta(max_length=MAX_DROPPED)] = []
    inbox_wait: SketchDocument | None = None
    lateness: SketchDocument | None = None
    ended: SketchDocument | None = None
    ended_calls: Count = 0
    ended_errors: Count = 0
    ended_executions: Count = 0
    seconds: Amount = 0.0


class GeneratorDocument(Document, frozen=True):
    """What the simulator itself used."""

    cpu_s: Amount
    rss_bytes: Count


class SnapshotDocument(Document, frozen=True):
    """A `Snapshot`."""

    version: int
    number: Count
    started: Number
    seconds: Amount
    phase: Phase
    leaves: LeavesDocument
    wanted: Annotated[dict[Text, Amount], msgspec.Meta(max_length=MAX_NAMES)] = {}
    there: Counts = {}
    generator: GeneratorDocument | None = None
    stalled_s: Amount = 0.0
    bins: Annotated[list[Count], msgspec.Meta(max_length=MAX_NAMES)] = []
    units: Annotated[dict[Text, Text], msgspec.Meta(max_length=MAX_NAMES)] = {}
