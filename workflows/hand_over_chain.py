"""A note goes from hand to hand: each adds a line and shares it on."""

from __future__ import annotations

from itertools import pairwise

from workflows.base import workflow
from workflows.lines import Lines
from workflows.role import Role
from workflows.scene import Scene
from workflows.sharing import MAY_RESHARE


@workflow(
    steps={
        "create_note": "nc_notes_create_note",
        "read_before_share": "nc_notes_get_note",
        "share_on_{i}": "nc_share_create",
        "receive_{i}": "nc_notes_get_note",
        "add_line_{i}": "nc_notes_append_content",
        "verify_final_state": "nc_notes_get_note",
        "outsider_read": "nc_notes_get_note",
        "unshare_{i}": "nc_share_delete",
        "delete_note": "nc_notes_delete_note",
    }
)
async def hand_over_chain(scene: Scene, first: Role, *others: Role, outsider: Role | None = None) -> None:
    """A→B→C…: each one waits until the note has reached them, adds a line and shares it on."""
    title = scene.title("Circular")
    text = f"# {title}\n"
    note = await first.creates_note("create_note", title=title, content=text)
    # Whoever gets it last has no business with it yet.
    await others[-1].is_refused("read_before_share", note_id=note["id"])

    lines: list[str] = []
    held = note
    for i, (giver, taker) in enumerate(pairwise((first, *others)), 1):
        share = await giver.shares(
            "share_on_{i}",
            number=i,
            path=await giver.path_of(held),
            share_with=taker.uid,
            permissions=MAY_RESHARE,
            removal="unshare_{i}",
        )
        held = await taker.finds(
            "receive_{i}",
            Lines(text, lines),
            number=i,
            absence_is_a_miss=True,
            share=share,
            note_id=note["id"],
        )
        lines.append(f"line {scene.number}-{i} by {taker.uid}")
        await taker.does("add_line_{i}", number=i, note_id=note["id"], content=lines[-1])
    await first.finds("verify_final_state", Lines(text, lines), note_id=note["id"])
    if outsider:
        await outsider.is_refused("outsider_read", note_id=note["id"])
