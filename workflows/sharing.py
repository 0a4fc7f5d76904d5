"""What a share permits, in words, and how a server's own word on it is read.

A permission is a sum: 1 read, 2 update, 4 create, 8 delete, 16 reshare (OCS share API). **A note is a
file**, and a file has only 1, 2 and 16: nothing can be created or deleted in one. Nextcloud takes more when
a share is made, and grants what a file can have; when it is *changed* to more, it refuses (HTTP 404, "Cannot
increase permissions"). So there are words for files and notes, and others for folders.
"""

from __future__ import annotations

from actors.answer import Answer, Finding, Json, excerpt
from actors.events import ViolationKind
from workflows.expect import Expectation

READ_ONLY = 1
EDIT = 3
"""Read and change a file or a note."""
MAY_RESHARE = 19
"""Read, change and share on a file or a note."""
EDIT_FOLDER = 15
"""Read, change, create and delete below a folder."""
MAY_RESHARE_FOLDER = 31
"""All that a folder can have."""

UPDATE = 2
WRITES = 2 | 4 | 8


def grants(asked: int) -> Expectation:
    """A check on what creating or changing a share answers: the right to write is as was asked for.

    An answer that does not tell its permissions is no finding: not every release does. Nor is a right to
    share on, which is for an administrator to add or to take.
    """

    def look(answer: Answer) -> tuple[Finding, ...]:
        granted = number(answer.get("permissions"))
        if granted is None:
            return ()
        told = excerpt(f"permissions {granted}")
        if granted & ~asked & WRITES:
            return (Finding(ViolationKind.PERMISSION_LEAK, f"permissions {asked}", told),)
        if asked & ~granted & UPDATE:
            return (Finding(ViolationKind.WRONG_CONTENT, f"permissions {asked}", told),)
        return ()

    return Expectation(None, look)


def number(value: Json) -> int | None:
    """A number, also one that comes as a text; None for all else."""
    if isinstance(value, str) and value.isdecimal() and value.isascii() and len(value) < 10:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
