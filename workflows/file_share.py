"""Alice uploads a file and shares it; Bob finds it and downloads the same bytes."""

from __future__ import annotations

import base64
from hashlib import sha256
from random import Random

from actors.answer import Answer, Check, Finding, excerpt
from actors.measurement import ViolationKind
from workflows.base import workflow
from workflows.expect import has
from workflows.role import READ_ONLY, Role
from workflows.run import Run

BASE64 = "application/octet-stream;base64"
"""The content type under which the write tool takes bytes that are no text."""


@workflow(
    steps={
        "create_file": "nc_webdav_write_file",
        "share_file": "nc_share_create",
        "list_shares": "nc_share_list",
        "download_file": "nc_webdav_read_file",
        "delete_file": "nc_webdav_delete_resource",
    }
)
async def file_share(run: Run, alice: Role, bob: Role) -> None:
    """One user uploads a file and shares it read-only, the other one downloads the same bytes."""
    data, is_text = content(run.random, run.settings.file_size)
    path = f"/{run.title('Shared file')}.{'txt' if is_text else 'bin'}"
    run.afterwards(alice.does("delete_file", path=path))
    if is_text:
        await alice.does("create_file", path=path, content=data.decode())
    else:
        encoded = base64.b64encode(data).decode()
        await alice.does("create_file", path=path, content=encoded, content_type=BASE64)

    share = await alice.does(
        "share_file", path=path, share_with=bob.uid, permissions=READ_ONLY, expects=has("id")
    )

    def mine(shares: Answer) -> Answer | None:
        return next((row for row in shares.rows() if row.get("id") == share["id"]), None)

    listed = await bob.until("list_shares", lambda shares: mine(shares) is not None, shared_with_me=True)
    entry = mine(listed)
    assert entry is not None
    await bob.does(
        "download_file",
        path=entry.get("file_target") or path,
        expects=bytes_are(data),
        absence=ViolationKind.STALE_READ,
    )


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


def bytes_are(data: bytes) -> Check:
    """The file read is exactly `data`, whether it came as text or as base64."""

    def check(answer: Answer) -> tuple[Finding, ...]:
        text = answer.text("content")
        try:
            seen = base64.b64decode(text) if answer.get("encoding") == "base64" else text.encode()
        except ValueError:
            seen = text.encode()
        if seen == data:
            return ()
        return (Finding(ViolationKind.WRONG_CONTENT, fingerprint(data), fingerprint(seen)),)

    return check


def fingerprint(data: bytes) -> str:
    """Length, digest and beginning of `data`, short enough for a report."""
    return f"{len(data)} bytes, sha256 {sha256(data).hexdigest()[:12]}, {excerpt(repr(data[:40]))}"
