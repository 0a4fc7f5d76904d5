"""Alice uploads a file and shares it; Bob finds it and downloads the same bytes, and nobody else does."""

from __future__ import annotations

import base64
from hashlib import sha256
from random import Random

from actors.answer import Answer, Finding, excerpt
from actors.events import CheckKind, ViolationKind
from workflows.base import workflow
from workflows.expect import Expectation
from workflows.role import Role
from workflows.scene import Scene
from workflows.sharing import READ_ONLY
from workflows.texts import plain

BASE64 = "application/octet-stream;base64"
"""The content type under which the write tool takes bytes that are no text."""


@workflow(
    steps={
        "create_file": "nc_webdav_write_file",
        "download_before_share": "nc_webdav_read_file",
        "share_file": "nc_share_create",
        "list_shares": "nc_share_list",
        "download_file": "nc_webdav_read_file",
        "outsider_list_shares": "nc_share_list",
        "outsider_download": "nc_webdav_read_file",
        "unshare_file": "nc_share_delete",
        "download_after_unshare": "nc_webdav_read_file",
        "delete_file": "nc_webdav_delete_resource",
    }
)
async def file_share(scene: Scene, alice: Role, bob: Role, *, outsider: Role | None = None) -> None:
    """One user uploads a file and shares it read-only, the other one downloads the same bytes."""
    data, is_text = content(scene.random, scene.settings.file_size)
    path = f"/{scene.title('Shared file')}.{'txt' if is_text else 'bin'}"
    scene.afterwards(alice.does("delete_file", path=path))
    if is_text:
        await alice.does("create_file", path=path, content=data.decode())
    else:
        encoded = base64.b64encode(data).decode()
        await alice.does("create_file", path=path, content=encoded, content_type=BASE64)
    await bob.is_refused("download_before_share", path=path)

    share = await alice.shares(
        "share_file", path=path, share_with=bob.uid, permissions=READ_ONLY, removal="unshare_file"
    )

    def entry(shares: Answer) -> Answer | None:
        return next((row for row in shares.rows("shares", "data") if row.get("id") == share["id"]), None)

    def is_listed(shares: Answer) -> bool:
        return entry(shares) is not None

    row = entry(await bob.until("list_shares", is_listed, shared_with_me=True))
    mounted_at = row.text("file_target") if row and row.get("file_target") else path
    await bob.until(
        "download_file",
        interval="",
        absence_is_a_miss=True,
        share=share,
        path=mounted_at,
        expects=bytes_are(data, is_text=is_text),
    )
    if outsider:
        await scene.together(
            outsider.does_not_see("outsider_list_shares", is_listed, shared_with_me=True),
            outsider.is_refused("outsider_download", path=path),
        )
    await alice.does("unshare_file", share_id=share["id"])
    await bob.is_refused("download_after_unshare", path=mounted_at)


def content(random: Random, size: int) -> tuple[bytes, bool]:
    """`size` bytes, and whether they are text; the two kinds take turns by chance."""
    if random.random() < 0.5:
        line = (
            f"{random.getrandbits(64):016x} the quick brown fox jumps over the lazy dog — ünïcödé\n".encode()
        )
        text = (line * (size // len(line) + 1))[:size].decode(errors="ignore")
        return text.encode().ljust(size, b"."), True
    # A leading byte that no text begins with, so that no server takes it for text.
    return (b"\xff\x00" + random.randbytes(size))[:size], False


def bytes_are(data: bytes, *, is_text: bool = False) -> Expectation:
    """The file read is exactly `data`, whether it came as text or as base64.

    Line ends, and line breaks at the very end, do not count in a file that `is_text`: servers change them.
    """

    def look(answer: Answer) -> tuple[Finding, ...]:
        text = answer.text("content")
        try:
            seen = base64.b64decode(text) if answer.get("encoding") == "base64" else as_bytes(text)
        except ValueError:
            seen = as_bytes(text)
        if seen == data or (is_text and plain_bytes(seen) == plain_bytes(data)):
            return ()
        return (Finding(ViolationKind.WRONG_CONTENT, fingerprint(data), fingerprint(seen)),)

    return Expectation(CheckKind.CONTENT, look)


def as_bytes(text: str) -> bytes:
    """`text` in UTF-8; halves of surrogate pairs, which JSON can carry and UTF-8 cannot, as they are."""
    return text.encode(errors="surrogatepass")


def plain_bytes(data: bytes) -> str:
    return plain(data.decode(errors="backslashreplace"))


def fingerprint(data: bytes) -> str:
    """Length, digest and beginning of `data`, short enough for a report."""
    return f"{len(data)} bytes, sha256 {sha256(data).hexdigest()[:12]}, {excerpt(repr(data[:40]))}"
