"""What a story expects of what its users see, and what came of it."""

from __future__ import annotations

import enum

import attrs


class ViolationKind(enum.StrEnum):
    """What one user saw that they must not have seen (or did not see, though they must)."""

    STALE_READ = "stale_reads"
    LOST_UPDATE = "lost_updates"
    DUPLICATE = "duplicates"
    PERMISSION_LEAK = "permission_leaks"
    WRONG_CONTENT = "wrong_contents"


class CheckKind(enum.StrEnum):
    """What a check is about: so that "every check held" can say how many there were, and of what."""

    CONTENT = "content"
    """A text or a file was compared with what had been written."""
    PERMISSION = "permission"
    """Somebody tried what they must not (or not yet, or no more) do, or a permission was read back."""
    OUTSIDER = "outsider"
    """A third user, with whom nothing was shared, looked for it."""
    PROPAGATION = "propagation"
    """A recipient looked until what was shared had reached them."""


@attrs.frozen
class Violation:
    """One violated expectation. `at` is an instant; `expected` and `seen` are short texts.

    Attributes:
        trace_id: of the execution (`actors.trace_context`); "" where it has none.
    """

    kind: ViolationKind
    workflow: str
    step: str
    user: str
    expected: str
    seen: str
    at: float
    trace_id: str = ""


@attrs.frozen
class Interval:
    """A named span that was observed from outside, hence known only between two bounds.

    For `propagation`: the share was acknowledged at 0; the last look that missed began `lower_s`
    after it (0 when the first look hit), and the first that hit ended at `upper_s`. What the looking
    user spent on other work is taken out of both.

    Attributes:
        first_hit: True when the first look already hit.
    """

    name: str
    lower_s: float
    upper_s: float
    first_hit: bool
