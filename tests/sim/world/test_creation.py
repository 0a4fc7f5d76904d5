"""Users who come into being in steps, by half, under another number, or not at all."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest
import trio

from actors.accounts import AlreadyExists
from actors.errors import SetupError
from actors.new_password import new_password
from actors.ports import Person
from actors.shelter import Shelter
from sim.clean.journal import RunJournal
from sim.clean.ledger import open_ledger
from sim.clean.ledger_text import EntryState
from sim.world.creation import Creation
from sim.world.people import numbered
from sim.world.turns import for_each
from tests.sim.clean.support import MARK, OTHER_MARK, config, email, head
from tests.support.fake_cloud import Birth, FakeCloud, Row, running


@attrs.define
class Created:
    """What came of creating users 1, 2, …"""

    people: list[Person] = attrs.Factory(list)
    said: list[str] = attrs.Factory(list)
    entries: dict[str, EntryState] = attrs.Factory(dict)
    error: Exception | None = None


async def create(cloud: FakeCloud, path: Path, count: int = 1, stop_s: float = 1e6) -> Created:
    found = Created()
    with open_ledger(head(), path / "run.jsonl") as ledger:
        async with running(cloud) as accounts:
            creation = Creation(config(count), accounts, RunJournal(ledger), Shelter(), found.said.append)

            async def one(person: Person) -> None:
                found.people.append(await creation.create(person))

            wanted = [numbered(config(), number, new_password(), MARK) for number in range(1, count + 1)]
            with trio.move_on_after(stop_s), trio.fail_after(600):
                try:
                    limit = trio.CapacityLimiter(2)
                    await for_each(wanted, one, limit, cuts=False)
                except SetupError as error:
                    found.error = error
            found.entries = {entry.name: entry.state for entry in ledger.entries}
    return found


@pytest.mark.parametrize("ends", ["half", "gateway", "cut", "busy"])
async def test_a_creation_that_fails_by_chance_is_made_good(
    autojump_clock: object, tmp_path: Path, ends: str
) -> None:
    cloud = FakeCloud(births=[Birth(ends)])
    found = await create(cloud, tmp_path)
    assert found.error is None
    assert found.entries == {"p_user_1": EntryState.CREATED}
    assert cloud.rows["p_user_1"].email == email("p_user_1")


async def test_a_creation_that_goes_on_failing_is_told_and_keeps_its_intent(
    autojump_clock: object, tmp_path: Path
) -> None:
    found = await create(FakeCloud(births=[Birth("busy")] * 99), tmp_path)
    assert "no OCS answer" in str(found.error)
    assert found.entries == {"p_user_1": EntryState.INTENDED}


async def test_a_refusal_is_final_and_leaves_nothing(autojump_clock: object, tmp_path: Path) -> None:
    cloud = FakeCloud(births=[Birth("policy")])
    found = await create(cloud, tmp_path)
    assert "special character" in str(found.error)
    assert found.entries == {}


async def test_files_of_an_earlier_user_take_another_number_and_it_is_said(
    autojump_clock: object, tmp_path: Path
) -> None:
    cloud = FakeCloud(homes={"p_user_1", "p_user_3"}, rows={"p_user_4": Row("four@example.org")})
    found = await create(cloud, tmp_path, count=2)
    assert found.error is None
    assert {person.uid for person in found.people} == {"p_user_2", "p_user_5"}
    assert {person.email for person in found.people} == {email("p_user_2"), email("p_user_5")}
    assert set(found.entries) == {"p_user_2", "p_user_5"}
    assert any("p_user_1" in line for line in found.said)


async def test_somebody_elses_user_is_never_taken_over(autojump_clock: object, tmp_path: Path) -> None:
    """At the first try, and where another run made it while the fate of ours was unknown."""
    taken = FakeCloud(rows={"p_user_1": Row(email("p_user_1", OTHER_MARK))})
    for births in ([], [Birth("busy")]):
        taken.births = list(births)
        found = await create(taken, tmp_path)
        assert isinstance(found.error, AlreadyExists)
        assert found.entries == {}
    assert set(taken.rows) == {"p_user_1"}


@pytest.mark.parametrize("email_s", [0.1, 2.0])
async def test_a_user_that_a_proxy_asked_for_twice_is_ours(
    autojump_clock: object, tmp_path: Path, email_s: float
) -> None:
    """The second answer is all that comes; whose user it is stands in the address, set last."""
    found = await create(FakeCloud(births=[Birth("twice", email_s=email_s)]), tmp_path)
    assert found.error is None
    assert found.entries == {"p_user_1": EntryState.CREATED}


async def test_one_failure_lets_the_others_come_to_their_answers(
    autojump_clock: object, tmp_path: Path
) -> None:
    slow = Birth("ok", row_s=5.0)
    cloud = FakeCloud(births=[Birth("policy", row_s=0.1), slow, slow, slow])
    found = await create(cloud, tmp_path, count=4)
    assert "special character" in str(found.error)
    assert set(found.entries.values()) == {EntryState.CREATED}
    assert len(found.entries) == 1, "whoever had not begun does not begin"


async def test_an_interrupted_creation_comes_to_its_answer(autojump_clock: object, tmp_path: Path) -> None:
    cloud = FakeCloud()
    found = await create(cloud, tmp_path, stop_s=0.3)
    assert found.entries == {"p_user_1": EntryState.CREATED}
    assert cloud.rows["p_user_1"].email
