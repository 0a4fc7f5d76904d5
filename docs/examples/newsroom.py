"""One user writes, everybody else reads at the same time, and somebody who was not invited sees nothing.

bin/simulate try docs/examples/newsroom.py
"""

from workflows import READ_ONLY, Role, Scene, content_is, workflow


@workflow(
    steps={
        "write": "nc_notes_create_note",
        "share_{i}": "nc_share_create",
        "read_{i}": "nc_notes_get_note",
        "outsider_search": "nc_notes_search_notes",
        "unshare_{i}": "nc_share_delete",
        "delete_note": "nc_notes_delete_note",
    }
)
async def newsroom(scene: Scene, editor: Role, *readers: Role, outsider: Role | None = None) -> None:
    """Everybody who was told reads the same text, and nobody else finds it."""
    title = scene.title("News")
    note = await editor.creates_note("write", title=title, content="It is raining.")
    path = await editor.path_of(note)
    for i, reader in enumerate(readers, 1):
        await editor.shares(
            "share_{i}",
            number=i,
            path=path,
            share_with=reader.uid,
            permissions=READ_ONLY,
            removal="unshare_{i}",
        )
    await scene.together(
        *(
            reader.until(
                "read_{i}",
                number=i,
                expects=content_is("It is raining."),
                absence_is_a_miss=True,
                note_id=note["id"],
            )
            for i, reader in enumerate(readers, 1)
        )
    )
    if outsider:
        await outsider.does_not_see(
            "outsider_search",
            lambda found: any(row["id"] == note["id"] for row in found.rows("results")),
            query=title,
        )
