"""The login page: cookies, CSRF, wrong passwords, and where it leads."""

from __future__ import annotations

import json
from base64 import b64decode
from urllib.parse import urlsplit

import pytest


async def test_the_login_page_has_a_request_token_cookies_and_fields(world, tools):
    answer = await (await world.visitor()).http.get("/login")
    page = tools.page(answer.text)
    (form,) = page.forms
    assert {"user", "password", "timezone", "requesttoken"} <= set(form.fields)
    assert form.fields["requesttoken"] == page.request_token != ""
    cookies = answer.headers.get_list("set-cookie")
    assert any(cookie.startswith("nc_session") and "HttpOnly" in cookie for cookie in cookies)
    assert any("sameSiteCookiestrict=true" in cookie and "SameSite=strict" in cookie for cookie in cookies)
    assert any("sameSiteCookielax=true" in cookie and "SameSite=lax" in cookie for cookie in cookies)


async def test_over_tls_the_cookies_are_secure(world):
    visitor = await world.visitor(server="https://cloud.test")
    cookies = (await visitor.http.get("/login")).headers.get_list("set-cookie")
    assert len(cookies) == 3 and all("Secure" in cookie for cookie in cookies)
    assert sum(cookie.startswith("__Host-nc_sameSite") for cookie in cookies) == 2


async def test_each_page_has_another_request_token_and_all_of_a_session_are_good(world, tools):
    visitor = await world.visitor()
    first, second = await visitor.open("/login"), await visitor.open("/login")
    assert tools.page(first.text).request_token != tools.page(second.text).request_token
    assert (await world.log_in(visitor, first)).url.path == "/apps/dashboard/"


async def test_a_wrong_password_leads_back_to_the_form_with_a_message_once(world):
    visitor = await world.visitor()
    page = await visitor.open("/login?redirect_url=/apps/dashboard/")
    page = await visitor.submit(page, user="alice", password="wrong")
    assert page.status_code == 200 and page.url.path == "/login"
    assert page.url.params["user"] == "alice" and page.url.params["direct"] == "1"
    assert page.url.params["redirect_url"] == "/apps/dashboard/"
    assert "Wrong login or password." in page.text and 'value="alice"' in page.text
    assert "Wrong login or password." not in (await visitor.open("/login")).text
    assert world.identity.holdings()["logins"] == []
    assert world.identity.counts()["failed_logins"] == 1


async def post_login(visitor, tools, password):
    form = tools.page((await visitor.open("/login")).text).forms[0].fields
    good = form | {"user": "alice", "password": password}
    return await visitor.http.post("/login", data=good, headers={"Origin": tools.server})


async def test_each_wrong_password_makes_the_next_one_wait_longer_until_none_is_looked_at(
    build, tools, autojump_clock
):
    visitor = await build(brute_force_s=0.01).visitor()
    waits = []
    for _ in range(11):
        before = autojump_clock.current_time()
        assert (await post_login(visitor, tools, "wrong")).status_code == 303
        waits.append(autojump_clock.current_time() - before)
    assert waits[:4] == pytest.approx([0, 0.01, 0.02, 0.04])
    assert waits == sorted(waits)
    refused = await post_login(visitor, tools, "wonderland")
    assert refused.status_code == 429, "the right password is not looked at either"


async def test_a_right_password_forgives_the_wrong_ones_of_that_name(build, tools, autojump_clock):
    visitor = await build(brute_force_s=0.01).visitor()
    for _ in range(3):
        await post_login(visitor, tools, "wrong")
    await post_login(visitor, tools, "wonderland")
    await visitor.open("/logout")
    before = autojump_clock.current_time()
    await post_login(visitor, tools, "wrong")
    assert autojump_clock.current_time() == before


async def test_failures_are_forgotten_after_half_an_hour(build, tools, autojump_clock):
    world = build(brute_force_s=0.01)
    visitor = await world.visitor()
    for _ in range(11):
        await post_login(visitor, tools, "wrong")
    world.clock.time += 1801
    assert (await post_login(visitor, tools, "wonderland")).status_code == 303


