"""The trash bin over WebDAV: what was deleted lies there until it is deleted there too."""

from __future__ import annotations

from urllib.parse import quote
from xml.sax.saxutils import escape

from starlette.responses import Response

from sim.standin.nodes import StoredAccount, Trashed, split
from sim.standin.store_errors import not_found

ROOT = ["remote.php", "dav", "trashbin"]


def trash_path(names: list[str], uid: str) -> list[str] | None:
    """What a path names below the trash of `uid`: [] for all of it; None for something else."""
    if names[: len(ROOT)] != ROOT or names[len(ROOT) :][:2] != [uid, "trash"]:
        return None
    return names[len(ROOT) + 2 :]


def trash_names(account: StoredAccount, inside: list[str]) -> list[str]:
    """The entries that are meant. Raises StoreError 404 for one that is not there."""
    if not inside:
        return list(account.trash)
    if len(inside) > 1 or inside[0] not in account.trash:
        raise not_found(f"File with name {'/'.join(inside)}")
    return inside


def empty(account: StoredAccount, inside: list[str]) -> Response:
    """Delete an entry, or all of them, for good."""
    for name in trash_names(account, inside):
        account.orphans += account.trash.pop(name).shares
    return Response(status_code=204)


def listing(account: StoredAccount, inside: list[str], base: str, depth: str) -> list[tuple[str, str]]:
    """The trash itself and what lies in it, or one entry: hrefs and their properties as XML."""
    home = f"{base}/trashbin/{quote(account.uid)}/trash"
    entries = [
        (f"{home}/{quote(name)}", properties(account.trash[name])) for name in trash_names(account, inside)
    ]
    if inside:
        return entries
    folder = "<d:resourcetype><d:collection/></d:resourcetype>"
    return [(f"{home}/", folder), *(entries if depth != "0" else [])]


def properties(entry: Trashed) -> str:
    kind = "<d:collection/>" if entry.is_folder else ""
    location = escape("/".join(split(entry.path)))
    return (
        f"<d:resourcetype>{kind}</d:resourcetype><oc:fileid>{entry.id}</oc:fileid>"
        f"<nc:trashbin-filename>{escape(entry.name)}</nc:trashbin-filename>"
        f"<nc:trashbin-original-location>{location}</nc:trashbin-original-location>"
        f"<nc:trashbin-deletion-time>{entry.time}</nc:trashbin-deletion-time>"
    )
