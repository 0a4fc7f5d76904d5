"""Alice writes a note and shares it; Bob waits until they see it, and reads what she wrote."""

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
        "share_note": "nc_share_create",
        "list_shared_with_me": "nc_share_list",
        "read_shared_note": "nc_notes_get_note",
        "outsider_read": "nc_notes_get_note",
        "outsider_search": "nc_notes_search_notes",
        "unshare_note": "nc_share_delete",
        "read_after_unshare": "nc_notes_get_note",
        "delete_note": "nc_notes_delete_note",
    }
)
async def note_share(scene: Scene, alice: Role, bob: Role, *, outsider: Role | None = None) -> None:
    """One user shares a note read-only, the other one sees it and reads the same text, nobody else does."""
    title = scene.title("Shared note")
    text = f"# {title}\n\nWritten by {alice.uid} for {bob.uid}.\n"
    note = await alice.creates_note("create_note", title=title, content=text)
    strangers = [bob, outsider] if outsider else [bob]
    await scene.together(*(user.is_refused("read_before_share", note_id=note["id"]) for user in strangers))

    share = await alice.shares(
        "share_note",
        path=await alice.path_of(note),
        share_with=bob.uid,
        permissions=READ_ONLY,
        removal="unshare_note",
    )

    def is_listed(shares: Answer) -> bool:
        return any(row.get("id") == share["id"] for row in shares.rows("shares", "data"))

    await bob.until("list_shared_with_me", is_listed, shared_with_me=True)
    await bob.until(
        "read_shared_note",
        interval="",
        absence_is_a_miss=True,
        share=share,
        note_id=note["id"],
        expects=content_is(text),
    )

    def is_found(found: Answer) -> bool:
        return any(row.get("id") == note["id"] for row in found.rows("results"))

    if outsider:
        await scene.together(
            outsider.is_refused("outsider_read", note_id=note["id"]),
            outsider.does_not_see("outsider_search", is_found, query=title),
        )
    await alice.does("unshare_note", share_id=share["id"])
    await scene.together(*(user.is_refused("read_after_unshare", note_id=note["id"]) for user in strangers))