async def test_an_address_logs_in_as_the_name_does_and_the_user_keeps_the_id(world, tools):
    visitor = await world.visitor()
    page = await visitor.open("/login")
    page = await visitor.submit(page, user="alice@example.org", password="wonderland")
    assert "Alice" in page.text
    assert {login["uid"] for login in world.identity.holdings()["logins"]} == {"alice"}


async def test_a_login_without_token_or_cookies_is_refused(world, tools):
    visitor, bare = await world.visitor(), await world.visitor()
    form = tools.page((await visitor.open("/login")).text).forms[0].fields
    good = form | {"user": "alice", "password": "wonderland"}
    for who, fields in [
        (bare, good),
        (visitor, good | {"requesttoken": ""}),
        (visitor, good | {"requesttoken": "made:up"}),
        (visitor, good | {"requesttoken": tools.page((await bare.open("/login")).text).request_token}),
    ]:
        answer = await who.http.post("/login", data=fields, headers={"Origin": tools.server})
        assert answer.status_code == 303 and urlsplit(answer.headers["location"]).path == "/login"
        assert "Temporary error" in (await who.open("/login")).text
    assert world.identity.holdings()["logins"] == []


@pytest.mark.parametrize("origin", [None, "null", "http://evil.test", "http://nextcloud.test:80"])
async def test_a_login_from_another_origin_looks_like_a_wrong_password(world, tools, origin):
    visitor = await world.visitor()
    form = tools.page((await visitor.open("/login")).text).forms[0].fields
    headers = {"Origin": origin} if origin else {}
    good = form | {"user": "alice", "password": "wonderland"}
    answer = await visitor.http.post("/login", data=good, headers=headers)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{tools.server}/login?user=alice&direct=1")
    assert "Invalid origin" in (await visitor.open("/login")).text


async def test_older_servers_ask_for_no_origin(build, tools):
    world = build(login_needs_origin=False)
    visitor = await world.visitor()
    form = tools.page((await visitor.open("/login")).text).forms[0].fields
    answer = await visitor.http.post("/login", data=form | {"user": "alice", "password": "wonderland"})
    assert answer.headers["location"] == f"{tools.server}/apps/dashboard/"


async def test_the_session_gets_another_id_at_login(world):
    visitor = await world.visitor()
    page = await visitor.open("/login")
    before = dict(visitor.http.cookies)
    await world.log_in(visitor, page)
    planted = await world.visitor()
    planted.http.cookies.update(before)
    assert (await planted.open("/apps/dashboard/")).url.path == "/login"
    assert (await visitor.open("/apps/dashboard/")).url.path == "/apps/dashboard/"


@pytest.mark.parametrize("target", ["@evil.test/", "//evil.test/x", "http://evil.test/x", ".evil.test"])
async def test_the_login_leads_to_this_server_only(world, tools, target):
    visitor = await world.visitor()
    form = tools.page((await visitor.open("/login")).text).forms[0].fields
    good = form | {"user": "alice", "password": "wonderland", "redirect_url": target}
    answer = await visitor.http.post("/login", data=good, headers={"Origin": tools.server})
    assert answer.headers["location"].startswith(f"{tools.server}/")


async def test_who_is_logged_in_sees_no_login_page_until_he_logs_out(world):
    visitor = await world.visitor()
    await world.log_in(visitor, await visitor.open("/login"))
    assert (await visitor.open("/login")).url.path == "/apps/dashboard/"
    assert (await visitor.open("/logout")).url.path == "/login"
    assert (await visitor.open("/apps/dashboard/")).url.path == "/login"


async def test_a_session_ends_after_a_day(world):
    visitor = await world.visitor()
    await world.log_in(visitor, await visitor.open("/login"))
    world.clock.time += 24 * 3600
    assert (await visitor.open("/apps/dashboard/")).url.path == "/login"
    assert world.identity.holdings()["logins"] == []


