"""One user shares with many, and all of them read."""

from __future__ import annotations

from actors.answer import Answer
from workflows.base import workflow
from workflows.expect import content_is
from workflows.role import Role
from workflows.scene import Scene
from workflows.sharing import READ_ONLY


@workflow(
    steps={
        "create_note": "nc_notes_create_note",
        "read_before_share": "nc_notes_get_note",
        "share_note_{i}": "nc_share_create",
        "read_note_{i}": "nc_notes_get_note",
        "outsider_read": "nc_notes_get_note",
        "unshare_{i}": "nc_share_delete",
        "delete_note": "nc_notes_delete_note",
    }
)
async def fan_out(scene: Scene, author: Role, *readers: Role, outsider: Role | None = None) -> None:
    """One user shares a note with everybody at once, and everybody reads the same text."""
    title = scene.title("Announcement")
    text = f"# {title}\n\nTo all, from {author.uid}.\n"
    note = await author.creates_note("create_note", title=title, content=text)
    await readers[0].is_refused("read_before_share", note_id=note["id"])
    path = await author.path_of(note)

    async def hand_to(i: int, reader: Role) -> Answer:
        share = await author.shares(
            "share_note_{i}",
            number=i,
            path=path,
            share_with=reader.uid,
            permissions=READ_ONLY,
            removal="unshare_{i}",
        )
        return await reader.until(
            "read_note_{i}",
            number=i,
            expects=content_is(text),
            absence_is_a_miss=True,
            share=share,
            note_id=note["id"],
        )

    await scene.together(*(hand_to(i, reader) for i, reader in enumerate(readers, 1)))
    if outsider:
        await outsider.is_refused("outsider_read", note_id=note["id"])
