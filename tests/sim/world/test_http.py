"""Ways to the servers: what they keep to themselves, and what others on the way can read."""

from __future__ import annotations

import ssl

import httpx
import pytest

from actors.cloud_client import http_client
from sim.config.build import build_config
from sim.config.build_load import Stories
from sim.config.layers import Layer, defaults, from_environment, from_flags
from sim.config.merged import merge
from sim.config.model import Target
from sim.config.usage import UsageError
from sim.world.http import clear_text_warnings, trust_of
from tests.support.recording import Said, recording

STORIES = Stories(
    mixes={"mixed": {"baseline": 1}},
    roles_min={"baseline": 1},
    steps={"baseline": 1},
    step_names={"baseline": ("a",)},
)
ADMIN = {"NEXTCLOUD_PASSWORD": "the-admins"}


def target(environment: dict[str, str], **flags: object) -> Target:
    layers: list[Layer] = [
        defaults(lambda: 1),
        from_environment({**ADMIN, **environment}),
        from_flags(flags),
    ]
    return build_config(merge(layers), lambda told: STORIES).target


async def test_no_cookie_of_one_account_is_shown_for_the_next() -> None:
    with recording() as server:
        server.on("/", Said(200, "", (("Set-Cookie", "session=ann; Path=/"),)))
        async with http_client(server.url, ssl.create_default_context(), 1) as http:
            for _ in range(2):
                assert isinstance(await http.get("/"), httpx.Response)
    assert [seen.headers.get("cookie") for seen in server.seen] == [None, None]


@pytest.mark.parametrize(
    ("environment", "flags", "words"),
    [
        ({"NEXTCLOUD_HOST": "http://cloud.example.org"}, {}, "administrator's password"),
        (
            {"NEXTCLOUD_HOST": "https://cloud.example.org"},
            {"url": "http://10.0.0.1:8001/mcp"},
            "--url.*tokens",
        ),
        (
            {"NEXTCLOUD_HOST": "https://cloud.example.org"},
            {"login_origin": ("http://sso.example.org",)},
            "--login-origin.*every user's password",
        ),
    ],
)
def test_plain_http_to_another_host_wants_a_word_and_says_what_travels_in_the_clear(
    environment: dict[str, str], flags: dict[str, object], words: str
) -> None:
    with pytest.raises(UsageError, match=words) as refused:
        target(environment, **flags)
    assert "--plain-http" in str(refused.value)
    assert target(environment, plain_http=True, **flags).plain_http


def test_plain_http_on_this_machine_is_nobodys_business() -> None:
    here = target({"NEXTCLOUD_HOST": "http://localhost:8080"}, url="http://127.0.0.1:8001/mcp")
    assert clear_text_warnings(here) == ()


def test_a_run_that_sends_secrets_in_the_clear_says_so() -> None:
    there = target({"NEXTCLOUD_HOST": "http://cloud.example.org"}, plain_http=True)
    (warning,) = clear_text_warnings(there)
    assert "administrator" in warning


def test_origins_that_the_person_named_take_passwords() -> None:
    named = target(
        {
            "NEXTCLOUD_HOST": "https://cloud.example.org",
            "SIMULATE_LOGIN_ORIGIN": "https://a.test;https://b.test",
        }
    )
    trust = trust_of(named)
    assert trust.takes_passwords("https://a.test/x")
    assert trust.takes_passwords("https://b.test/x")
    with pytest.raises(UsageError, match="ends with its host or port"):
        target({"NEXTCLOUD_HOST": "https://cloud.example.org"}, login_origin=("https://a.test/login",))
