"""The authorization code flow with PKCE, as a client and a person at a browser go through it."""

from __future__ import annotations

import jwt
import pytest


async def test_a_person_logs_in_consents_and_the_client_gets_tokens(world, tools):
    visitor = await world.visitor()
    client = await world.register(visitor)
    page = await visitor.open(world.authorize_url(client))
    assert page.url.path == "/login"
    assert page.url.params["redirect_url"] == f"{tools.oidc}/redirect"
    page = await world.log_in(visitor, page)
    assert page.url.path == f"{tools.oidc}/redirect" and "location.replace" in page.text
    page = await visitor.open(f"{tools.oidc}/authorize")
    assert page.url.path == f"{tools.oidc}/consent"
    answer = tools.answer_of(await visitor.submit(page))
    assert answer["state"] == "a state & more" and answer["iss"] == tools.server
    tokens = (await world.redeem(visitor, client, answer["code"])).json()
    assert tokens["token_type"] == "Bearer" and tokens["expires_in"] == 900
    principal = world.identity.verify_bearer(tokens["access_token"])
    assert principal.uid == "alice" and principal.client_id == client["client_id"]
    assert principal.scopes == {"openid", "offline_access", "notes.read"}
    assert principal.expires_at == world.clock.time + 900


async def test_the_tokens_are_signed_by_the_published_key(world, tools):
    visitor = await world.visitor()
    client = await world.register(visitor)
    tokens = await world.tokens(visitor, client)
    keys = {
        key.key_id: key
        for key in jwt.PyJWKSet.from_dict((await visitor.http.get(f"{tools.oidc}/jwks")).json()).keys
    }

    def verified(token, audience):
        key = keys[jwt.get_unverified_header(token)["kid"]]
        unchecked = {"verify_exp": False, "verify_iat": False}
        return jwt.decode(token, key, algorithms=["RS256"], audience=audience, options=unchecked)

    access = verified(tokens["access_token"], client["client_id"])
    assert access["iss"] == tools.server and access["sub"] == "alice"
    assert access["scope"] == tokens["scope"] == "openid offline_access notes.read"
    assert access["exp"] - access["iat"] == 900 and access["jti"]
    identity = verified(tokens["id_token"], client["client_id"])
    assert identity["nonce"] == "a nonce" and identity["iss"] == tools.server
    assert identity["sub"] == "alice" and identity["exp"] > identity["iat"]


async def test_a_named_resource_becomes_the_audience(world):
    visitor = await world.visitor()
    client = await world.register(visitor)
    tokens = await world.tokens(visitor, client, resource="http://localhost:8001/mcp")
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    assert claims["aud"] == "http://localhost:8001/mcp"


async def test_token_answers_are_kept_by_no_cache(world):
    visitor = await world.visitor()
    client = await world.register(visitor)
    code = await world.code(visitor, client)
    assert (await world.redeem(visitor, client, code)).headers["cache-control"] == "no-store"
    assert (await world.redeem(visitor, client, code)).headers["cache-control"] == "no-store"


async def test_consent_is_asked_once_a_user_client_and_scope_string(world, tools):
    visitor = await world.visitor()
    client, other = await world.register(visitor), await world.register(visitor)
    await world.code(visitor, client)
    assert "code" in tools.answer_of(await visitor.open(world.authorize_url(client)))
    asked = [
        world.authorize_url(client, scope="openid notes.read offline_access"),
        world.authorize_url(client, scope="openid"),
        world.authorize_url(other),
    ]
    for url in asked:
        assert (await visitor.open(url)).url.path == f"{tools.oidc}/consent"
    page = await world.consent_page(await world.visitor(), client, user="bob")
    assert page.url.path == f"{tools.oidc}/consent"


async def test_the_consent_page_names_client_and_scopes_and_escapes_them(world):
    visitor = await world.visitor()
    page = await world.consent_page(visitor, await world.register(visitor))
    assert "Test &lt;b&gt;client&lt;/b&gt; &#36;state" in page.text
    assert "<b>client" not in page.text and 'value="notes.read"' in page.text


async def test_allowing_fewer_scopes_gives_fewer(world, tools):
    visitor = await world.visitor()
    client = await world.register(visitor)
    page = await world.consent_page(visitor, client)
    answer = tools.answer_of(await visitor.submit(page, scopes="openid admin"))
    tokens = (await world.redeem(visitor, client, answer["code"])).json()
    assert tokens["scope"] == "openid" and "refresh_token" not in tokens


@pytest.mark.parametrize("scopes", ["", "admin"])
async def test_allowing_nothing_is_denying(world, tools, scopes):
    visitor = await world.visitor()
    page = await world.consent_page(visitor, await world.register(visitor))
    assert tools.answer_of(await visitor.submit(page, scopes=scopes))["error"] == "access_denied"


async def test_deny_tells_the_client_so(world, tools):
    visitor = await world.visitor()
    client = await world.register(visitor)
    page = await world.consent_page(visitor, client)
    answer = tools.answer_of(await visitor.submit(page, 0))
    assert answer["error"] == "access_denied" and answer["state"] == "a state & more"
    assert (await visitor.open(world.authorize_url(client))).url.path == f"{tools.oidc}/consent"


async def test_consent_can_be_denied_for_a_user_by_a_switch(build, tools):
    world = build(deny_consent_for=frozenset({"alice"}))
    visitor, other = await world.visitor(), await world.visitor()
    client = await world.register(visitor)
    page = await world.consent_page(visitor, client)
    assert tools.answer_of(await visitor.submit(page))["error"] == "access_denied"
    page = await world.consent_page(other, client, user="bob")
    assert "code" in tools.answer_of(await other.submit(page))


