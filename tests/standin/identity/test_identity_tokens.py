"""Tokens grow old, are renewed, are told apart, and end."""

from __future__ import annotations

import pytest


async def test_an_access_token_ends_with_its_time(build):
    world = build(token_ttl_s=3)
    visitor = await world.visitor()
    tokens = await world.tokens(visitor, await world.register(visitor))
    assert tokens["expires_in"] == 3
    world.clock.time += 2.9
    assert world.identity.verify_bearer(tokens["access_token"])
    world.clock.time += 0.2
    assert world.identity.verify_bearer(tokens["access_token"]) is None


async def test_refreshing_rotates_both_tokens_and_the_old_ones_are_dead_at_once(world):
    visitor = await world.visitor()
    client = await world.register(visitor)
    old = await world.tokens(visitor, client)
    new = (await world.refresh(visitor, client, old["refresh_token"])).json()
    assert new["access_token"] != old["access_token"] and new["refresh_token"] != old["refresh_token"]
    assert world.identity.verify_bearer(old["access_token"]) is None
    assert world.identity.verify_bearer(new["access_token"]).uid == "alice"
    reused = await world.refresh(visitor, client, old["refresh_token"])
    assert reused.status_code == 400 and reused.json()["error"] == "invalid_grant"
    assert (await world.refresh(visitor, client, new["refresh_token"])).status_code == 200


async def test_a_chain_of_refreshes_outlives_the_first_lifetime(build):
    world = build(token_ttl_s=3, refresh_ttl_s=3)
    visitor = await world.visitor()
    client = await world.register(visitor)
    tokens = await world.tokens(visitor, client)
    for _ in range(5):
        world.clock.time += 2
        tokens = (await world.refresh(visitor, client, tokens["refresh_token"])).json()
    assert world.identity.verify_bearer(tokens["access_token"])


async def test_a_refresh_token_ends_with_its_time(build):
    world = build(token_ttl_s=3, refresh_ttl_s=6)
    visitor = await world.visitor()
    client = await world.register(visitor)
    tokens = await world.tokens(visitor, client)
    world.clock.time += 6
    refused = await world.refresh(visitor, client, tokens["refresh_token"])
    assert refused.json()["error"] == "invalid_grant"


async def test_without_offline_access_there_is_no_refresh_token(world):
    visitor = await world.visitor()
    tokens = await world.tokens(visitor, await world.register(visitor), scope="openid notes.read")
    assert "refresh_token" not in tokens


async def test_a_refresh_may_narrow_the_scope_but_not_widen_it(world):
    visitor = await world.visitor()
    client = await world.register(visitor)
    token = (await world.tokens(visitor, client))["refresh_token"]
    wider = await world.refresh(visitor, client, token, scope="openid notes.write")
    assert wider.json()["error"] == "invalid_scope"
    narrowed = (await world.refresh(visitor, client, token, scope="openid")).json()
    assert narrowed["scope"] == "openid"
    assert world.identity.verify_bearer(narrowed["access_token"]).scopes == {"openid"}
    full = (await world.refresh(visitor, client, narrowed["refresh_token"])).json()
    assert full["scope"] == "openid offline_access notes.read"


async def test_a_refresh_token_is_good_for_its_own_client_only(world):
    visitor = await world.visitor()
    client, thief = await world.register(visitor), await world.register(visitor)
    tokens = await world.tokens(visitor, client)
    assert (await world.refresh(visitor, thief, tokens["refresh_token"])).json()["error"] == "invalid_grant"


async def test_a_token_that_was_not_issued_here_is_nobody(world):
    visitor = await world.visitor()
    token = (await world.tokens(visitor, await world.register(visitor)))["access_token"]
    for forged in ("", "x.y.z", token[:-2], token + "x"):
        assert world.identity.verify_bearer(forged) is None


