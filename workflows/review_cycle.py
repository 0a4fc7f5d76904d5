"""A draft is commented, revised and approved; whoever is next must see what came before."""

from __future__ import annotations

from workflows.base import workflow
from workflows.expect import has, shows_lines
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
    note = await author.does(
        "draft", title=title, content=f"# {title}\n\ndraft\n", category="", expects=has("id", "title")
    )
    run.afterwards(author.does("delete_note", note_id=note["id"]))
    await author.does(
        "ask_for_review",
        path=await author.path_of(note),
        share_with=reviewer.uid,
        permissions=EDIT,
    )
    await reviewer.until(
        "read_draft",
        lambda seen: "draft" in seen.text("content").splitlines(),
        absence_is_a_miss=True,
        note_id=note["id"],
    )
    comment = f"comment by {reviewer.uid}"
    await reviewer.does("comment", note_id=note["id"], content=comment)
    commented = await author.does("read_comment", note_id=note["id"], expects=shows_lines(["draft", comment]))
    await author.does(
        "revise",
        note_id=note["id"],
        etag=commented["etag"],
        title=None,
        content=f"# {title}\n\nrevision\n{comment}\n",
        category=None,
    )
    await reviewer.does("read_revision", note_id=note["id"], expects=shows_lines(["revision", comment]))
    approval = f"approved by {reviewer.uid}"
    await reviewer.does("approve", note_id=note["id"], content=approval)
    await author.does(
        "read_approval", note_id=note["id"], expects=shows_lines(["revision", comment, approval])
    )