async def test_a_scope_that_the_client_did_not_register_is_left_out(world):
    visitor = await world.visitor()
    client = await world.register(visitor, scope="openid notes.read")
    tokens = await world.tokens(visitor, client, scope="openid notes.write notes.read")
    assert tokens["scope"] == "openid notes.read"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"scope": "admin"}, "invalid_scope"),
        ({"resource": "http://localhost/mcp#part"}, "invalid_target"),
    ],
)
async def test_a_mistaken_request_goes_back_to_the_client(world, tools, changes, error):
    visitor = await world.visitor()
    client = await world.register(visitor, scope="openid offline_access notes.read")
    answer = tools.answer_of(await visitor.open(world.authorize_url(client, **changes)))
    assert answer["error"] == error and answer["state"] == "a state & more"


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "nobody"},
        {"redirect_uri": "http://127.0.0.1:5001/other"},
        {"redirect_uri": "http://evil.test/callback"},
        {"redirect_uri": "http://127.0.0.1.evil.test:5001/callback"},
        {"redirect_uri": "http://127.0.0.1:x/callback"},
        {"redirect_uri": None},
    ],
)
async def test_an_unknown_client_or_redirect_uri_is_an_error_page(world, changes):
    visitor = await world.visitor()
    client = await world.register(visitor)
    answer = await visitor.open(world.authorize_url(client, **changes))
    assert answer.status_code == 403 and "not a" in answer.text and "location" not in answer.headers


async def test_an_authorize_request_out_of_the_blue_is_an_error_page(world, tools):
    answer = await (await world.visitor()).open(f"{tools.oidc}/authorize")
    assert answer.status_code == 400 and "expired" in answer.text


async def test_the_port_of_a_loopback_redirect_may_vary(world, tools):
    visitor = await world.visitor()
    client = await world.register(visitor)
    elsewhere = "http://127.0.0.1:6002/callback"
    code = await world.code(visitor, client, redirect_uri=elsewhere)
    assert (await world.redeem(visitor, client, code)).json()["error"] == "invalid_grant"
    page = await visitor.open(world.authorize_url(client, redirect_uri=elsewhere))
    again = tools.answer_of(page)["code"]
    assert (await world.redeem(visitor, client, again, redirect_uri=elsewhere)).status_code == 200


async def test_a_code_buys_once_and_its_reuse_takes_the_tokens_back(world):
    visitor = await world.visitor()
    client = await world.register(visitor)
    code = await world.code(visitor, client)
    tokens = (await world.redeem(visitor, client, code)).json()
    assert world.identity.verify_bearer(tokens["access_token"])
    assert (await world.redeem(visitor, client, code)).json()["error"] == "invalid_grant"
    assert world.identity.verify_bearer(tokens["access_token"]) is None
    refused = await world.refresh(visitor, client, tokens["refresh_token"])
    assert refused.json()["error"] == "invalid_grant"


async def test_a_code_lives_sixty_seconds(world):
    visitor = await world.visitor()
    client = await world.register(visitor)
    code = await world.code(visitor, client)
    world.clock.time += 60
    refused = await world.redeem(visitor, client, code)
    assert refused.status_code == 400 and "expired" in refused.json()["error_description"]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_verifier": "w" * 43}, "invalid_grant"),
        ({"code_verifier": "v"}, "invalid_grant"),
        ({"code_verifier": ""}, "invalid_request"),
        ({"code": "made up"}, "invalid_grant"),
        ({"code": ""}, "invalid_request"),
        ({"redirect_uri": "http://127.0.0.1:5001/other"}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "invalid_request"),
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": "nobody"}, "invalid_client"),
    ],
)
async def test_the_token_endpoint_says_what_is_wrong(world, changes, error):
    visitor = await world.visitor()
    client = await world.register(visitor)
    refused = await world.redeem(visitor, client, await world.code(visitor, client), **changes)
    assert refused.status_code == 400 and refused.json()["error"] == error


async def test_a_code_is_good_for_its_own_client_only(world):
    visitor = await world.visitor()
    client, thief = await world.register(visitor), await world.register(visitor)
    code = await world.code(visitor, client)
    assert (await world.redeem(visitor, thief, code)).json()["error"] == "invalid_grant"
    assert (await world.redeem(visitor, client, code)).status_code == 200


async def test_a_client_may_say_its_secret_by_basic_authentication(world, tools):
    visitor = await world.visitor()
    client = await world.register(visitor)
    form = {
        "grant_type": "authorization_code",
        "code": await world.code(visitor, client),
        "redirect_uri": tools.callback,
        "code_verifier": world.verifier,
    }
    wrong = await visitor.http.post(f"{tools.oidc}/token", data=form, auth=(client["client_id"], "x"))
    assert wrong.status_code == 401 and wrong.headers["www-authenticate"].startswith("Basic")
    auth = (client["client_id"], client["client_secret"])
    assert (await visitor.http.post(f"{tools.oidc}/token", data=form, auth=auth)).status_code == 200


async def test_a_public_client_has_no_secret_but_needs_the_verifier(world):
    visitor = await world.visitor()
    client = await world.register(visitor, token_endpoint_auth_method="none")
    assert "client_secret" not in client
    assert (await world.tokens(visitor, client))["access_token"]
    code = await world.code(await world.visitor(), client, user="bob")
    refused = await world.redeem(visitor, client, code, code_verifier="w" * 43)
    assert refused.json()["error"] == "invalid_grant"


async def test_a_static_client_needs_no_registration(world, tools):
    world.identity.add_client("static", "s3cret:+%", [tools.callback])
    visitor = await world.visitor()
    client = {"client_id": "static", "client_secret": "s3cret:+%"}
    world.clock.time += 7200
    assert world.identity.verify_bearer((await world.tokens(visitor, client))["access_token"])
