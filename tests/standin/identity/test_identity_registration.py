"""Discovery, and clients that register themselves."""

from __future__ import annotations

import pytest

from actors.login.client import remove
from actors.secret import Secret


@pytest.mark.parametrize("document", ["openid-configuration", "oauth-authorization-server"])
@pytest.mark.parametrize("server", ["http://localhost:8080", "http://127.0.0.1:8080", "https://cloud.test"])
async def test_the_issuer_follows_the_host_header(world, tools, document, server):
    visitor = await world.visitor(server=server)
    away = await visitor.http.get(f"/.well-known/{document}")
    assert (away.status_code, away.headers["location"]) == (
        301,
        f"{server}/index.php/.well-known/{document}",
    )
    told = (await visitor.http.get(away.headers["location"])).json()
    assert told["issuer"] == server
    endpoints = [value for name, value in told.items() if name.endswith(("_endpoint", "_uri"))]
    assert len(endpoints) == 7 and all(url.startswith(f"{server}{tools.oidc}/") for url in endpoints)
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert {"openid", "offline_access", "notes.read"} <= set(told["scopes_supported"])


async def test_the_key_set_holds_one_public_rsa_key(world, tools):
    visitor = await world.visitor()
    (key,) = (await visitor.http.get("/apps/oidc/jwks")).json()["keys"]
    assert key["kty"] == "RSA" and key["kid"] and "d" not in key
    again = (await visitor.http.get(f"{tools.oidc}/jwks")).json()["keys"]
    assert again == [key]


async def test_a_registration_tells_all_that_a_client_needs(world, tools):
    visitor = await world.visitor()
    client = await world.register(visitor, scope="openid notes.read")
    assert client["redirect_uris"] == [tools.callback] and client["scope"] == "openid notes.read"
    assert client["client_secret_expires_at"] == int(world.clock.time) + 3600
    assert isinstance(client["client_secret_expires_at"], int)
    assert client["registration_client_uri"] == f"{tools.server}{tools.oidc}/register/{client['client_id']}"
    assert len(world.identity.holdings()["clients"]) == 1


@pytest.mark.parametrize(
    "uris",
    [None, [], "http://127.0.0.1/cb", [7], ["not a url"], ["/relative"], ["http://h/cb#part"], ["http://[/"]],
)
async def test_invalid_redirect_uris_are_refused(world, tools, uris):
    answer = await (await world.visitor()).http.post(f"{tools.oidc}/register", json={"redirect_uris": uris})
    assert answer.status_code == 400 and answer.json()["error"] == "invalid_redirect_uri"
    assert world.identity.holdings()["clients"] == []


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'{"redirect_uris": ["http://h/c"], "scope": 7}', b"\xff\xfe{"]
)
async def test_unreadable_metadata_is_refused(world, tools, body):
    answer = await (await world.visitor()).http.post(f"{tools.oidc}/register", content=body)
    assert answer.status_code == 400 and answer.json()["error"].startswith("invalid_")


async def test_a_client_reads_and_removes_its_registration_with_its_token(world):
    visitor = await world.visitor()
    client, other = await world.register(visitor), await world.register(visitor)
    tokens = await world.tokens(visitor, client)
    url = client["registration_client_uri"]
    for headers in ({}, {"Authorization": f"Bearer {other['registration_access_token']}"}):
        for method in ("GET", "DELETE"):
            assert (await visitor.http.request(method, url, headers=headers)).status_code == 401
    headers = {"Authorization": f"Bearer {client['registration_access_token']}"}
    assert (await visitor.http.get(url, headers=headers)).json() == client
    assert (await visitor.http.delete(url, headers=headers)).status_code == 204
    assert (await visitor.http.delete(url, headers=headers)).status_code == 401
    assert [one["client_id"] for one in world.identity.holdings()["clients"]] == [other["client_id"]]
    assert world.identity.verify_bearer(tokens["access_token"]) is None
    assert (await visitor.open(world.authorize_url(client))).status_code == 403


async def test_a_client_that_registered_itself_goes_after_its_time(build):
    world = build(client_ttl_s=100)
    visitor = await world.visitor()
    client = await world.register(visitor)
    tokens = await world.tokens(visitor, client)
    world.clock.time += 100
    refused = await world.refresh(visitor, client, tokens["refresh_token"])
    assert refused.json()["error"] == "invalid_client"
    assert world.identity.verify_bearer(tokens["access_token"]) is None
    assert world.identity.holdings()["clients"] == []


async def test_too_many_registrations_have_to_wait(build, tools):
    world = build(registrations_per_minute=2)
    visitor = await world.visitor()
    await world.register(visitor)
    world.clock.time += 20
    await world.register(visitor)
    refused = await visitor.http.post(f"{tools.oidc}/register", json={"redirect_uris": [tools.callback]})
    assert refused.status_code == 429 and refused.headers["retry-after"] == "40"
    world.clock.time += 40
    await world.register(visitor)


async def test_the_number_of_registered_clients_is_bounded(build, tools):
    world = build(max_clients=2)
    visitor = await world.visitor()
    world.identity.add_client("static", "secret", [tools.callback])
    await world.register(visitor)
    client = await world.register(visitor)
    full = await visitor.http.post(f"{tools.oidc}/register", json={"redirect_uris": [tools.callback]})
    assert full.status_code == 400 and full.json()["error"] == "max_num_clients_exceeded"
    headers = {"Authorization": f"Bearer {client['registration_access_token']}"}
    await visitor.http.delete(client["registration_client_uri"], headers=headers)
    await world.register(visitor)


async def test_each_token_that_is_not_good_makes_its_address_wait_longer_also_with_good_ones(
    build, tools, autojump_clock
):
    world = build(brute_force_s=0.1)
    visitor = await world.visitor()
    client = await world.register(visitor, scope="openid")
    waits = []
    for _ in range(4):
        before = autojump_clock.current_time()
        headers = {"Authorization": "Bearer made-up"}
        assert (await visitor.http.get(f"{tools.oidc}/register/none", headers=headers)).status_code == 401
        waits.append(autojump_clock.current_time() - before)
    assert waits == pytest.approx([0, 0.1, 0.2, 0.4])
    before = autojump_clock.current_time()
    headers = {"Authorization": f"Bearer {client['registration_access_token']}"}
    answer = await visitor.http.delete(client["registration_client_uri"], headers=headers)
    assert (answer.status_code, autojump_clock.current_time() - before) == (204, pytest.approx(0.8))


async def test_clients_that_are_made_and_removed_one_after_another_make_nobody_wait(
    build, tools, autojump_clock
):
    world = build(brute_force_s=0.1, registrations_per_minute=0)
    visitor = await world.visitor()
    for _ in range(12):
        client = await world.register(visitor, scope="openid")
        token = Secret(client["registration_access_token"])
        assert await remove(visitor.http, client["registration_client_uri"], token)
    assert autojump_clock.current_time() == 0