async def test_a_revoked_token_is_refused_at_once(world):
    visitor = await world.visitor()
    token = (await world.tokens(visitor, await world.register(visitor)))["access_token"]
    assert world.identity.verify_bearer(token)
    assert world.identity.revoke_access_token(token)
    assert world.identity.verify_bearer(token) is None
    assert not world.identity.revoke_access_token(token)


async def test_forgetting_a_user_ends_all_that_is_his_and_nothing_else(world, tools):
    visitor, other = await world.visitor(), await world.visitor()
    client = await world.register(visitor)
    first, second = await world.tokens(visitor, client), await world.tokens(other, client, user="bob")
    del world.users.passwords["alice"]
    assert world.identity.verify_bearer(first["access_token"]) is None
    world.identity.forget_user("alice")
    world.users.passwords["alice"] = "again"
    assert world.identity.verify_bearer(first["access_token"]) is None
    assert (await world.refresh(visitor, client, first["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await visitor.open(world.authorize_url(client))).url.path == "/login"
    assert world.identity.verify_bearer(second["access_token"]).uid == "bob"
    assert {login["uid"] for login in world.identity.holdings()["logins"]} == {"bob"}


async def test_consent_outlives_its_user_by_name_client_and_scope(world, tools):
    visitor = await world.visitor()
    client = await world.register(visitor)
    await world.tokens(visitor, client)
    world.identity.forget_user("alice")
    page = await world.log_in(visitor, await visitor.open(world.authorize_url(client)))
    assert page.url.path.endswith("/redirect")
    assert "code" in tools.answer_of(await visitor.open(f"{tools.oidc}/authorize")), "nobody is asked again"
    more = await visitor.open(world.authorize_url(client, scope="openid notes.write"))
    assert more.url.path.endswith("/consent"), "for other scopes they are"
    other = await visitor.open(world.authorize_url(await world.register(visitor)))
    assert other.url.path.endswith("/consent"), "for another client they are"


async def test_a_token_that_was_refreshed_passes_only_where_nextcloud_is_not_asked(world):
    visitor = await world.visitor()
    client = await world.register(visitor)
    first = await world.tokens(visitor, client)
    second = (await world.refresh(visitor, client, first["refresh_token"])).json()
    assert world.identity.verify_bearer(first["access_token"]) is None
    assert world.identity.verify_session_bearer(first["access_token"]).is_superseded
    assert not world.identity.verify_session_bearer(second["access_token"]).is_superseded
    world.clock.time += 901
    assert world.identity.verify_session_bearer(first["access_token"]) is None


async def test_userinfo_says_who_brings_the_token(world, tools):
    visitor = await world.visitor()
    token = (await world.tokens(visitor, await world.register(visitor)))["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    told = await visitor.http.get(f"{tools.oidc}/userinfo", headers=headers)
    assert told.json() == {"sub": "alice", "preferred_username": "alice", "name": "Alice"}
    world.identity.revoke_access_token(token)
    refused = await visitor.http.get(f"{tools.oidc}/userinfo", headers=headers)
    assert refused.status_code == 401 and "invalid_token" in refused.headers["www-authenticate"]


async def test_introspection_describes_a_good_token(world, tools):
    visitor = await world.visitor()
    client = await world.register(visitor)
    tokens = await world.tokens(visitor, client)
    auth = (client["client_id"], client["client_secret"])

    async def introspected(token):
        answer = await visitor.http.post(f"{tools.oidc}/introspect", data={"token": token}, auth=auth)
        return answer.json()

    found = await introspected(tokens["access_token"])
    assert found["active"] and found["sub"] == found["username"] == "alice"
    assert found["scope"] == tokens["scope"] and found["aud"] == client["client_id"]
    assert found["exp"] == world.clock.time + 900
    assert await introspected("made up") == {"active": False}
    world.clock.time += 900
    assert await introspected(tokens["access_token"]) == {"active": False}


async def test_introspection_tells_an_api_of_tokens_for_it_and_others_nothing(world, tools):
    visitor = await world.visitor()
    client = await world.register(visitor)
    api = await world.register(visitor, resource_url="http://localhost:8001/mcp")
    stranger = await world.register(visitor)
    token = (await world.tokens(visitor, client, resource="http://localhost:8001/mcp"))["access_token"]

    async def sees(who):
        form = {"token": token, "client_id": who["client_id"], "client_secret": who["client_secret"]}
        return (await visitor.http.post(f"{tools.oidc}/introspect", data=form)).json()["active"]

    assert await sees(api) and await sees(client) and not await sees(stranger)


@pytest.mark.parametrize("endpoint", ["introspect", "revoke"])
async def test_introspection_and_revocation_need_a_client(world, tools, endpoint):
    visitor = await world.visitor()
    client = await world.register(visitor)
    url = f"{tools.oidc}/{endpoint}"
    for auth in (None, (client["client_id"], "wrong")):
        refused = await visitor.http.post(url, data={"token": "any"}, auth=auth)
        assert refused.status_code == 401 and refused.json()["error"] == "invalid_client"
    auth = (client["client_id"], client["client_secret"])
    assert (await visitor.http.post(url, auth=auth)).json()["error"] == "invalid_request"


async def test_revoking_a_refresh_token_ends_the_access_token_too(world, tools):
    visitor = await world.visitor()
    client, stranger = await world.register(visitor), await world.register(visitor)
    tokens = await world.tokens(visitor, client)

    async def revoke(who, token):
        auth = (who["client_id"], who["client_secret"])
        answer = await visitor.http.post(f"{tools.oidc}/revoke", data={"token": token}, auth=auth)
        assert answer.status_code == 200

    await revoke(stranger, tokens["refresh_token"])
    await revoke(stranger, tokens["access_token"])
    assert world.identity.verify_bearer(tokens["access_token"])
    await revoke(client, tokens["refresh_token"])
    assert world.identity.verify_bearer(tokens["access_token"]) is None
    assert (await world.refresh(visitor, client, tokens["refresh_token"])).status_code == 400


async def test_logins_that_are_over_are_not_held_for_ever(build):
    world = build(token_ttl_s=3, refresh_ttl_s=3, code_ttl_s=3)
    visitor = await world.visitor()
    client = await world.register(visitor)
    await world.tokens(visitor, client)
    for _ in range(20):
        world.clock.time += 10
        await visitor.open(world.authorize_url(client))
    logins = [one for one in world.identity.holdings()["logins"] if one["kind"] == "token"]
    grants = world.identity._grants
    assert logins == [] and not grants._families and not grants._access and not grants._refresh
    assert len(grants._codes) == 1 and not grants._redeemed


async def test_counts_tell_what_happened(world):
    visitor = await world.visitor()
    client = await world.register(visitor)
    tokens = await world.tokens(visitor, client)
    await world.refresh(visitor, client, tokens["refresh_token"])
    await world.refresh(visitor, client, tokens["refresh_token"])
    counts = world.identity.counts()
    expected = {"registrations": 1, "web_logins": 1, "consents": 1, "codes": 1, "logins": 1, "refreshes": 1}
    assert counts == expected | {"refused_grants": 1}


async def test_what_is_printed_of_the_state_holds_no_secret(world):
    visitor = await world.visitor()
    client = await world.register(visitor)
    tokens = await world.tokens(visitor, client)
    grants, clients = world.identity._grants, world.identity._clients
    printed = repr([*grants._families.values(), *clients.all(), *world.identity.sessions._by_id.values()])
    printed += repr(world.identity.holdings())
    for secret in (
        tokens["access_token"],
        tokens["refresh_token"],
        client["client_secret"],
        client["registration_access_token"],
        *(cookie.value for cookie in visitor.http.cookies.jar if cookie.name.startswith("nc_session")),
    ):
        assert secret and secret not in printed
