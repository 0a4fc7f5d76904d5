"""Sessions with notes, files and shares, and what makes them hard."""

from __future__ import annotations

from tests.recording.corpus_tools import FILES, NOTES, SHARES
from tests.recording.tape import Cat, Tape, Tok, cat, encoded, in_json


def note(number: Tok, title: Tok | Cat, etag: Tok, **more: object) -> dict[str, object]:
    return {"id": number, "title": title, "category": "", "etag": etag, **more}


def share(number: Tok, tape: Tape, owner: str, taker: str, path: object, permissions: int = 1) -> object:
    """A share as the tools answer it: JSON in a text, ids as texts."""
    return {
        "result": in_json(
            {
                "id": number,
                "uid_owner": tape.uid(owner),
                "share_with": tape.uid(taker),
                "permissions": permissions,
                "path": path,
                "file_target": path,
                "item_source": 4711,
            }
        )
    }


def share_and_read() -> Tape:
    """A note is written, shared by its path, and read by the other; 3 is a permission, an id and a total."""
    t = Tape(*NOTES, *SHARES)
    a, b = t.person("alice"), t.person("bob")
    number, title, etag, sid = t.of_server(3), t.made("Budget 2026"), t.etag(), t.of_server(3)
    text = "# Budget\n\nOne line, and another.\n"
    t.call(
        a,
        "nc_notes_create_note",
        {"title": title, "content": text, "category": ""},
        note(number, title, etag),
    )
    path = cat("/Notes/", title, ".md")
    t.call(
        a,
        "nc_share_create",
        {"path": path, "share_with": t.uid(b), "permissions": 3},
        share(sid, t, a, b, path, 3),
    )
    t.call(b, "nc_share_list", {"shared_with_me": True}, {"result": in_json([{"id": sid, "permissions": 3}])})
    t.call(b, "nc_notes_get_note", {"note_id": number}, note(number, title, t.etag(), content=text, total=3))
    t.call(a, "nc_share_update", {"share_id": sid, "permissions": 1}, share(sid, t, a, b, path))
    return t


def notes_of_one_title() -> Tape:
    """Two notes of one title: the server renames the second, which is the one that is changed."""
    t = Tape(*NOTES)
    a = t.person("carla")
    title, first, second = t.made("Meeting"), t.of_server(11), t.of_server(12)
    e1, e2, e3 = t.etag(), t.etag(), t.etag()
    for number, shown, etag in ((first, title, e1), (second, cat(title, " (2)"), e2)):
        t.call(
            a,
            "nc_notes_create_note",
            {"title": title, "content": "Minutes", "category": "Work"},
            note(number, shown, etag),
        )
    hits = [
        {"id": first, "title": title, "score": 1.0},
        {"id": second, "title": cat(title, " (2)"), "score": 0.5},
    ]
    t.call(a, "nc_notes_search_notes", {"query": title}, {"results": hits, "total_found": 2})
    t.call(
        a,
        "nc_notes_update_note",
        {"note_id": second, "etag": e2, "title": None, "content": "Other minutes", "category": None},
        note(second, cat(title, " (2)"), e3),
    )
    t.call(a, "nc_notes_delete_note", {"note_id": first}, {"success": True, "deleted_id": first})
    return t


def etags_in_a_chain() -> Tape:
    """Each write wants the etag that was returned last, by a read or by a write."""
    t = Tape(*NOTES)
    a = t.person("dora")
    number, title = t.of_server(207), t.made("Chain")
    tags = [t.etag() for _ in range(4)]
    t.call(
        a,
        "nc_notes_create_note",
        {"title": title, "content": "0", "category": ""},
        note(number, title, tags[0]),
    )
    for step in (1, 2):
        arguments = {"note_id": number, "etag": tags[step - 1], "title": None, "content": f"text {step}"}
        t.call(a, "nc_notes_update_note", {**arguments, "category": None}, note(number, title, tags[step]))
    t.call(a, "nc_notes_get_note", {"note_id": number}, note(number, title, tags[3], content="text 2"))
    arguments = {"note_id": number, "etag": tags[3], "title": None, "content": "text 3", "category": None}
    t.call(a, "nc_notes_update_note", arguments, note(number, title, t.etag()))
    return t


