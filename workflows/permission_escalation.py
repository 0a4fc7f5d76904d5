"""What a collaborator may do follows what the owner permits, at every step of the way."""

from __future__ import annotations

from workflows.base import workflow
from workflows.expect import content_is, has
from workflows.role import EDIT, READ_ONLY, Role
from workflows.run import Run


@workflow(
    steps={
        "create_note": "nc_notes_create_note",
        "share_readonly": "nc_share_create",
        "collaborator_read": "nc_notes_get_note",
        "edit_refused": "nc_notes_update_note",
        "upgrade_permissions": "nc_share_update",
        "collaborator_edit": "nc_notes_update_note",
        "owner_read": "nc_notes_get_note",
        "downgrade_permissions": "nc_share_update",
        "edit_refused_again": "nc_notes_update_note",
        "unshare": "nc_share_delete",
        "read_refused": "nc_notes_get_note",
        "delete_note": "nc_notes_delete_note",
    }
)
async def permission_escalation(run: Run, owner: Role, collaborator: Role) -> None:
    """Read-only, then edit, then read-only again, then nothing: each is tried and must hold."""
    title = run.title("Guarded note")
    original, edited = f"# {title}\n\nBy {owner.uid}.\n", f"# {title}\n\nEdited by {collaborator.uid}.\n"
    note = await owner.does(
        "create_note", title=title, content=original, category="", expects=has("id", "title")
    )
    run.afterwards(owner.does("delete_note", note_id=note["id"]))
    share = await owner.does(
        "share_readonly",
        path=await owner.path_of(note),
        share_with=collaborator.uid,
        permissions=READ_ONLY,
        expects=has("id"),
    )
    seen = await collaborator.until(
        "collaborator_read",
        expects=content_is(original),
        absence_is_a_miss=True,
        note_id=note["id"],
    )
    attempt = {"note_id": note["id"], "title": None, "category": None}
    await collaborator.is_refused("edit_refused", **attempt, etag=seen["etag"], content="not permitted\n")

    await owner.does("upgrade_permissions", share_id=share["id"], permissions=EDIT)
    changed = await collaborator.does(
        "collaborator_edit", **attempt, etag=seen["etag"], content=edited, expects=has("etag")
    )
    await owner.does("owner_read", note_id=note["id"], expects=content_is(edited, older=[original]))

    await owner.does("downgrade_permissions", share_id=share["id"], permissions=READ_ONLY)
    await collaborator.is_refused(
        "edit_refused_again", **attempt, etag=changed["etag"], content="not permitted any more\n"
    )

    await owner.does("unshare", share_id=share["id"])
    await collaborator.is_refused("read_refused", note_id=note["id"])
