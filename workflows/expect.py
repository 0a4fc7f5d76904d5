"""Checks for a step's answer: what it must show, and what it means when it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import attrs

from actors.answer import Answer, Check, Finding, Json, WrongAnswer, excerpt
from actors.events import CheckKind, ViolationKind
from workflows.texts import Text, plain


@attrs.frozen
class Expectation:
    """A check, and what it is about.

    Attributes:
        kind: under which it is counted; None: not at all, as it looks only at the shape of an answer.
        look: what it finds. Any function of an `Answer` will do for a check; one that is no
            `Expectation` counts as one of the content.
    """

    kind: CheckKind | None
    look: Check

    def __call__(self, answer: Answer) -> tuple[Finding, ...]:
        return self.look(answer)


def content_is(
    newest: str,
    *,
    older: Iterable[str] = (),
    refused: Iterable[str] = (),
    also: Iterable[str] = (),
    key: str = "content",
) -> Expectation:
    """The text at `key` is `newest`, or one of `also` that were written at the same time, line ends apart.

    One look decides: one of the `older` texts is a stale read, one whose writing was `refused` a permission
    leak, anything else a wrong content. Where an older text may be a lost update, look with
    `Role.finds(step, Text(newest, older=…))`, which tells the two apart.
    """
    return Expectation(CheckKind.CONTENT, Text(newest, older, refused, key, also).judge)


def has(*keys: str) -> Expectation:
    """The answer is an object with these keys."""

    def look(answer: Answer) -> tuple[Finding, ...]:
        for key in keys:
            answer[key]
        return ()

    return Expectation(None, look)


def lists(*keys: str) -> Expectation:
    """The answer is a list, or has one under the first of `keys` that it has (`lists("results")`)."""

    def look(answer: Answer) -> tuple[Finding, ...]:
        answer.rows(*keys)
        return ()

    return Expectation(None, look)


def shows(*values: Json) -> Expectation:
    """Each of `values` stands somewhere in the answer, however deep: what somebody wrote is what is read.

    A text is shown where it stands in a longer one, too.
    """

    def look(answer: Answer) -> tuple[Finding, ...]:
        seen = list(singles(answer.value))
        missing = [value for value in values if not any(is_shown(value, each) for each in seen)]
        return tuple(
            Finding(ViolationKind.WRONG_CONTENT, excerpt(value), excerpt(answer.value)) for value in missing
        )

    return Expectation(CheckKind.CONTENT, look)


def singles(value: Json) -> Iterator[Json]:
    """The values in `value` that are no containers, keys left out."""
    level = [value]
    while level:
        each = level.pop()
        if isinstance(each, dict | list):
            level += each.values() if isinstance(each, dict) else each
        else:
            yield each


def is_shown(wanted: Json, seen: Json) -> bool:
    if isinstance(wanted, str) and isinstance(seen, str):
        return plain(wanted) in plain(seen)
    return bool(wanted == seen and isinstance(wanted, bool) == isinstance(seen, bool))


def is_note(answer: Answer) -> tuple[Finding, ...]:
    """The answer names a note: an `id` that is a number, and the `title` that it was given."""
    value = answer["id"]
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if not is_number and not (isinstance(value, str) and value.isdecimal()):
        raise WrongAnswer("a number at 'id'", value)
    answer.text("title")
    return ()


def hides(sees: Callable[[Answer], bool]) -> Expectation:
    """The answer does not show what `sees` looks for: it would be a permission leak."""

    def look(answer: Answer) -> tuple[Finding, ...]:
        if not sees(answer):
            return ()
        return (Finding(ViolationKind.PERMISSION_LEAK, "nothing of it is shown", excerpt(answer.value)),)

    return Expectation(CheckKind.PERMISSION, look)
