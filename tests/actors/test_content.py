"""What lies in an account: looked for at the right place, and never gone by a stranger's word."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import httpx
import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.content import Account
from actors.errors import SetupError
from actors.ocs import Denied
from actors.ports import Person
from actors.secret import Secret
from tests.support.fake_cloud import HTML, ocs

MARK = "sim-0a1b2c3d"
ANN = Person("ann id", Secret("pass: word"), login_name="ann@example.org")
BASE = "http://cloud.test/nextcloud"
CAPABILITIES = ocs(200, {"capabilities": {"notes": {}, "files_sharing": {}}})
LOOKS: dict[str, Callable[[Account], object]] = {
    "shares": lambda account: account.shares(MARK),
    "notes": lambda account: account.notes(MARK),
    "files": lambda account: account.files(MARK),
    "trash": lambda account: account.trash(MARK),
}


def multistatus(*hrefs: str) -> httpx.Response:
    responses = "".join(f"<d:response><d:href>{href}</d:href></d:response>" for href in hrefs)
    return httpx.Response(207, text=f'<d:multistatus xmlns:d="DAV:">{responses}</d:multistatus>')


def sabre(status: int) -> httpx.Response:
    return httpx.Response(status, text='<d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns"/>')


def ask(look: str, answer: Callable[[httpx.Request], httpx.Response]) -> list[str]:
    async def main() -> list[str]:
        async with httpx.AsyncClient(base_url=BASE, transport=httpx.MockTransport(answer)) as http:
            with trio.fail_after(60):
                return await LOOKS[look](Account(http, ANN))  # type: ignore[misc, no-any-return]

    return trio.run(main)


def test_addresses_below_a_sub_path_are_taken_as_they_are() -> None:
    folder = f"/nextcloud/remote.php/dav/files/{quote(ANN.uid)}"

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["ocs-apirequest"] == "true"
        if "/Notes/" in str(request.url):
            return sabre(404)
        return multistatus(f"{folder}/", f"{folder}/{MARK}%20file.md", f"{folder}/other.md")

    assert ask("files", answer) == [f"http://cloud.test{folder}/{MARK}%20file.md"]


@pytest.mark.parametrize(
    "href",
    [
        "http://evil.test/nextcloud/remote.php/dav/files/ann%20id/{mark}",
        "//evil.test/remote.php/dav/files/ann%20id/{mark}",
        "/nextcloud/remote.php/dav/files/bob/{mark}",
        "/nextcloud/remote.php/dav/files/ann%20id/../bob/{mark}",
        "/nextcloud/remote.php/dav/files/ann%20id/%2E%2E/bob/{mark}",
        "/nextcloud/ocs/v2.php/cloud/users/{mark}",
        "javascript:{mark}",
    ],
)
def test_nothing_outside_the_folder_that_was_asked_about_is_ever_found(href: str) -> None:
    assert ask("files", lambda request: multistatus(href.format(mark=MARK))) == []


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize(
    "page",
    [
        httpx.Response(200, text=HTML),
        httpx.Response(404, text=HTML),
        httpx.Response(207, text=HTML),
        httpx.Response(502),
    ],
    ids=["200", "404", "207", "502"],
)
def test_a_page_of_a_stranger_is_no_empty_folder(look: str, page: httpx.Response) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return CAPABILITIES if "capabilities" in request.url.path else page

    with pytest.raises(SetupError):
        ask(look, answer)


def test_shares_are_found_by_the_mark_of_what_is_shared_whatever_else_stands_in_the_list() -> None:
    rows = [
        {"id": "7", "path": f"/Notes/Common note {MARK} 1-1.md", "file_target": "/Notes/x.md"},
        {"id": 8, "path": "/x", "file_target": f"/{MARK}"},
        {"id": "9", "path": "/Notes/somebody else's.md", "file_target": "/Notes/y.md"},
        {"id": "../users/ann", "path": f"/{MARK}"},
        {"path": f"/{MARK}"},
        None,
    ]

    def answer(request: httpx.Request) -> httpx.Response:
        if "capabilities" in request.url.path:
            return CAPABILITIES
        assert request.url.params["reshares"] == "true"
        return ocs(200, rows)

    place = "/ocs/v2.php/apps/files_sharing/api/v1/shares"
    assert ask("shares", answer) == [f"{place}/7", f"{place}/8"]


def test_a_server_without_notes_or_trash_bin_says_so_itself() -> None:
    assert ask("notes", lambda request: ocs(200, {"capabilities": {}})) == []
    assert ask("shares", lambda request: ocs(200, {"capabilities": {}})) == []
    assert ask("trash", lambda request: sabre(404)) == []


def test_the_home_itself_is_never_absent() -> None:
    with pytest.raises(SetupError):
        ask("files", lambda request: sabre(404))


@pytest.mark.parametrize("look", LOOKS)
def test_a_refused_password_is_told_as_such_and_shown_once(look: str) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        return ocs(997, []) if "capabilities" in request.url.path else sabre(401)

    with pytest.raises(Denied):
        ask(look, answer)
    assert len(asked) == 1


@settings(max_examples=100, deadline=None)
@given(
    look=st.sampled_from(sorted(LOOKS)),
    status=st.sampled_from([200, 204, 207, 301, 400, 401, 403, 404, 405, 423, 500, 503, 507]),
    body=st.binary(max_size=80)
    | st.sampled_from(
        [
            b"[]",
            b'[{"id": "x", "title": 7}]',
            b'[{"id": 1, "title": null}, 3]',
            b'<d:multistatus xmlns:d="DAV:"><d:href/></d:multistatus>',
            b'<!DOCTYPE x [<!ENTITY a "b">]><d:multistatus xmlns:d="DAV:">&a;</d:multistatus>',
            b'<d:multistatus xmlns:d="DAV:"><d:href>http://[</d:href></d:multistatus>',
            b'<?xml version="1.0" encoding="nonsense"?><a/>',
        ]
    ),
)
def test_no_answer_whatever_ends_in_anything_but_a_result_or_one_line(
    look: str, status: int, body: bytes
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return CAPABILITIES if "capabilities" in request.url.path else httpx.Response(status, content=body)

    try:
        ask(look, answer)
    except SetupError as error:
        assert str(error).isprintable()
        assert ANN.password.reveal() not in str(error)
