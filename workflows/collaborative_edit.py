"""Several users edit one note at the same time; every acknowledged addition must survive, once."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from actors.answer import Answer, Json
from workflows.base import workflow
from workflows.expect import content_is
from workflows.lines import Lines
from workflows.role import Role
from workflows.scene import Scene
from workflows.sharing import EDIT


@workflow(
    steps={
        "create_note": "nc_notes_create_note",
        "read_before_share": "nc_notes_get_note",
        "share_note_{i}": "nc_share_create",
        "concurrent_read_{i}": "nc_notes_get_note",
        "concurrent_append_{i}": "nc_notes_append_content",
        "reread_{i}": "nc_notes_get_note",
        "verify_final_state": "nc_notes_get_note",
        "outsider_read": "nc_notes_get_note",
        "unshare_{i}": "nc_share_delete",
        "delete_note": "nc_notes_delete_note",
    }
)
async def collaborative_edit(
    scene: Scene, owner: Role, *collaborators: Role, outsider: Role | None = None
) -> None:
    """Everybody reads a shared note at once, everybody appends to it at once, nothing may be lost."""
    title = scene.title("Common note")
    text = f"# {title}\n"
    note = await owner.creates_note("create_note", title=title, content=text)
    await collaborators[0].is_refused("read_before_share", note_id=note["id"])
    shares = [None, *[await hand_to(member, i, owner, note) for i, member in enumerate(collaborators, 1)]]
    everybody = tuple(enumerate((owner, *collaborators)))
    await scene.together(
        *(
            member.until(
                "concurrent_read_{i}",
                number=i,
                expects=content_is(text),
                interval="",
                absence_is_a_miss=True,
                share=shares[i],
                note_id=note["id"],
            )
            for i, member in everybody
        )
    )
    additions = [Addition(scene, member, i, note["id"]) for i, member in everybody]
    possible = Lines(text, possible=[addition.line for addition in additions])
    try:
        await scene.together(*(addition.append(possible) for addition in additions))
    finally:
        # What was acknowledged must stand there also when somebody else's addition failed.
        acknowledged = [addition.line for addition in additions if addition.acknowledged]
        await owner.finds(  # noqa: ASYNC102 (cancelled means: at once)
            "verify_final_state", attrs.evolve(possible, wanted=acknowledged), note_id=note["id"]
        )
    if outsider:
        await outsider.is_refused("outsider_read", note_id=note["id"])


async def hand_to(member: Role, number: int, owner: Role, note: Answer) -> Answer:
    """The owner lets `member` edit the note; the share."""
    return await owner.shares(
        "share_note_{i}",
        number=number,
        path=await owner.path_of(note),
        share_with=member.uid,
        permissions=EDIT,
        removal="unshare_{i}",
    )


class Addition:
    """One line that one user adds. Unless it is `acknowledged`, it was refused, or nobody knows."""

    def __init__(self, scene: Scene, member: Role, number: int, note_id: int) -> None:
        self.line = f"addition {scene.number}-{number} by {member.uid}"
        self.acknowledged = False
        self.member = member
        self._number = number
        self._note_id = note_id

    async def append(self, possible: Lines) -> None:
        """Append the line as a real client does: on a conflict, read again and try again, boundedly.

        An append whose answer never came is not repeated: it may have been carried out. Raises
        StepFailed when the server refuses it, or after the last conflict.

        Args:
            possible: what may stand in the note when it is read again.
        """

        async def reread() -> Mapping[str, Json]:
            await self.member.does(
                "reread_{i}", number=self._number, note_id=self._note_id, expects=possible.unspoiled
            )
            return {}

        await self.member.gets_through(
            "concurrent_append_{i}", reread, number=self._number, note_id=self._note_id, content=self.line
        )
        self.acknowledged = True