async def test_the_login_page_can_loop_by_a_switch(build):
    world = build(login_loops_for=frozenset({"*"}))
    visitor = await world.visitor()
    page = await visitor.open("/login")
    for _ in range(3):
        page = await world.log_in(visitor, page)
        assert page.url.path == "/login"


async def test_what_a_stranger_writes_is_escaped(world):
    page = await (await world.visitor()).open("/login?user=%22%3E%3Cscript%3E&redirect_url=%22$content%22")
    assert "<script>" not in page.text and "&quot;&gt;&lt;script&gt;" in page.text


async def test_scripted_pages_show_no_form_without_javascript(build, tools):
    world = build(scripted_pages=True)
    visitor = await world.visitor()
    page = tools.page((await visitor.open("/login")).text)
    assert page.forms == [] and page.request_token and "innerHTML" in page.text
    form = {"user": "alice", "password": "wonderland", "requesttoken": page.request_token}
    answer = await visitor.http.post("/login", data=form, headers={"Origin": tools.server})
    assert answer.headers["location"] == f"{tools.server}/apps/dashboard/"
    consent = await visitor.open(world.authorize_url(await world.register(visitor)))
    assert tools.page(consent.text).forms == [] and 'data-scopes="openid' in consent.text


@pytest.mark.parametrize("path", ["consent/grant", "consent/deny"])
async def test_consent_needs_a_login_a_token_and_a_question(world, tools, path):
    visitor = await world.visitor()
    url = f"{tools.oidc}/{path}"
    assert urlsplit((await visitor.http.post(url)).headers["location"]).path == "/login"
    json_only = await visitor.http.post(url, headers={"Accept": "*/*"})
    assert json_only.status_code == 401
    assert (await visitor.open(f"{tools.oidc}/consent")).url.path == "/login"
    await world.log_in(visitor, await visitor.open("/login"))
    refused = await visitor.http.post(url, data={"scopes": "openid"})
    assert refused.status_code == 412 and "CSRF check failed" in refused.text
    token = tools.page((await visitor.open("/apps/dashboard/")).text).request_token
    assert (await visitor.http.post(url, data={"requesttoken": token})).status_code == 400
    assert (await visitor.open(f"{tools.oidc}/consent")).status_code == 400


async def test_the_request_token_may_come_in_a_header(world, tools):
    visitor = await world.visitor()
    page = await world.consent_page(visitor, await world.register(visitor))
    headers = {"requesttoken": tools.page(page.text).request_token}
    answer = await visitor.http.post(f"{tools.oidc}/consent/grant", headers=headers)
    assert answer.status_code == 303 and "authorize?" in answer.headers["location"]


async def test_the_security_settings_list_app_passwords_which_can_be_deleted(world, tools):
    visitor = await world.visitor()
    await world.log_in(visitor, await visitor.open("/login"))
    token = tools.page((await visitor.open("/apps/dashboard/")).text).request_token
    url = "/index.php/settings/personal/authtokens"
    assert (await visitor.http.post(url, data={"name": "x"})).status_code == 412
    made = (await visitor.http.post(url, data={"name": "My phone"}, headers={"requesttoken": token})).json()
    assert world.identity.verify_basic("alice", made["token"]).uid == "alice"
    page = (await visitor.open("/settings/user/security")).text
    encoded = page.split('id="initial-state-settings-app_tokens" value="')[1].split('"')[0]
    (listed,) = json.loads(b64decode(encoded))
    assert listed["name"] == "My phone" and listed == made["deviceToken"]
    one = f"{url}/{listed['id']}"
    assert (await visitor.http.delete(one)).status_code == 412
    stranger = await world.visitor()
    await world.log_in(stranger, await stranger.open("/login"), "bob")
    theirs = {"requesttoken": tools.page((await stranger.open("/apps/dashboard/")).text).request_token}
    assert (await stranger.http.delete(one, headers=theirs)).status_code == 404
    assert (await visitor.http.delete(one, headers={"requesttoken": token})).status_code == 200
    assert world.identity.verify_basic("alice", made["token"]) is None
