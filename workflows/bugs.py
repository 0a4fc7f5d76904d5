"""Bugs in the stories themselves: where they are, what they say, and when it is no use to go on."""

from __future__ import annotations

import inspect
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import trio

from actors.text import harmless
from workflows.base import Story

HOPELESS_AFTER = 10
"""So many executions of a workflow, and not one that did not end in a bug: it will never do better."""

PASSING = (trio.Cancelled, KeyboardInterrupt, GeneratorExit)
"""What is not the story's, and is never kept back."""


class BugWatch:
    """Keeps what bugs said, and tells when a run is to end because of them.

    Args:
        fail_fast: the first bug is enough.

    Attributes:
        hopeless: set when the run is to end in order.
        why: the reason, in one line; "" before.
    """

    def __init__(self, *, fail_fast: bool = False) -> None:
        self.hopeless = trio.Event()
        self.why = ""
        self._fail_fast = fail_fast
        self._texts: dict[str, str] = {}
        self._failed: Counter[str] = Counter()
        self._sound: set[str] = set()

    def first_text(self, place: str, text: str) -> str:
        """The text of the first bug at `place`: one text a place, so that their number is bounded."""
        return self._texts.setdefault(place, text)

    def note_sound(self, workflow: str) -> None:
        """An execution of `workflow` came to an end that was not a bug's."""
        self._sound.add(workflow)

    def note_bug(self, workflow: str, text: str) -> None:
        """An execution of `workflow` ended in a bug."""
        self._failed[workflow] += 1
        failures = self._failed[workflow]
        if not self._fail_fast and (workflow in self._sound or failures < HOPELESS_AFTER):
            return
        if not self.why:
            times = "failed" if self._fail_fast else f"failed in all of its {failures} executions"
            self.why = f"workflow {workflow} {times}: {text}"
        self.hopeless.set()


def leaves(error: BaseException) -> Iterator[BaseException]:
    """The exceptions in `error`, groups within groups taken apart."""
    if not isinstance(error, BaseExceptionGroup):
        yield error
        return
    for inner in error.exceptions:
        yield from leaves(inner)


def place_of(error: BaseException, story: Story) -> str:
    """`file.py:12`: the last line of the story's own file that was reached, else of any file."""
    code = inspect.unwrap(story).__code__
    frames = [(f.f_code.co_filename, line) for f, line in traceback.walk_tb(error.__traceback__)]
    own = [frame for frame in frames if frame[0] == code.co_filename]
    file, line = (own or frames or [(code.co_filename, code.co_firstlineno)])[-1]
    return f"{Path(file).name}:{line}"


def text_of(error: BaseException) -> str:
    """`KeyError: 'x'`, in one harmless line; whatever the exception's own methods do."""
    try:
        said = str(error)
    except Exception:
        said = "(its text cannot be made)"
    return harmless(f"{type(error).__name__}: {said}".removesuffix(": "))
