"""What servers of both generations answer comes out as one value, or as one error."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.answer import Json
from actors.errors import CallError, Outcome
from actors.tool_results import read_resource_text, read_tool_result

NOTE = {"id": 7, "title": "T", "etag": "e"}
SHARE = {"id": "12", "path": "/Notes/T.md"}
NUMBERED = {"id": 12, "path": "/Notes/T.md"}


def read(tool: str, structured: Json = None, text: str = "", is_error: bool = False) -> Json:
    return read_tool_result(tool, structured, [text], is_error)


def failure(text: str, tool: str = "nc_notes_get_note") -> CallError:
    with pytest.raises(CallError) as caught:
        read(tool, None, text, True)
    return caught.value


@pytest.mark.parametrize(
    ("tool", "structured", "text", "value"),
    [
        ("nc_notes_get_note", NOTE, json.dumps(NOTE), NOTE),
        ("nc_notes_get_note", NOTE, "", NOTE),
        ("nc_notes_get_note", None, json.dumps(NOTE), NOTE),
        ("nc_notes_get_note", {"result": json.dumps(NOTE)}, "ignored", NOTE),
        ("nc_notes_get_note", {"result": NOTE}, "", NOTE),
        ("nc_notes_get_note", {"result": NOTE, "more": 1}, "", {"result": NOTE, "more": 1}),
        ("nc_notes_get_note", None, "plain words", "plain words"),
        ("nc_notes_get_note", None, "", ""),
        ("nc_notes_get_note", {}, "ignored", {}),
        ("nc_notes_get_note", {"success": True, "id": 7}, "", {"success": True, "id": 7}),
        ("nc_share_create", {"result": json.dumps(SHARE)}, json.dumps(SHARE), NUMBERED),
        ("nc_share_create", None, json.dumps(SHARE), NUMBERED),
        ("nc_share_create", NUMBERED, "", NUMBERED),
        ("nc_share_list", {"result": json.dumps([SHARE, SHARE])}, "", [NUMBERED, NUMBERED]),
        ("nc_share_list", None, "[]", []),
        ("nc_share_list", None, '[{"id": "abc"}, 5]', [{"id": "abc"}, 5]),
        ("nc_webdav_delete_resource", {"status_code": 204}, "", {"status_code": 204}),
        ("nc_notes_delete_note", {"status_code": 404}, "", {"status_code": 404}),
    ],
)  # fmt: skip
def test_one_value_whatever_the_shape(tool: str, structured: Json, text: str, value: Json) -> None:
    assert read(tool, structured, text) == value


def test_a_resource_is_json_where_it_is_any() -> None:
    assert read_resource_text(['{"notesPath": ', '"Notes"}']) == {"notesPath": "Notes"}
    assert read_resource_text(["words"]) == "words"
    assert read_resource_text([]) == ""


@pytest.mark.parametrize(
    ("name", "plain"), [("a%20b.txt", "a b.txt"), ("a b.txt", "a b.txt"), ("%C3%BC", "ü"), ("100%", "100%")]
)
def test_names_in_a_listing_come_out_plain(name: str, plain: str) -> None:
    value = read("nc_webdav_list_directory", {"files": [{"name": name, "size": 1}, "strange"], "path": ""})
    assert value == {"files": [{"name": plain, "size": 1}, "strange"], "path": ""}


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Note 7 not found", 404),
        ("Error executing tool nc_notes_get_note: Note 7 not found", 404),
        ("Access denied: insufficient permissions to update note 7", 403),
        ("Note 7 has been modified by someone else. Please refresh and try again.", 412),
        ("Failed to append content to note 7: server error (412)", 412),
        ("Failed to create note: server error (507)", 507),
        ('nc_webdav_read_file failed: Not found — "/a" (HTTP 404). a could not be located', 404),
        ('nc_webdav_write_file failed: Precondition failed — "/a" (HTTP 412).', 412),
        ("nc_share_create failed: Share could not be found (HTTP 404)", 404),
        ("Client error '403 Forbidden' for url 'https://cloud.example.org/ocs'", 403),
        ("Server error '503 Service Unavailable' for url 'https://cloud.example.org/ocs'", 503),
        ("request failed with status code 500", 500),
        ('"/a" is locked', 423),
        ("The request was blocked", None),
        ("Too many requests", 429),
        ("Note is read-only", 403),
        ("Permission denied", 403),
        ("Read-only file system", None),
        ("[Errno 30] Read-only file system: '/data/x'", None),
        ("The database is in read only mode", None),
        ("[Errno 13] Permission denied: '/data/x'", None),
        ("SQLSTATE[HY000] [1045] Access denied for user 'nextcloud'@'localhost'", None),
        ("SQLSTATE[42S02]: Base table or view not found", None),
        ("database is locked", None),
        ("Host 'cloud.example.org' not found", None),
        ("Tool nc_notes_get_note not found", None),
        ("Table 5 not found", 404),
        ("The server says that note 7 was not found", 404),
        ("[Errno 13] Permission denied, HTTP 500", 500),
        ("HTTP 999", None),
        ("server error (042)", None),
        ("HTTP 403: Unauthorized", 403),
        ("Client error '403 Forbidden': unauthorised", 403),
        ("access denied, the token is unauthorized", 403),
        ("something else went wrong", None),
        ("Note 401 not found", 404),
        ("Note 403 not found", 404),
        ("", None),
    ],
)
def test_the_status_is_read_from_the_words_of_either_generation(text: str, status: int | None) -> None:
    error = failure(text)
    assert (error.outcome, error.status) == (Outcome.TOOL_ERROR, status)
    assert str(error) == text
    assert error.answered


@pytest.mark.parametrize(
    "text",
    [
        "Missing required scopes: notes.write",
        "Client error '401 Unauthorized' for url 'https://cloud.example.org/ocs'",
        "nc_share_create failed: Current user is not logged in (HTTP 401)",
        "server error (401)",
        "The token has expired",
        "token expired",
        "Invalid token",
        "Error executing tool nc_notes_get_note: no credentials in the request",
        "user is not provisioned",
    ],
)
def test_words_about_credentials_are_an_authorization_failure(text: str) -> None:
    assert failure(text).outcome is Outcome.AUTHORIZATION


@pytest.mark.parametrize(
    ("value", "status", "text"),
    [
        ({"success": False, "status_code": 412, "message": "exists"}, 412, "nc_webdav_move_resource: exists"),
        ({"success": False, "error": "Note not found"}, 404, "nc_webdav_move_resource: Note not found"),
        (
            {"success": False, "message": "server error (507)"},
            507,
            "nc_webdav_move_resource: server error (507)",
        ),
        ({"success": False}, None, "nc_webdav_move_resource: it reported success: false"),
        ({"success": False, "status_code": "strange", "message": 5}, None, "nc_webdav_move_resource: 5"),
    ],
)
@pytest.mark.parametrize("wrapped", [False, True])
def test_a_result_without_success_is_an_error_that_names_the_tool(
    value: dict[str, Json], status: int | None, text: str, wrapped: bool
) -> None:
    with pytest.raises(CallError) as caught:
        read("nc_webdav_move_resource", {"result": json.dumps(value)} if wrapped else value)
    error = caught.value
    assert (error.outcome, error.status, error.reason, str(error)) == (
        Outcome.TOOL_ERROR,
        status,
        "refused",
        text,
    )


def test_deleting_a_file_that_is_not_there_is_an_absence() -> None:
    with pytest.raises(CallError) as caught:
        read("nc_webdav_delete_resource", {"success": True, "status_code": 404})
    assert caught.value.status == 404


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "files", "name", "result", "success", "status_code", "message"])
            | st.text(),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@given(
    tool=st.sampled_from(
        ["nc_notes_get_note", "nc_share_list", "nc_webdav_list_directory", "nc_webdav_delete_resource"]
    ),
    structured=JSON,
    text=st.text(max_size=40) | JSON.map(json.dumps),
    is_error=st.booleans(),
)
def test_whatever_a_server_answers_is_a_value_or_a_call_error(
    tool: str, structured: Json, text: str, is_error: bool
) -> None:
    try:
        read(tool, structured, text, is_error)
    except CallError as error:
        assert error.outcome in (Outcome.TOOL_ERROR, Outcome.AUTHORIZATION)
    else:
        assert not is_error


@pytest.mark.parametrize("made_up", [0, 7, 99, 600, 7777, -404, True, 10**30, "404", 404.5, None, [404]])
def test_a_server_cannot_make_up_kinds_of_failures(made_up: object) -> None:
    with pytest.raises(CallError) as caught:
        read("nc_share_get", {"success": False, "message": "no", "status_code": made_up})
    assert caught.value.status is None
    assert caught.value.kind == "tool_error/refused"
