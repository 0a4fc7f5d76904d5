"""What one user does by himself: he looks around, or keeps a note from its first to its last day."""

from __future__ import annotations

from workflows.base import workflow
from workflows.expect import content_is, has, lists
from workflows.role import Role
from workflows.run import Run

NOTE_SHARE_OF_WORK = 0.25
"""How often an execution is a note's life instead of a look around."""


@workflow(
    steps={
        "search_notes": "nc_notes_search_notes",
        "list_files": "nc_webdav_list_directory",
        "get_capabilities": "nc://capabilities",
        "create_note": "nc_notes_create_note",
        "read_note": "nc_notes_get_note",
        "update_note": "nc_notes_update_note",
        "delete_note": "nc_notes_delete_note",
    }
)
async def baseline(run: Run, user: Role) -> None:
    """One user searches, lists, asks for capabilities, or creates, reads, updates and deletes a note."""
    if run.random.random() < NOTE_SHARE_OF_WORK:
        await keep_a_note(run, user)
        return
    looks = (
        user.does("search_notes", query=run.settings.mark, expects=lists("results")),
        user.does("list_files", path="", expects=lists("files")),
        user.does("get_capabilities"),
    )
    await run.random.choice(looks)


async def keep_a_note(run: Run, user: Role) -> None:
    """Create, read, update, read again, delete; every read must show the newest text."""
    title = run.title("Diary")
    first, second = f"# {title}\n\nMorning.\n", f"# {title}\n\nEvening.\n"
    note = await user.does("create_note", title=title, content=first, category="", expects=has("id", "etag"))
    removal = user.does("delete_note", note_id=note["id"])
    run.afterwards(removal)
    await user.does("read_note", note_id=note["id"], expects=content_is(first))
    await user.does(
        "update_note", note_id=note["id"], etag=note["etag"], title=None, content=second, category=None
    )
    await user.does("read_note", note_id=note["id"], expects=content_is(second, older=[first]))
