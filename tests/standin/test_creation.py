"""Users come into being in steps, whoever waits for it, and now and then only by half."""

from __future__ import annotations

from collections import Counter

import pytest
import trio
from trio.testing import MockClock

from sim.standin.account_creation import CreationFailed, Creations
from sim.standin.application import Standin
from sim.standin.store import Store
from sim.standin.store_errors import StoreError
from sim.standin.work import Work
from tests.standin.conftest import Client

USERS = "/ocs/v2.php/cloud/users"
JSON = {"format": "json"}
PASSWORD = "A-good-passw0rd"


async def create(creations: Creations, uid: str, outcomes: list[str]) -> None:
    try:
        await creations.create(uid, PASSWORD, f"Name of {uid}", f"{uid}@Example.ORG")
    except CreationFailed:
        outcomes.append(uid)


@pytest.fixture
def store() -> Store:
    return Store(trio.current_time)


async def test_the_row_is_first_then_the_home_and_the_address_is_last(
    store: Store, autojump_clock: MockClock
) -> None:
    creations = Creations(store, Work(), seconds=3, failures=0, seed=1, counts=Counter())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(create, creations, "alice", [])
        seen = []
        for _ in range(4):
            await trio.sleep(0.5 if not seen else 1)
            account = store.accounts["alice"]
            seen.append((account.is_making_home, account.has_home, account.email))
    assert seen == [
        (False, False, ""),
        (True, False, ""),
        (False, True, ""),
        (False, True, "alice@example.org"),
    ]


async def test_a_caller_who_leaves_stops_nothing(store: Store, autojump_clock: MockClock) -> None:
    work = Work()
    creations = Creations(store, work, seconds=3, failures=0, seed=1, counts=Counter())
    async with work.open():
        with trio.move_on_after(0.5):
            await create(creations, "alice", [])
        assert store.accounts["alice"].email == ""
        await trio.sleep(3)
        assert store.accounts["alice"].email == "alice@example.org"


@pytest.mark.parametrize(("at_once", "can_fail"), [(1, False), (2, False), (3, True), (12, True)])
async def test_more_than_two_at_once_fail_by_chance_after_the_row_is_there(
    store: Store, autojump_clock: MockClock, at_once: int, can_fail: bool
) -> None:
    creations = Creations(store, Work(), seconds=3, failures=0.5, seed=1, counts=Counter())
    failed: list[str] = []
    for batch in range(12 // at_once):
        async with trio.open_nursery() as nursery:
            for number in range(at_once):
                nursery.start_soon(create, creations, f"user-{batch}-{number}", failed)
    assert bool(failed) == can_fail
    for uid in failed:
        assert (store.accounts[uid].email, store.accounts[uid].display_name) == ("", uid)
    assert len(store.accounts) == 12, "each has its row"


async def test_which_ones_fail_is_the_seeds_choice(autojump_clock: MockClock) -> None:
    async def failing(seed: int) -> list[str]:
        creations = Creations(
            Store(trio.current_time), Work(), seconds=1, failures=0.4, seed=seed, counts=Counter()
        )
        failed: list[str] = []
        async with trio.open_nursery() as nursery:
            for number in range(20):
                nursery.start_soon(create, creations, f"user-{number}", failed)
        return sorted(failed)

    assert await failing(1) == await failing(1) != await failing(2)


async def test_a_user_deleted_while_they_are_made_leaves_a_home_that_is_in_the_way(
    store: Store, autojump_clock: MockClock
) -> None:
    creations = Creations(store, Work(), seconds=3, failures=0, seed=1, counts=Counter())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(create, creations, "alice", [])
        await trio.sleep(0.5)
        store.remove_account("alice")
    assert store.lost_homes == {"alice"}
    with pytest.raises(StoreError, match="files already exist for this user"):
        await creations.create("alice", PASSWORD, "", "")


async def test_over_ocs_a_user_whose_home_is_made_is_a_server_error_and_then_has_no_address_yet(
    client: Client, autojump_clock: MockClock
) -> None:
    form = {"userid": "carl", "password": PASSWORD, "email": "Carl@Example.ORG", "displayName": "Carl"}
    async with client("admin") as admin, trio.open_nursery() as nursery:
        nursery.start_soon(lambda: admin.post(USERS, params=JSON, data=form))
        seen = []
        for _ in range(4):
            await trio.sleep(0.01 if not seen else 0.02)
            answer = await admin.get(f"{USERS}/carl", params=JSON)
            ocs = answer.json()["ocs"]
            seen.append((answer.status_code, ocs["meta"]["statuscode"], ocs["data"] and ocs["data"]["email"]))
    assert seen == [(200, 200, None), (500, 996, []), (200, 200, None), (200, 200, "carl@example.org")]


async def test_over_ocs_a_home_without_an_account_refuses_its_name(client: Client, server: Standin) -> None:
    server.store.lost_homes.add("carl")
    async with client("admin") as admin:
        answer = await admin.post(USERS, params=JSON, data={"userid": "carl", "password": PASSWORD})
    meta = answer.json()["ocs"]["meta"]
    assert (answer.status_code, meta["statuscode"]) == (400, 101)
    assert meta["message"] == "Login is invalid because files already exist for this user"
