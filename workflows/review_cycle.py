"""A draft is commented, revised and approved; whoever is next must see what came before."""

from __future__ import annotations

from workflows.base import workflow
from workflows.expect import content_is
from workflows.lines import Lines
from workflows.role import Role
from workflows.scene import Scene
from workflows.sharing import EDIT
from workflows.texts import Text


@workflow(
    steps={
        "draft": "nc_notes_create_note",
        "read_before_share": "nc_notes_get_note",
        "ask_for_review": "nc_share_create",
        "read_draft": "nc_notes_get_note",
        "comment": "nc_notes_append_content",
        "read_comment": "nc_notes_get_note",
        "revise": "nc_notes_update_note",
        "read_revision": "nc_notes_get_note",
        "approve": "nc_notes_append_content",
        "read_approval": "nc_notes_get_note",
        "outsider_read": "nc_notes_get_note",
        "unshare": "nc_share_delete",
        "delete_note": "nc_notes_delete_note",
    }
)
async def review_cycle(scene: Scene, author: Role, reviewer: Role, *, outsider: Role | None = None) -> None:
    """Draft, comment, revise, approve: a note goes to and fro between two users."""
    title = scene.title("Proposal")
    draft = f"# {title}\n\ndraft\n"
    note = await author.creates_note("draft", title=title, content=draft)
    note_id = note["id"]
    await reviewer.is_refused("read_before_share", note_id=note_id)
    share = await author.shares(
        "ask_for_review",
        path=await author.path_of(note),
        share_with=reviewer.uid,
        permissions=EDIT,
    )
    await reviewer.until(
        "read_draft", expects=content_is(draft), absence_is_a_miss=True, share=share, note_id=note_id
    )
    comment = f"comment {scene.number} by {reviewer.uid}"
    await reviewer.does("comment", note_id=note_id, content=comment)
    commented = await author.finds("read_comment", Lines(draft, [comment]), note_id=note_id)

    revision = f"# {title}\n\nrevision\n{comment}\n"
    await author.does(
        "revise", note_id=note_id, etag=commented["etag"], title=None, content=revision, category=None
    )
    revised = Text(revision, older=[commented.text("content")])
    await reviewer.finds("read_revision", revised, note_id=note_id)
    approval = f"approval {scene.number} by {reviewer.uid}"
    await reviewer.does("approve", note_id=note_id, content=approval)
    await author.finds("read_approval", Lines(revision, [approval]), note_id=note_id)
    if outsider:
        await outsider.is_refused("outsider_read", note_id=note_id)
