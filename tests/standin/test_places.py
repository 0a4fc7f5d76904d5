"""Where a Nextcloud lies, when it is away, and who may pull levers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from sim.standin.application import Standin
from sim.standin.behaviour import StandinOptions
from tests.standin.conftest import PASSWORDS, Client
from tests.support.processes import StandinServer, running_standin

LEVER = {"X-Standin-Lever": "the-lever"}
LEVERS = ("counts", "holdings", "injected")
JSON = {"format": "json"}
WELL_KNOWN = "/.well-known/openid-configuration"
Below = Callable[[str], httpx.AsyncClient]


@pytest.fixture
def below() -> Below:
    """Makes clients of a Nextcloud below /nextcloud."""
    options = StandinOptions(admin_password=PASSWORDS["admin"], base_path="nextcloud/")
    standin = Standin(options)
    standin.store.add_account("alice", PASSWORDS["alice"])
    transport = httpx.ASGITransport(standin.application())

    def make(uid: str) -> httpx.AsyncClient:
        auth = (uid, PASSWORDS[uid]) if uid else None
        return httpx.AsyncClient(transport=transport, base_url="http://cloud", auth=auth)

    return make


async def test_below_a_path_hrefs_are_absolute_paths_that_hold_it(below: Below) -> None:
    async with below("alice") as alice:
        await alice.put("/nextcloud/remote.php/dav/files/alice/a.txt", content=b"a")
        listed = await alice.request("PROPFIND", "/nextcloud/remote.php/dav/files/alice/")
        assert "<d:href>/nextcloud/remote.php/dav/files/alice/a.txt</d:href>" in listed.text
        target = {"Destination": "http://cloud/nextcloud/remote.php/dav/files/alice/b.txt"}
        moved = await alice.request("MOVE", "/nextcloud/remote.php/dav/files/alice/a.txt", headers=target)
        assert moved.status_code == 201
        await alice.delete("/nextcloud/remote.php/dav/files/alice/b.txt")
        trash = await alice.request("PROPFIND", "/nextcloud/remote.php/dav/trashbin/alice/trash/")
        assert "<d:href>/nextcloud/remote.php/dav/trashbin/alice/trash/b.txt.d" in trash.text


async def test_below_a_path_nothing_of_nextcloud_answers_without_it(below: Below) -> None:
    async with below("alice") as alice:
        for path in ("/status.php", "/ocs/v2.php/cloud/user", "/login", "/remote.php/dav/files/alice/"):
            assert (await alice.get(path)).status_code == 404
        answer = await alice.get("/nextcloud/ocs/v2.php/cloud/user", params=JSON)
        assert answer.json()["ocs"]["data"]["id"] == "alice"


@pytest.mark.parametrize("path", [f"/nextcloud{WELL_KNOWN}", WELL_KNOWN, f"{WELL_KNOWN}/nextcloud"])
async def test_below_a_path_the_metadata_is_found_and_names_it(below: Below, path: str) -> None:
    async with below("") as nobody:
        away = await nobody.get(path)
        assert away.status_code == 301
        there = await nobody.get(away.headers["location"])
        assert urlsplit(str(there.url)).path == f"/nextcloud/index.php{WELL_KNOWN}"
        told = there.json()
        assert told["issuer"] == "http://cloud/nextcloud"
        assert all(
            url.startswith("http://cloud/nextcloud/index.php/")
            for name, url in told.items()
            if name.endswith("_endpoint")
        )
        protected = (await nobody.get("/.well-known/oauth-protected-resource")).json()
        assert protected["authorization_servers"] == ["http://cloud/nextcloud"]
        assert protected["resource"] == "http://cloud/mcp"


async def test_below_a_path_pages_and_cookies_stay_below_it(below: Below) -> None:
    async with below("") as nobody:
        nobody.headers["Accept"] = "text/html"
        page = await nobody.get("/nextcloud/login")
        assert "Path=/nextcloud" in page.headers["set-cookie"]
        assert "/nextcloud/login" in page.text
        asked = await nobody.get("/nextcloud/index.php/settings/user/security")
        assert asked.headers["location"].startswith("http://cloud/nextcloud/login?redirect_url=")


@pytest.mark.parametrize(
    "path", ["/login", "/apps/notes/api/v1/notes", "/apps/oidc/jwks", "/settings/user/security"]
)
async def test_both_spellings_of_an_address_are_one(client: Client, path: str) -> None:
    async with client("alice") as alice, client("alice") as again:
        short, long = await alice.get(path), await again.get(f"/index.php{path}")
    assert (short.status_code, short.headers["content-type"]) == (
        long.status_code,
        long.headers["content-type"],
    )
    assert short.status_code < 500 and short.status_code != 404


async def test_an_option_leaves_the_redirect_of_metadata_out() -> None:
    transport = httpx.ASGITransport(Standin(StandinOptions(well_known_redirect=False)).application())
    async with httpx.AsyncClient(transport=transport, base_url="http://cloud") as http:
        assert (await http.get(WELL_KNOWN)).json()["issuer"] == "http://cloud"


@pytest.mark.parametrize(
    ("method", "path", "words"),
    [
        ("GET", "/ocs/v2.php/cloud/users", '"statuscode":503'),
        ("GET", "/ocs/v1.php/cloud/users", '"statuscode":503'),
        ("PROPFIND", "/remote.php/dav/files/alice/", "ServiceUnavailable"),
        ("GET", "/index.php/apps/notes/api/v1/notes", "maintenance mode"),
        ("GET", "/login", "maintenance mode"),
        ("GET", WELL_KNOWN, "maintenance mode"),
    ],
)
async def test_in_maintenance_mode_every_part_is_away_and_says_for_how_long(
    client: Client, server: Standin, method: str, path: str, words: str
) -> None:
    server.maintenance.is_on = True
    async with client("alice") as alice:
        answer = await alice.request(method, path, params=JSON)
        status = (await alice.get("/status.php")).json()
    assert answer.status_code == 503 and words in answer.text
    assert (answer.headers["X-Nextcloud-Maintenance-Mode"], answer.headers["Retry-After"]) == ("1", "120")
    assert status["maintenance"] is True


async def test_maintenance_is_switched_by_a_lever_and_by_an_option(client: Client) -> None:
    assert Standin(StandinOptions(maintenance=True)).maintenance.is_on
    async with client("") as http:
        for is_on, status in ((True, 503), (False, 200)):
            await http.post("/standin/maintenance", json={"on": is_on}, headers=LEVER)
            assert (await http.get("/index.php/login")).status_code == status


@pytest.mark.parametrize("headers", [{}, {"X-Standin-Lever": "guessed"}, {"X-Standin-Lever": "the-lever "}])
@pytest.mark.parametrize(("method", "lever"), [*(("GET", one) for one in LEVERS), ("POST", "faults")])
async def test_nobody_pulls_a_lever_without_its_token(
    client: Client, headers: dict[str, str], method: str, lever: str
) -> None:
    async with client("admin") as admin:
        refused = await admin.request(method, f"/standin/{lever}", headers=headers, json={"faults": []})
        assert refused.status_code == (401 if headers.get("X-Standin-Lever") != "the-lever" else 200)
        answer = await admin.request(method, f"/standin/{lever}", headers=LEVER, json={"faults": []})
    assert answer.status_code == 200


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"on": 1', b'{"faults": 7}', b'{"faults": [{"kind": "x"}]}'])
@pytest.mark.parametrize("lever", ["faults", "maintenance"])
async def test_nonsense_at_a_lever_is_a_400(client: Client, lever: str, body: bytes) -> None:
    async with client("") as http:
        answer = await http.post(f"/standin/{lever}", content=body, headers=LEVER)
    assert answer.status_code == 400


def test_the_token_of_the_levers_is_printed_nowhere() -> None:
    options = StandinOptions()
    assert options.lever_token and options.lever_token not in repr(options)
    assert StandinOptions().lever_token != options.lever_token


@pytest.fixture(scope="module")
def standin() -> Iterator[StandinServer]:
    with running_standin(base_path="/nextcloud") as server:
        yield server


def test_a_process_says_where_nextcloud_and_where_the_endpoint_lie(standin: StandinServer) -> None:
    assert standin.url.endswith("/nextcloud") and standin.mcp_url.endswith("/mcp")
    assert "nextcloud" not in standin.mcp_url
    standin.add_user("alice", "alice@example.org", "A-good-passw0rd")
    assert standin.get("/standin/holdings")["users"] == ["alice"]
    standin.maintain(True)
    assert httpx.get(f"{standin.url}/login").status_code == 503
    standin.maintain(False)
