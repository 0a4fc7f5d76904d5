"""A draft is commented, revised and approved; whoever is next must see what came before."""

from __future__ import annotations

from workflows.base import workflow
from workflows.expect import content_is, has
from workflows.lines import Lines
from workflows.role import EDIT, Role
from workflows.run import Run


@workflow(
    steps={
        "draft": "nc_notes_create_note",
        "ask_for_review": "nc_share_create",
        "read_draft": "nc_notes_get_note",
        "comment": "nc_notes_append_content",
        "read_comment": "nc_notes_get_note",
        "revise": "nc_notes_update_note",
        "read_revision": "nc_notes_get_note",
        "approve": "nc_notes_append_content",
        "read_approval": "nc_notes_get_note",
        "delete_note": "nc_notes_delete_note",
    }
)
async def review_cycle(run: Run, author: Role, reviewer: Role) -> None:
    """Draft, comment, revise, approve: a note goes to and fro between two users."""
    title = run.title("Proposal")
    draft = f"# {title}\n\ndraft\n"
    note = await author.does("draft", title=title, content=draft, category="", expects=has("id", "title"))
    run.afterwards(author.does("delete_note", note_id=note["id"]))
    await author.does(
        "ask_for_review",
        path=await author.path_of(note),
        share_with=reviewer.uid,
        permissions=EDIT,
    )
    await reviewer.until("read_draft", expects=content_is(draft), absence_is_a_miss=True, note_id=note["id"])
    comment = f"comment {run.number} by {reviewer.uid}"
    await reviewer.does("comment", note_id=note["id"], content=comment)
    commented = await author.finds("read_comment", Lines(draft, [comment]), note_id=note["id"])

    revision = f"# {title}\n\nrevision\n{comment}\n"
    await author.does(
        "revise", note_id=note["id"], etag=commented["etag"], title=None, content=revision, category=None
    )
    older = [commented.text("content")]
    await reviewer.does("read_revision", note_id=note["id"], expects=content_is(revision, older=older))
    approval = f"approval {run.number} by {reviewer.uid}"
    await reviewer.does("approve", note_id=note["id"], content=approval)
    await author.finds("read_approval", Lines(revision, [approval]), note_id=note["id"])
