"""What one user does alone: they look around, or keep a note from its first to its last day."""

from __future__ import annotations

from workflows.base import workflow
from workflows.expect import content_is, lists
from workflows.role import Role
from workflows.scene import Scene
from workflows.texts import Text

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
async def baseline(scene: Scene, user: Role) -> None:
    """One user searches, lists, asks for capabilities, or creates, reads, updates and deletes a note."""
    if scene.random.random() < NOTE_SHARE_OF_WORK:
        await keep_a_note(scene, user)
        return
    look = scene.random.choice(("search_notes", "list_files", "get_capabilities"))
    if look == "search_notes":
        await user.does(look, query=scene.settings.mark, expects=lists("results"))
    elif look == "list_files":
        await user.does(look, path="", expects=lists("files"))
    else:
        await user.does(look)


async def keep_a_note(scene: Scene, user: Role) -> None:
    """Create, read, update, read again, delete; every read must show the newest text."""
    title = scene.title("Diary")
    first, second = f"# {title}\n\nMorning.\n", f"# {title}\n\nEvening.\n"
    note = await user.creates_note("create_note", title=title, content=first)
    await user.does("read_note", note_id=note["id"], expects=content_is(first))
    await user.does(
        "update_note", note_id=note["id"], etag=note["etag"], title=None, content=second, category=None
    )
    await user.finds("read_note", Text(second, older=[first]), note_id=note["id"])
