"""Alice writes a note and shares it; Bob waits until he sees it, and reads what she wrote."""

from __future__ import annotations

from actors.answer import Answer
from actors.measurement import ViolationKind
from workflows.base import workflow
from workflows.expect import content_is
from workflows.role import READ_ONLY, Role
from workflows.run import Run


@workflow(
    steps={
        "create_note": "nc_notes_create_note",
        "share_note": "nc_share_create",
        "list_shared_with_me": "nc_share_list",
        "read_shared_note": "nc_notes_get_note",
        "delete_note": "nc_notes_delete_note",
    }
)
async def note_share(run: Run, alice: Role, bob: Role) -> None:
    """One user shares a note read-only, the other one sees it and reads the same text."""
    title = run.title("Shared note")
    text = f"# {title}\n\nWritten by {alice.uid} for {bob.uid}.\n"
    note = await alice.does("create_note", title=title, content=text, category="")
    run.afterwards(alice.does("delete_note", note_id=note["id"]))

    path = await alice.path_of(note)
    share = await alice.does("share_note", path=path, share_with=bob.uid, permissions=READ_ONLY)

    def is_listed(shares: Answer) -> bool:
        return any(row.get("id") == share["id"] for row in shares.rows("shares", "data"))

    await bob.until("list_shared_with_me", is_listed, shared_with_me=True)
    await bob.does(
        "read_shared_note",
        note_id=note["id"],
        expects=content_is(text),
        absence=ViolationKind.STALE_READ,
    )
