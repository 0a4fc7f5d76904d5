"""A clean-up where each request has to wait: up to 25 s of brute-force protection, then the work."""

from __future__ import annotations

from pathlib import Path

import attrs
import httpx
import trio

from actors.errors import SetupError
from sim.clean.ledger import open_ledger
from sim.clean.ledger_text import Entry
from sim.clean.remover import GIVE_UP_S, Remover
from sim.clean.thing import Means
from tests.sim.clean.support import email, head, means
from tests.support.fake_cloud import FakeCloud, Row, running


@attrs.define
class Kept:
    """A thing that the server agrees to remove, slowly, and keeps."""

    kind: str = "thing"
    goes_first: bool = False

    async def remove(self, entry: Entry, means: Means) -> None:
        await trio.sleep(50)
        means.answered()
        await trio.sleep(50)
        raise SetupError("still there")


async def test_a_server_that_makes_each_request_wait_is_seen_to_be_rid_of_everybody(
    autojump_clock: object, tmp_path: Path
) -> None:
    cloud = FakeCloud(rows={f"u{number}": Row(email(f"u{number}")) for number in range(20)}, wait_s=32.0)
    with open_ledger(head(), tmp_path / "run.jsonl") as ledger:
        for number in range(20):
            (ledger.created if number % 2 else ledger.intend)("user", f"u{number}")
        async with running(cloud) as accounts, cloud.client() as http:
            result = await Remover(means(ledger, accounts, http), 4).remove_all()
    assert (result.remaining, result.removed, cloud.rows) == ((), 20, {})


async def test_a_server_that_says_yes_and_removes_nobody_is_given_up(
    autojump_clock: object, tmp_path: Path
) -> None:
    with open_ledger(head(), tmp_path / "run.jsonl") as ledger:
        ledger.created("thing", "t1")
        began = trio.current_time()
        async with httpx.AsyncClient() as http:
            result = await Remover(means(ledger, None, http), 4, things={"thing": Kept()}).remove_all()
    assert result.remaining == ("thing t1 (still there)",)
    assert trio.current_time() - began < 4 * GIVE_UP_S
