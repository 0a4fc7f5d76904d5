"""Login flow v2, and the app passwords that come of it."""

from __future__ import annotations

import pytest

from sim.standin.identity import Identity

OCS = "/ocs/v2.php/core"


async def start(visitor):
    answer = await visitor.http.post("/index.php/login/v2", headers={"User-Agent": "A <client>"})
    return answer.json()


async def poll(visitor, flow):
    return await visitor.http.post(flow["poll"]["endpoint"], data={"token": flow["poll"]["token"]})


async def granted(world, visitor, flow):
    page = await visitor.submit(await visitor.open(flow["login"]))
    page = await visitor.submit(await world.log_in(visitor, page))
    assert "Account connected" in page.text
    return (await poll(visitor, flow)).json()


async def test_a_program_gets_an_app_password_from_a_person_with_a_browser(world, tools):
    visitor, program = await world.visitor(), await world.visitor()
    flow = await start(program)
    assert (await poll(program, flow)).status_code == 404
    page = await visitor.open(flow["login"])
    assert page.url.path == "/index.php/login/v2/flow" and "A &lt;client&gt;" in page.text
    page = await visitor.submit(page)
    assert page.url.path == "/login"
    page = await world.log_in(visitor, page)
    assert page.url.path == "/index.php/login/v2/grant" and page.url.params["stateToken"]
    assert (await poll(program, flow)).status_code == 404
    page = await visitor.submit(page)
    assert "Account connected" in page.text
    got = (await poll(program, flow)).json()
    assert got["server"] == tools.server and got["loginName"] == "alice" and len(got["appPassword"]) == 72
    assert (await poll(program, flow)).status_code == 404
    principal = world.identity.verify_basic("alice", got["appPassword"])
    assert principal.uid == "alice" and "notes.write" in principal.scopes
    assert world.identity.verify_basic("bob", got["appPassword"]) is None
    (held,) = world.identity.holdings()["app_passwords"]
    assert held["uid"] == "alice" and got["appPassword"] not in str(held)


async def test_who_is_logged_in_already_only_grants(world):
    visitor = await world.visitor()
    await world.log_in(visitor, await visitor.open("/login"))
    flow = await start(visitor)
    page = await visitor.submit(await visitor.open(flow["login"]))
    assert "Grant access" in page.text
    await visitor.submit(page)
    assert (await poll(visitor, flow)).status_code == 200


async def test_a_flow_can_be_granted_once(world):
    visitor = await world.visitor()
    flow = await start(visitor)
    page = await visitor.submit(await visitor.open(flow["login"]))
    page = await world.log_in(visitor, page)
    await visitor.submit(page)
    assert (await visitor.submit(page)).status_code == 403
    page = await visitor.submit(await visitor.open(flow["login"]))
    assert (await visitor.submit(page)).status_code == 403
    assert len(world.identity.holdings()["app_passwords"]) == 1


async def test_the_grant_page_needs_html_a_login_and_its_state_token(world):
    visitor = await world.visitor()
    for path in (
        "/login/v2/grant",
        "/login/v2/grant?stateToken=x",
        "/apps/dashboard/",
        "/index.php/login/v2/grant",
    ):
        answer = await visitor.http.get(path, headers={"Accept": "*/*"})
        assert answer.status_code == 401 and answer.json()["message"] == "Current user is not logged in"
    await world.log_in(visitor, await visitor.open("/login"))
    assert "State token missing" in (await visitor.open("/login/v2/grant")).text
    answer = await visitor.open("/login/v2/grant?stateToken=x")
    assert answer.status_code == 403 and "does not match" in answer.text


