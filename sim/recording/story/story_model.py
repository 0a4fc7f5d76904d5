"""A workflow before it is written down: steps in their order, what they check, what is removed at the end."""

from __future__ import annotations

from typing import Literal

import attrs

from sim.recording.story.carrying import Doubt
from sim.recording.story.expressions import Expression
from sim.recording.story.leaf_values import Path
from sim.recording.story.takes import Json, Take

Verb = Literal["does", "creates_note", "until", "is_refused", "finds", "gets_through"]


@attrs.frozen
class HasKeys:
    keys: tuple[str, ...]


@attrs.frozen
class ListsRows:
    """The answer is a list, or has one under `key`."""

    key: str


@attrs.frozen
class ContentIs:
    text: str


@attrs.frozen
class GrantsRight:
    permissions: int


@attrs.frozen
class ShowsMade:
    """What was made up, as it was recorded."""

    texts: tuple[str, ...]


@attrs.frozen
class FindsText:
    newest: str
    older: tuple[str, ...]
    refused: tuple[str, ...]
    also: tuple[str, ...] = ()


@attrs.frozen
class FindsLines:
    base: str
    lines: tuple[str, ...]


@attrs.frozen
class FindsOthers:
    """After a conflict: one of `texts`, which the others wrote, or what was there at the look `before`."""

    texts: tuple[str, ...]
    before: Take


StepCheck = HasKeys | ListsRows | ContentIs | GrantsRight | ShowsMade | FindsText | FindsLines | FindsOthers


@attrs.frozen
class RowShows:
    """Some row of the list at `key` ("": the answer itself) has `value` under `column`."""

    key: str
    column: str
    value: Expression


@attrs.frozen
class HasRows:
    key: str


@attrs.frozen
class KeyIs:
    key: str
    value: Json


Sight = RowShows | HasRows | KeyIs


@attrs.define(eq=False)
class PlannedStep:
    """One step.

    Attributes:
        takes: the calls that it stands for; the last one has its answer.
        again: of `gets_through`: the look that tells how things are after a conflict.
        share: of a look: the call that shared what is looked for.
        is_absence_a_miss: whether "not found" means "not yet".
        outsider: the same look by somebody who is to be refused, where there is one.
        notes: comments, in the reader's words.
    """

    takes: list[Take]
    role: str
    verb: Verb = "does"
    name: str = ""
    arguments: dict[str, Expression] = attrs.Factory(dict)
    check: StepCheck | None = None
    sight: Sight | None = None
    again: PlannedStep | None = None
    share: Take | None = None
    outsider: PlannedStep | None = None
    statuses: tuple[int, ...] = ()
    is_absence_a_miss: bool = False
    doubts: tuple[Doubt, ...] = ()
    notes: list[str] = attrs.Factory(list)

    @property
    def first(self) -> Take:
        return self.takes[0]

    @property
    def take(self) -> Take:
        """The call whose answer is the step's."""
        return self.takes[-1]

    @property
    def tool(self) -> str:
        return self.first.call.name


@attrs.define(eq=False)
class PlannedRemoval:
    """`role` removes with `tool` what `of` made; `step`: the one that does it in the recording, if any."""

    of: Take
    tool: str
    role: str
    arguments: dict[str, Expression]
    name: str = ""
    step: PlannedStep | None = None


@attrs.define(eq=False)
class StoryPlan:
    """All of it.

    Attributes:
        rounds: steps that are made one after the other; those of one round at the same time.
        removals: by the place of the call whose thing they remove.
        staying: places of calls that made something which nothing removes.
        texts: contents that are checked later, as recorded: their name and value.
        thinking: median (s) and sigma; None where nobody paused.
        remarks: what could not be made of the recording.
    """

    name: str
    summary: str
    roles: list[str]
    rounds: list[list[PlannedStep]]
    removals: dict[int, PlannedRemoval]
    staying: dict[int, str]
    texts: dict[str, Expression]
    thinking: tuple[float, float] | None
    remarks: list[str]


def source_path(path: Path) -> str:
    return ".".join(map(str, path)) or "all of it"
