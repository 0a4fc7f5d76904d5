"""People who were told apart, or not, by no more than their sessions and logins."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from sim.recording.document import Recording
from sim.recording.recorded_lines import RecordedPerson

MAX_SHOWN = 5


def as_one_person(recording: Recording) -> Recording:
    """The same, in which all who logged in as nobody are one: of a program with a session for each call."""
    nobodies = [person.who for person in recording.people if person.name is None]
    one = dict.fromkeys(nobodies, nobodies[0]) if nobodies else {}

    def whose(who: str) -> str:
        return one.get(who, who)

    return Recording(
        recording.head,
        tuple(person for person in recording.people if whose(person.who) == person.who),
        tuple(msgspec.structs.replace(each, who=whose(each.who)) for each in recording.tools),
        tuple(msgspec.structs.replace(each, who=whose(each.who)) for each in recording.calls),
        tuple(msgspec.structs.replace(each, who=whose(each.who)) for each in recording.asked),
        tuple(msgspec.structs.replace(each, who=each.who and whose(each.who)) for each in recording.gaps),
        recording.is_whole,
        recording.unknown_lines,
    )


def doubts_about(seen: list[RecordedPerson]) -> Iterator[str]:
    """What a reader may want to know of who is who, a line each."""
    for person in seen:
        if person.also:
            programs = ", ".join((person.client or "a program", *person.also))
            yield (
                f"{person.who} {person.name or ''}".strip()
                + f" is one person with several programs: {programs}"
            )
    by_program: dict[str, list[str]] = {}
    for person in seen:
        if person.name is None and person.client:
            by_program.setdefault(person.client, []).append(person.who)
    for program, several in by_program.items():
        if len(several) > 1:
            shown = ", ".join(several[:MAX_SHOWN]) + (", …" if len(several) > MAX_SHOWN else "")
            yield f"{shown} are sessions of {program} without a login; are they one person? --one-person"
