"""A file that is written, shared and changed by the one it was shared with.

bin/simulate try docs/examples/shared_file.py
bin/simulate --workflows docs/examples/shared_file.py --mix shared_file=1
"""

from workflows import EDIT, Role, Scene, content_is, workflow


@workflow(
    steps={
        "write_file": "nc_webdav_write_file",
        "share_file": "nc_share_create",
        "list_shares": "nc_share_list",
        "read_file": "nc_webdav_read_file",
        "write_again": "nc_webdav_write_file",
        "read_back": "nc_webdav_read_file",
        "unshare": "nc_share_delete",
        "delete_file": "nc_webdav_delete_resource",
    }
)
async def shared_file(scene: Scene, giver: Role, taker: Role) -> None:
    """What the taker writes is what the giver reads."""
    path = f"/{scene.title('Report')}.txt"
    scene.afterwards(giver.does("delete_file", path=path))
    await giver.does("write_file", path=path, content="first")
    share = await giver.shares("share_file", path=path, share_with=taker.uid, permissions=EDIT)
    mine = await taker.until(
        "list_shares",
        lambda shares: any(row["id"] == share["id"] for row in shares.rows()),
        shared_with_me=True,
    )
    there = next(row["file_target"] for row in mine.rows() if row["id"] == share["id"])
    read = await taker.does("read_file", path=there, expects=content_is("first"))
    await taker.does("write_again", path=there, content="second", if_match=read["etag"])
    await giver.does("read_back", path=path, expects=content_is("second"))
