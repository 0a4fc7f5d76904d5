"""Who was not in the recording looks where it shows that they are refused, and nowhere else."""

from __future__ import annotations

import pytest

from sim.recording.story.story_text import workflow_text
from tests.recording.tape import Tape

ROOMS = (
    "rooms_create_room(title)",
    "rooms_add_participant(room_id:int, participant)",
    "rooms_remove_participant(participant_id:int)",
    "rooms_open_to_all(room_id:int)",
    "rooms_get_room(room_id:int)!",
    "rooms_delete_room(room_id:int)",
)
NO = "Room 40 not found"


def a_shared_room(*acts: str) -> str:
    """What is written of a room that ann makes, in which bob looks, and which is shared in the meantime."""
    tape = Tape(*ROOMS)
    ann, bob = tape.person("ann"), tape.person("bob")
    room, member, title = tape.of_server(40), tape.of_server(17), tape.made("Lounge of mine")
    shown = {"id": room, "title": title}
    tape.call(ann, "rooms_create_room", {"title": title}, shown)
    for act in acts:
        match act:
            case "refused":
                tape.call(bob, "rooms_get_room", {"room_id": room}, None, error=NO)
            case "seen":
                tape.call(bob, "rooms_get_room", {"room_id": room}, shown)
            case "added":
                given = {"room_id": room, "participant": tape.uid(bob)}
                tape.call(ann, "rooms_add_participant", given, {"id": member})
            case "taken back":
                tape.call(ann, "rooms_remove_participant", {"participant_id": member}, {"success": True})
            case "opened":
                tape.call(ann, "rooms_open_to_all", {"room_id": room}, {"success": True})
            case "deleted":
                tape.call(ann, "rooms_delete_room", {"room_id": room}, {"success": True})
    return workflow_text(tape.recording(), "recorded")


@pytest.mark.parametrize(
    ("acts", "looks"),
    [
        (("refused", "added", "seen"), True),
        (("added", "seen", "taken back", "refused"), True),
        (("refused", "opened", "seen"), False),
        (("refused", "added", "opened", "seen"), False),
        (("added", "seen"), False),
        (("added", "seen", "deleted", "refused"), False),
        (("refused", "seen"), False),
    ],
)
def test_an_outsider_looks_only_where_the_recording_shows_that_they_are_refused(
    acts: tuple[str, ...], looks: bool
) -> None:
    text = a_shared_room(*acts)
    assert ("*, outsider: Role | None = None" in text) is looks
    assert ('await outsider.is_refused("outsider_get_room", room_id=room["id"])' in text) is looks
    compile(text, "recorded.py", "exec")
