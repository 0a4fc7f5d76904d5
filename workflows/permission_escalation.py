"""What a collaborator may do follows what the owner permits, at every step of the way."""

from __future__ import annotations

from actors.answer import Answer
from workflows.base import workflow
from workflows.expect import content_is
from workflows.role import Role
from workflows.scene import Scene
from workflows.sharing import EDIT, READ_ONLY, grants
from workflows.texts import Text


@workflow(
    steps={
        "create_note": "nc_notes_create_note",
        "read_before_share": "nc_notes_get_note",
        "share_readonly": "nc_share_create",
        "collaborator_read": "nc_notes_get_note",
        "edit_refused": "nc_notes_update_note",
        "verify_unchanged": "nc_notes_get_note",
        "upgrade_permissions": "nc_share_update",
        "read_after_upgrade": "nc_notes_get_note",
        "collaborator_edit": "nc_notes_update_note",
        "owner_read": "nc_notes_get_note",
        "downgrade_permissions": "nc_share_update",
        "read_after_downgrade": "nc_notes_get_note",
        "edit_refused_again": "nc_notes_update_note",
        "verify_unchanged_again": "nc_notes_get_note",
        "outsider_read": "nc_notes_get_note",
        "unshare": "nc_share_delete",
        "read_refused": "nc_notes_get_note",
        "delete_note": "nc_notes_delete_note",
    }
)
async def permission_escalation(
    scene: Scene, owner: Role, collaborator: Role, *, outsider: Role | None = None
) -> None:
    """Read-only, then edit, then read-only again, then nothing: each is tried and must hold."""
    title = scene.title("Guarded note")
    original, edited = f"# {title}\n\nBy {owner.uid}.\n", f"# {title}\n\nEdited by {collaborator.uid}.\n"
    refused = [f"# {title}\n\nnot permitted\n", f"# {title}\n\nnot permitted any more\n"]
    note = await owner.creates_note("create_note", title=title, content=original)
    note_id = note["id"]
    await collaborator.is_refused("read_before_share", note_id=note_id)
    share, seen = await see_readonly(owner, collaborator, note, original)
    whole = {"note_id": note_id, "title": None, "category": None}
    await collaborator.is_refused("edit_refused", **whole, etag=seen["etag"], content=refused[0])
    # A server may say no and write all the same.
    await owner.finds("verify_unchanged", Text(original, refused=refused), note_id=note_id)

    await owner.does("upgrade_permissions", share_id=share["id"], permissions=EDIT, expects=grants(EDIT))
    # A note's etag depends on what its reader may do with it, so it has to be read again.
    unchanged = content_is(original, refused=refused)
    seen = await collaborator.does("read_after_upgrade", note_id=note_id, expects=unchanged)
    await collaborator.does("collaborator_edit", **whole, etag=seen["etag"], content=edited)
    now = Text(edited, older=[original], refused=refused)
    await owner.finds("owner_read", now, note_id=note_id)

    await owner.does(
        "downgrade_permissions", share_id=share["id"], permissions=READ_ONLY, expects=grants(READ_ONLY)
    )
    seen = await collaborator.finds("read_after_downgrade", now, note_id=note_id)
    await collaborator.is_refused("edit_refused_again", **whole, etag=seen["etag"], content=refused[1])
    await owner.finds("verify_unchanged_again", now, note_id=note_id)
    if outsider:
        await outsider.is_refused("outsider_read", note_id=note_id)

    await owner.does("unshare", share_id=share["id"])
    await collaborator.is_refused("read_refused", note_id=note_id)


async def see_readonly(owner: Role, collaborator: Role, note: Answer, text: str) -> tuple[Answer, Answer]:
    """The owner shares the note to be read alone; the share, and what the collaborator then sees."""
    share = await owner.shares(
        "share_readonly",
        path=await owner.path_of(note),
        share_with=collaborator.uid,
        permissions=READ_ONLY,
    )
    seen = await collaborator.until(
        "collaborator_read",
        expects=content_is(text),
        absence_is_a_miss=True,
        share=share,
        note_id=note["id"],
    )
    return share, seen
