"""One user shares with many, and all of them read."""

from __future__ import annotations

from actors.answer import Answer
from workflows.base import workflow
from workflows.expect import content_is, has
from workflows.role import READ_ONLY, Role
from workflows.run import Run


@workflow(
    steps={
        "create_note": "nc_notes_create_note",
        "share_note_{i}": "nc_share_create",
        "read_note_{i}": "nc_notes_get_note",
        "delete_note": "nc_notes_delete_note",
    }
)
async def fan_out(run: Run, author: Role, *readers: Role) -> None:
    """One user shares a note with everybody at once, and everybody reads the same text."""
    title = run.title("Announcement")
    text = f"# {title}\n\nTo all, from {author.uid}.\n"
    note = await author.does(
        "create_note", title=title, content=text, category="", expects=has("id", "title")
    )
    run.afterwards(author.does("delete_note", note_id=note["id"]))
    path = await author.path_of(note)

    async def hand_to(i: int, reader: Role) -> Answer:
        await author.does("share_note_{i}", number=i, path=path, share_with=reader.uid, permissions=READ_ONLY)
        return await reader.until(
            "read_note_{i}",
            number=i,
            expects=content_is(text),
            absence_is_a_miss=True,
            note_id=note["id"],
        )

    await run.together(*(hand_to(i, reader) for i, reader in enumerate(readers, 1)))
