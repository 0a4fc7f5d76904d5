"""No secret is left in a line, wherever it stood; and what is no secret stays as it was."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sim.recording.hiding import Hider, Pseudonyms, is_secret_key

SECRET = "s3cr3t-of-the-tests/+x"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl"


def hidden(value: Any, *known: str) -> Any:
    return Hider(known).hide(json.dumps(value).encode(), value)


@pytest.mark.parametrize(
    "value",
    [
        {"password": SECRET},
        {"a": [{"b": {"newPassword": SECRET}}]},
        {"app_password": SECRET, "text": f"yours is {SECRET}, keep it"},
        {"before": f"it will be {SECRET}", "later": {"client_secret": SECRET}},
        {"X-Api-Key": SECRET},
        {"Set-Cookie": f"nc_session={SECRET}"},
        {"credentials": {"user": "bob", "key": SECRET}},
        {"tokens": [SECRET]},
        {"text": json.dumps({"access_token": SECRET})},
        {"text": json.dumps({"inner": json.dumps({"inner": json.dumps({"passphrase": SECRET})})})},
        {"text": f"Authorization: Bearer {SECRET}"},
        {"text": f"the app password: {SECRET}"},
        {"text": f"Password is `{SECRET}`"},
        {"url": f"https://bob:{quote(SECRET, safe='')}@cloud.example/x"},
        {"url": f"https://cloud.example/x?a=1&access_token={quote(SECRET, safe='')}"},
        {"inputSchema": {"properties": {"password": {"type": "string", "default": SECRET}}}},
    ],
)
def test_a_secret_is_left_out_wherever_it_stands(value: Any) -> None:
    text = json.dumps(hidden(value))
    for told in (SECRET, quote(SECRET, safe=""), json.dumps(SECRET)[1:-1], "s3cr3t"):
        assert told not in text
    assert "<hidden>" in text


@pytest.mark.parametrize("said", [SECRET, quote(SECRET, safe=""), f"x{SECRET}y", f"x={quote(SECRET)}"])
def test_the_persons_own_credentials_are_left_out_of_every_text(said: str) -> None:
    assert "s3cr3t" not in json.dumps(hidden({"content": said, "k": {said: 1}}, SECRET))


@pytest.mark.parametrize(
    "text",
    [
        JWT,
        f"see {JWT}.",
        f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY-----",
        f"-----BEGIN PRIVATE KEY-----\n{SECRET}",
        "basic " + base64.b64encode(b"bob:s3cr3t").decode(),
        "https://c.example/login/v2/flow/s3cr3tofthetests",
    ],
)
def test_what_looks_like_a_credential_is_left_out(text: str) -> None:
    shown = hidden({"text": text})["text"]
    assert "<hidden>" in shown
    assert not any(part in shown for part in ("s3cr3t", "eyJ", "Ym9i"))


ODD = "Zx9Qw8Er7Ty"


@pytest.mark.parametrize(
    "value",
    [
        {"headers": [{"name": "X-Api-Key", "value": ODD}]},
        {"data": json.dumps([{"key": "password", "value": ODD}])},
        {"env": [["TOKEN", ODD]]},
        {"env": [f"PASSWORD={ODD}"]},
        *({key: ODD} for key in ("passcode", "bearer", "pass", "pw", "accessKey", "kennwort", "mfa_code")),
        {"auth": {"user": "bob", "pw": ODD}},
        *({"url": f"https://x/y?{key}={ODD}"} for key in ("key", "sig", "X-Amz-Signature", "sid", "pass")),
        {"url": f"https://x/y#a=1&access_token={ODD}"},
        {"text": f"Set-Cookie: a=1; nc_session_id={ODD}; path=/"},
        {"text": f"Cookie: a=1; b={ODD}"},
        {"text": "created the device, use aB3dE-fG4hI-Zx9Qw-nO6pQ-rS7tU"},
        *({"text": f"{word} {ODD}"} for word in ("Kennwort:", "mot de passe :", "contraseña:", "api key")),
        *(
            {"text": text.format(ODD)}
            for text in ("| password | {} |", "<password>{}</password>", "secret → {}")
        ),
        *(
            {"text": text.format(ODD)}
            for text in ("password\n{}", "password is: {}", "Das App-Passwort lautet {}")
        ),
        *({"run": text.format(ODD)} for text in ("curl -u bob:{} x", "--password {}", "x --token={}")),
        *({"text": f"{sort}{ODD * 3}"} for sort in ("ghp_", "github_pat_", "glpat-", "sk-proj-", "xoxb-")),
    ],
)
def test_a_secret_in_an_odd_place_is_left_out_too(value: Any) -> None:
    assert "Zx9Qw" not in json.dumps(hidden(value))


def test_a_public_link_is_told_apart_from_others_and_opens_nothing() -> None:
    names, links = (
        Pseudonyms(),
        ["https://c.example/s/AbCdEfGhIjKlMno", "https://c.example/s/BbCdEfGhIjKlMno"],
    )
    value = {"links": [*links, links[0]], "token": "AbCdEfGhIjKlMno"}
    told = Hider((), names).hide(json.dumps(value).encode(), value)
    first, second = (f"https://c.example/s/<hidden {n}>" for n in (1, 2))
    assert told == {"links": [first, second, first], "token": "<hidden 1>"}


def test_escapes_hide_no_secret() -> None:
    raw = b'{"p\\u0061ssword": "' + SECRET.encode() + b'"}'
    assert Hider().hide(raw, json.loads(raw)) == {"password": "<hidden>"}


@pytest.mark.parametrize(
    "value",
    [
        {"title": "Groceries", "note_id": 7, "etag": "5f3c", "tags": ["a"], "none": None},
        {"next_page_token": "p2", "syncToken": "http://sabre.io/ns/sync/7", "nextCursor": "c"},
        {"max_tokens": 100, "token_type": "Bearer", "token_count": 3, "hasPassword": True},
        {"password": None, "secret": "", "token": False, "password_protected": True},
        {"text": '{ "a":1,\n "b": [2] }', "pinned": True, "author": "bob", "basics": "x"},
        {"inputSchema": {"properties": {"password": {"type": "string", "description": "Of the share."}}}},
        {"name": "Board", "value": "x1y2z3a4", "key": "title", "content": "3 eggs and a session in 2026"},
        {"text": "The passengers of flight AB123456 passed; the keys are with Mr Pinter.", "unread": 3},
        {"rows": [["title", "x1y2z3a4"], ["a", "b"]], "url": "https://c.example/s/short?page=2&sort=key"},
        {"text": "I forgot my password yesterday", "key": "value", "api": "v2", "passenger": "bob"},
    ],
)
def test_what_is_no_secret_stays(value: Any) -> None:
    assert hidden(value, "another-secret") == value


def test_keys_are_judged_however_they_are_written() -> None:
    assert all(map(is_secret_key, ("PASSWORD", "appPassword", "app-password", "refresh_token", "apikey")))
    assert not any(map(is_secret_key, ("pageToken", "page_token", "passed", "pinned", "keywords", "id")))


def test_hostile_texts_cost_time_in_proportion_to_their_length() -> None:
    for unit in (
        "eyJ-",
        "password-",
        "a-",
        "basic ",
        "://a:",
        "token ",
        "{",
        "password: x ",
        "-----BEGIN ",
        "password |a1",
        "Cookie: a",
        "-u a",
        "?key=",
        "a1b2c-",
    ):
        assert Hider().hide_text(unit * 20_000) is not None
    for secret in ("\\" * 30 + "a1", '"' * 30 + "a1", "%" * 30 + "a1", " /" * 15 + "a1", "\n\\" * 15 + "a1"):
        for unit in ("\\", '\\"', "%5c", "%25", "\\u005c", "\\n"):
            assert Hider((secret,)).hide_text(unit * 2_000 + "a1b") is not None


def test_a_token_that_is_an_address_is_the_same_wherever_it_stands_and_is_not_told() -> None:
    names = Pseudonyms()

    def line(value: Any) -> Any:
        return Hider((), names).hide(json.dumps(value).encode(), value)

    made = line({"text": json.dumps({"id": 1, "token": "w8ffxz2k"}), "url": "/call/w8ffxz2k"})
    assert json.loads(made["text"]) == {"id": 1, "token": "<hidden 1>"}
    assert made["url"] == "/call/<hidden 1>"
    assert line({"conversation_token": "q2r4k9zu"}) == {"conversation_token": "<hidden 2>"}
    assert line({"token": "w8ffxz2k"}) == {"token": "<hidden 1>"}
    # Of another recording nobody can tell whether it is the same one.
    assert Hider((), Pseudonyms()).hide(b"token", {"token": "q2r4k9zu"}) == {"token": "<hidden 1>"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *((key, SECRET[:8]) for key in ("password", "access_token", "refreshToken", "id_token", "secret")),
        *(("token", value) for value in (SECRET, JWT, "a b", "x" * 65)),
    ],
)
def test_what_only_proves_who_somebody_is_has_no_number(key: str, value: str) -> None:
    assert Hider((), Pseudonyms()).hide(b"token secret password", {key: value}) == {key: "<hidden>"}


def test_the_persons_own_token_has_no_number_whatever_key_it_stands_under() -> None:
    assert Hider(("w8ffxz2k",), Pseudonyms()).hide(b"token", {"token": "w8ffxz2k"}) == {"token": "<hidden>"}


passwords = st.text(st.characters(exclude_categories=["Cs"]), min_size=8, max_size=16).filter(
    lambda text: len(set(text)) > 4 and not text.isalpha() and text == text.strip() and "hidden" not in text
)


def written_ways(secret: str) -> list[str]:
    """As clients and servers write it: Python, JavaScript, PHP, forms, and JSON in a text of JSON."""
    ours, theirs = json.dumps({"x": secret}), json.dumps({"x": secret}, ensure_ascii=False)
    return [
        *(secret, f"see {secret} here", quote(secret), quote(secret, safe="!'()*"), quote_plus(secret)),
        *(ours, theirs, theirs.replace("/", "\\/"), json.dumps({"y": theirs}, ensure_ascii=False)),
        *(f"it is {ours}", f"it is {theirs}", quote(theirs, safe="")),
    ]


def all_told(value: Any) -> Iterator[str]:
    """Every text and key of it, and of the JSON in its texts."""
    match value:
        case str():
            yield value
            if value[:1] in ("{", "["):
                yield from all_told(json.loads(value))
        case dict():
            for key, each in value.items():
                yield from (key, *all_told(each))
        case list():
            for each in value:
                yield from all_told(each)


def assert_untold(secret: str, value: Any) -> None:
    spellings = {
        *(secret, quote(secret), quote(secret, safe=""), quote(secret, safe="!'()*"), quote_plus(secret)),
        *(json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]),
        quote(json.dumps(secret, ensure_ascii=False)[1:-1], safe=""),
    }
    for text in all_told(value):
        assert not [each for each in spellings if each in text], text


@settings(max_examples=40)
@given(passwords, st.data())
@example('M\u00fcller"1/x', None)
def test_a_password_is_nowhere_however_it_is_written(secret: str, data: st.DataObject | None) -> None:
    """Where its key told of it, and where it is known to be the person's own."""
    ways = written_ways(secret)
    for way in ways if data is None else [data.draw(st.sampled_from(ways))]:
        for line in (
            [way, {"newPassword": secret}],
            [{"text": json.dumps({"password": secret})}, {way: way}],
        ):
            for ascii_ in (True, False):
                raw = json.dumps(line, ensure_ascii=ascii_).encode()
                assert_untold(secret, Hider((), Pseudonyms()).hide(raw, line))
        for raw in (
            json.dumps(way).encode(),
            json.dumps(way, ensure_ascii=False).replace("/", "\\/").encode(),
        ):
            assert_untold(secret, Hider((secret,)).hide(raw, [way]))