async def test_the_grant_itself_needs_the_request_token_and_the_state_token(world, tools):
    visitor = await world.visitor()
    await world.log_in(visitor, await visitor.open("/login"))
    flow = await start(visitor)
    page = await visitor.submit(await visitor.open(flow["login"]))
    form = tools.page(page.text).forms[0].fields
    for missing, status in (("requesttoken", 412), ("stateToken", 403)):
        fields = {name: value for name, value in form.items() if name != missing}
        assert (await visitor.http.post("/login/v2/grant", data=fields)).status_code == status
    assert (await poll(visitor, flow)).status_code == 404
    assert (await visitor.http.post("/login/v2/grant", data=form)).status_code == 200
    assert (await poll(visitor, flow)).status_code == 200


async def test_an_unknown_flow_or_one_that_is_over_is_refused(world):
    visitor = await world.visitor()
    assert (await visitor.open("/login/v2/flow/unknown")).status_code == 403
    assert (await visitor.open("/login/v2/flow")).status_code == 403
    flow = await start(visitor)
    world.clock.time += 1200
    assert (await visitor.open(flow["login"])).status_code == 403
    assert (await poll(visitor, flow)).status_code == 404


async def test_a_program_gives_its_app_password_back(world):
    visitor, program = await world.visitor(), await world.visitor(Accept="application/json")
    password = (await granted(world, visitor, await start(visitor)))["appPassword"]
    url = f"{OCS}/apppassword"
    assert (await program.http.delete(url)).status_code == 401
    assert (await program.http.delete(url, auth=("alice", "wrong"))).status_code == 401
    assert (await program.http.delete(url, auth=("alice", "wonderland"))).status_code == 403
    answer = await program.http.delete(url, auth=("alice", password))
    assert answer.status_code == 200 and answer.json()["ocs"]["meta"]["statuscode"] == 200
    assert (await program.http.delete(url, auth=("alice", password))).status_code == 401
    assert world.identity.verify_basic("alice", password) is None
    assert world.identity.holdings()["app_passwords"] == []


async def test_a_password_buys_an_app_password_and_an_app_password_buys_none(world):
    program = await world.visitor()
    url = f"{OCS}/getapppassword?format=json"
    answer = await program.http.get(url, auth=("alice", "wonderland"))
    password = answer.json()["ocs"]["data"]["apppassword"]
    assert world.identity.verify_basic("alice", password)
    assert (await program.http.get(url, auth=("alice", password))).status_code == 403
    assert (await program.http.get(url, auth=("alice", "wrong"))).status_code == 401


@pytest.mark.parametrize(("version", "code"), [("v1.php", "100"), ("v2.php", "200")])
async def test_ocs_answers_in_xml_unless_json_is_asked_for(world, version, code):
    program = await world.visitor()
    answer = await program.http.get(f"/ocs/{version}/core/getapppassword", auth=("alice", "wonderland"))
    assert answer.headers["content-type"].startswith("application/xml")
    assert f"<statuscode>{code}</statuscode>" in answer.text and "<apppassword>" in answer.text


async def test_an_app_password_dies_with_its_user(world):
    visitor = await world.visitor()
    password = (await granted(world, visitor, await start(visitor)))["appPassword"]
    del world.users.passwords["alice"]
    assert world.identity.verify_basic("alice", password) is None
    world.identity.forget_user("alice")
    world.users.passwords["alice"] = "again"
    assert world.identity.verify_basic("alice", password) is None
    assert world.identity.holdings()["app_passwords"] == []


async def test_a_flow_that_nobody_polled_dies_with_its_user(world):
    visitor = await world.visitor()
    flow = await start(visitor)
    page = await visitor.submit(await visitor.open(flow["login"]))
    await visitor.submit(await world.log_in(visitor, page))
    world.identity.forget_user("alice")
    assert (await poll(visitor, flow)).status_code == 404


def test_the_password_itself_is_good_for_everything(tools):
    identity = Identity(tools.users(), lambda: 0.0)
    principal = identity.verify_basic("alice", "wonderland")
    assert principal.expires_at == float("inf") and "files.write" in principal.scopes
    assert identity.verify_basic("alice", "wrong") is None
    assert identity.verify_basic("nobody", "") is None