def permissions_change() -> Tape:
    """Read-only, a refused edit, an upgrade, an edit; 1, 3 and 19 are permissions, and ids as well."""
    t = Tape(*NOTES, *SHARES)
    a, b = t.person("erik"), t.person("frida")
    number, sid, title = t.of_server(19), t.of_server(1), t.made("Guarded")
    e1, e2, e3 = t.etag(), t.etag(), t.etag()
    t.call(
        a,
        "nc_notes_create_note",
        {"title": title, "content": "draft", "category": ""},
        note(number, title, e1),
    )
    path = cat("/Notes/", title, ".md")
    t.call(
        a,
        "nc_share_create",
        {"path": path, "share_with": t.uid(b), "permissions": 1},
        share(sid, t, a, b, path),
    )
    t.call(b, "nc_notes_get_note", {"note_id": number}, note(number, title, e2, content="draft"))
    edit = {"note_id": number, "title": None, "content": "edited", "category": None}
    refusal = "Access denied: insufficient permissions to update note 19"
    t.call(b, "nc_notes_update_note", {**edit, "etag": e2}, None, error=refusal)
    t.call(a, "nc_share_update", {"share_id": sid, "permissions": 19}, share(sid, t, a, b, path, 19))
    t.call(b, "nc_notes_get_note", {"note_id": number}, note(number, title, e3, content="draft"))
    t.call(b, "nc_notes_update_note", {**edit, "etag": e3}, note(number, title, t.etag()))
    return t


def folders_and_umlauts() -> Tape:
    """A folder, a file below it, a move out of it; names with blanks, umlauts and quotes."""
    t = Tape(*FILES)
    a = t.person("gün")
    folder, file = t.made('Käse & "Brot"'), "Übersicht 'neu'.txt"
    base = cat("/", folder)
    t.call(
        a, "nc_webdav_create_directory", {"path": base}, {"status_code": 201, "path": base, "created": True}
    )
    inside = cat("/", folder, "/", file)
    e1, e2 = t.etag(), t.etag()
    t.call(a, "nc_webdav_write_file", {"path": inside, "content": "eins"}, {"path": inside, "etag": e1})
    entry = {"name": file, "path": inside, "is_directory": False, "size": 201, "file_id": 201}
    t.call(a, "nc_webdav_list_directory", {"path": base}, {"path": base, "files": [entry], "total_count": 1})
    t.call(a, "nc_webdav_read_file", {"path": inside}, {"path": inside, "content": "eins", "etag": e2})
    t.call(
        a,
        "nc_webdav_write_file",
        {"path": inside, "content": "zwei", "if_match": e2},
        {"path": inside, "etag": t.etag()},
    )
    moved = cat("/", folder, "/moved.txt")
    t.call(
        a,
        "nc_webdav_move_resource",
        {"source_path": inside, "destination_path": moved, "overwrite": False},
        {"source_path": inside, "destination_path": moved, "status_code": 201},
    )
    return t


def file_handed_over() -> Tape:
    """The taker reads it where it is mounted at theirs, which is not where the giver has it."""
    t = Tape(*FILES, *SHARES)
    a, b = t.person("hana"), t.person("ivo")
    name, sid = t.made("Report"), t.of_server(88)
    path = cat("/", name, ".txt")
    mounted = t.of_server("/Report (2).txt")
    e1 = t.etag()
    t.call(
        a, "nc_webdav_write_file", {"path": path, "content": "first words"}, {"path": path, "etag": t.etag()}
    )
    answer = {"result": in_json({"id": sid, "uid_owner": t.uid(a), "share_with": t.uid(b), "path": path})}
    t.call(a, "nc_share_create", {"path": path, "share_with": t.uid(b), "permissions": 3}, answer)
    rows = [{"id": t.of_server(87), "file_target": "/Old.txt"}, {"id": sid, "file_target": mounted}]
    t.call(b, "nc_share_list", {"shared_with_me": True}, {"result": in_json(rows)})
    t.call(
        b, "nc_webdav_read_file", {"path": mounted}, {"path": mounted, "content": "first words", "etag": e1}
    )
    t.call(
        b,
        "nc_webdav_write_file",
        {"path": mounted, "content": "second words", "if_match": e1},
        {"path": mounted, "etag": t.etag()},
    )
    t.call(
        a, "nc_webdav_read_file", {"path": path}, {"path": path, "content": "second words", "etag": t.etag()}
    )
    return t


