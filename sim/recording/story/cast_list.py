"""Who takes part: a role a person, and one for everybody who is only named."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import attrs

from sim.recording.document import Recording
from sim.recording.story.identifiers import Names
from sim.recording.story.leaf_values import leaves_of
from sim.recording.story.name_words import USERISH, words_of
from sim.recording.story.takes import Json, Take

UID = re.compile(r"[\w.@+-]{1,64}")
NAMES_SOMEBODY = frozenset({"user", "participant", "attendee", "invite", "member", "assignee", "recipient"})
OWN = ("uid_owner", "owner", "actorId", "uid_file_owner")
"""In answers to what somebody has made: who that was."""
NOBODY = frozenset({"me", "self", "all", "everyone", "none", "true", "false"})


@attrs.define
class CastMember:
    """A role. `uids`: under which others name them; `who`: in the recording, "" for who only is named."""

    role: str
    who: str
    uids: set[str]


class CastList:
    """Everybody, in the order of their first calls."""

    def __init__(self, recording: Recording, takes: Sequence[Take], names: Names) -> None:
        self._names = names
        self.members: list[CastMember] = []
        by_who = {person.who: person for person in recording.people}
        for place, who in enumerate(dict.fromkeys(take.who for take in takes), 1):
            person = by_who.get(who)
            uid = person.name if person else None
            role = names.take(uid or "", f"person_{place}")
            self.members.append(CastMember(role, who, {uid} if uid else set()))
        self._infer(takes)

    def role_of(self, who: str) -> str:
        return next(member.role for member in self.members if member.who == who)

    def named(self, uid: Json) -> str:
        """The role whom `uid` names, "" for none."""
        return (
            next((member.role for member in self.members if uid in member.uids), "")
            if isinstance(uid, str)
            else ""
        )

    def add(self, uid: str) -> str:
        """A role for somebody who only is named."""
        role = self._names.take(uid, f"person_{len(self.members) + 1}")
        self.members.append(CastMember(role, "", {uid}))
        return role

    def _infer(self, takes: Sequence[Take]) -> None:
        """Uids that answers give away: of who shares, and of whom with."""
        for take in takes:
            member = next(each for each in self.members if each.who == take.who)
            for uid in own_uids(take):
                if not any(uid in each.uids for each in self.members):
                    member.uids.add(uid)


def own_uids(take: Take) -> Iterable[str]:
    """Of the caller, as far as an answer shows it."""
    if take.error is not None:
        return
    if take.tool.creates and not take.only_reads:
        keys: tuple[str, ...] = OWN
    elif take.call.arguments.get("shared_with_me") is True:
        keys = ("share_with",)
    else:
        return
    for leaf in leaves_of(take.value):
        if leaf.keys and leaf.keys[-1] in keys and isinstance(leaf.value, str) and UID.fullmatch(leaf.value):
            yield leaf.value


def is_userish(key: str) -> bool:
    return bool(USERISH & {*words_of(key)})


def names_somebody(key: str, value: Json, beside: dict[str, Json]) -> bool:
    """Whether an argument is the uid of a user, be they known or not."""
    if not isinstance(value, str) or not UID.fullmatch(value) or value.lower() in NOBODY:
        return False
    if beside.get("share_type") not in (None, 0, "0") or str(beside.get("source", "users")) not in (
        "users",
        "user",
    ):
        return False
    words = words_of(key)
    return words[:2] == ("share", "with") or (
        bool(NAMES_SOMEBODY & {*words}) and words[-1] not in ("type", "count", "status")
    )
