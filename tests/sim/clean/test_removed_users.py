"""A user is gone when the server's own API says so, and somebody else's is left alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.clean.ledger import Ledger, open_ledger
from sim.clean.remover import Remover
from tests.sim.clean.support import email, head, means
from tests.support.fake_cloud import FakeCloud, Row, running


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(head(), tmp_path / "run.jsonl") as ledger:
        yield ledger


@pytest.mark.parametrize("how", ["html", "lost", "gzip", "gateway"])
async def test_only_a_look_at_the_api_makes_a_user_gone(
    autojump_clock: object, ledger: Ledger, how: str
) -> None:
    ledger.created("user", "p_user_1")
    cloud = FakeCloud(rows={"p_user_1": Row(email("p_user_1"))}, deaths=[how], looks=["html404", "gateway"])
    async with running(cloud) as accounts, cloud.client() as http:
        result = await Remover(means(ledger, accounts, http), 2).remove_all()
    assert result.is_clean
    assert cloud.rows == {}


@pytest.mark.parametrize("deaths", [["html"] * 99, []], ids=["never deleted", "deleted"])
async def test_pages_alone_make_a_user_neither_gone_nor_left(
    deaths: list[str], autojump_clock: object, ledger: Ledger
) -> None:
    ledger.created("user", "p_user_1")
    cloud = FakeCloud(rows={"p_user_1": Row(email("p_user_1"))}, deaths=deaths, looks=["html404"] * 999)
    async with running(cloud) as accounts, cloud.client() as http:
        result = await Remover(means(ledger, accounts, http), 2).remove_all()
    assert "p_user_1 (possibly: " in result.remaining[0]
    assert "no OCS answer" in result.remaining[0]


async def test_intended_users_of_somebody_else_are_left_and_their_own_are_removed(
    autojump_clock: object, ledger: Ledger
) -> None:
    rows = {
        "p_user_1": Row(email("p_user_1", "sim-99999999")),
        "p_user_2": Row("p_user_2@example.org"),
        "p_user_3": Row(email("p_user_3")),
        "p_user_4": Row(None),
    }
    for name in rows:
        ledger.intend("user", name)
    cloud = FakeCloud(rows=rows)
    async with running(cloud) as accounts, cloud.client() as http:
        result = await Remover(means(ledger, accounts, http), 2).remove_all()
    assert result.is_clean
    assert set(cloud.rows) == {"p_user_1", "p_user_2"}