def encoded_addresses() -> Tape:
    """Listed plainly, asked for percent-encoded, as part of an address."""
    t = Tape(*FILES, "nc_dav_request(method, href, body?)")
    a = t.person("jun")
    path, fid = t.of_server("/Projekte/Größe & Maß/plan 7.ods"), t.of_server(20331)
    rows = [{"path": "/Projekte/readme.md", "file_id": 20330}, {"path": path, "file_id": fid}]
    t.call(a, "nc_webdav_list_directory", {"path": "/Projekte"}, {"files": rows, "total_count": 2})
    href = cat("/remote.php/dav/files/", t.uid(a), "/?open=", encoded(path))
    t.call(a, "nc_dav_request", {"method": "GET", "href": href}, {"status": 200})
    t.call(a, "nc_dav_request", {"method": "GET", "href": cat("/index.php/f/", fid)}, {"status": 200})
    t.call(a, "nc_webdav_read_file", {"path": path}, {"path": path, "content": "x", "size": 7})
    return t


def resources_by_number() -> Tape:
    """A resource whose address has an id in it; and search words that stand in titles by chance."""
    t = Tape(*NOTES)
    a = t.person("kim")
    number, title = t.of_server(5), t.made("Shopping list")
    t.call(a, "notes://settings", {}, {"notesPath": "Notes", "fileSuffix": ".md"})
    t.call(
        a,
        "nc_notes_create_note",
        {"title": title, "content": "5 eggs", "category": ""},
        note(number, title, t.etag()),
    )
    t.call(
        a,
        "nc_notes_search_notes",
        {"query": "eggs"},
        {"results": [note(number, title, t.etag())], "total_found": 5},
    )
    t.call(
        a,
        "nc_notes_append_content",
        {"note_id": number, "content": "5 apples"},
        note(number, title, t.etag()),
    )
    t.call(
        a,
        "nc_notes_get_note",
        {"note_id": number},
        note(number, title, t.etag(), content="5 eggs\n---\n5 apples"),
    )
    return t


def both_append() -> Tape:
    """Two append to one note at the same time."""
    t = Tape(*NOTES, *SHARES)
    a, b = t.person("lea"), t.person("max")
    number, title, sid = t.of_server(640), t.made("Common"), t.of_server(64)
    t.call(
        a,
        "nc_notes_create_note",
        {"title": title, "content": "base", "category": ""},
        note(number, title, t.etag()),
    )
    path = cat("/Notes/", title, ".md")
    t.call(
        a,
        "nc_share_create",
        {"path": path, "share_with": t.uid(b), "permissions": 3},
        share(sid, t, a, b, path, 3),
    )
    t.call(
        a,
        "nc_notes_append_content",
        {"note_id": number, "content": "from lea"},
        note(number, title, t.etag()),
        took=0.2,
    )
    t.call(
        b,
        "nc_notes_append_content",
        {"note_id": number, "content": "from max"},
        note(number, title, t.etag()),
        gap=-0.15,
        took=0.2,
    )
    both = "base\n---\nfrom lea\n---\nfrom max"
    t.call(a, "nc_notes_get_note", {"note_id": number}, note(number, title, t.etag(), content=both))
    return t


OFFICE = (
    share_and_read,
    notes_of_one_title,
    etags_in_a_chain,
    permissions_change,
    folders_and_umlauts,
    file_handed_over,
    encoded_addresses,
    resources_by_number,
    both_append,
)
