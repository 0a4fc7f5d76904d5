"""At whatever moment creating users is ended: all of them are removed, or named, and nobody else is."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path

import trio
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from actors.errors import SetupError
from actors.new_password import new_password
from actors.shelter import Shelter
from sim.clean.cleanup_result import CleanupResult
from sim.clean.journal import RunJournal
from sim.clean.ledger import open_ledger, take_over
from sim.clean.remover import Remover
from sim.world.creation import Creation
from sim.world.people import numbered
from tests.sim.clean.support import MARK, OTHER_MARK, config, email, head, means
from tests.support.fake_cloud import Birth, FakeCloud, Row, running

PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)
USERS = 3
TIMES = st.floats(0, 2).map(lambda seconds: round(seconds, 2))
BIRTHS = st.builds(
    Birth,
    ends=st.sampled_from(["ok", "ok", "half", "gateway", "cut", "busy", "files", "policy"]),
    row_s=TIMES,
    home_s=TIMES,
    email_s=TIMES,
)
DEATHS = st.lists(st.sampled_from(["ok", "gateway", "lost", "html", "gzip"]), max_size=6)
LOOKS = st.lists(st.sampled_from(["ok", "html404", "gateway"]), max_size=6)


def others() -> dict[str, Row]:
    """Of another run of the same prefix, and of a person."""
    return {"p_user_9": Row(email("p_user_9", OTHER_MARK)), "p_user_8": Row("somebody@example.org")}


async def create_all(
    cloud: FakeCloud, path: Path, moment_s: float, how: str
) -> tuple[CleanupResult | None, set[str]]:
    """Begin a set-up of three; end it at the moment as `how` says; what the run itself then removed."""
    async with running(cloud) as accounts:
        async with cloud.client() as http:
            with open_ledger(head(), path) as ledger:
                shelter = Shelter()
                creation = Creation(config(USERS), accounts, RunJournal(ledger), shelter, lambda text: None)

                async def one(number: int) -> None:
                    try:
                        await creation.create(numbered(config(), number, new_password(), MARK))
                    except SetupError:
                        return

                with trio.move_on_after(moment_s):
                    if how == "kill":
                        shelter.leave()
                    async with trio.open_nursery() as nursery:
                        for number in range(1, USERS + 1):
                            nursery.start_soon(one, number)
                if how == "kill":
                    result = None
                else:
                    result = await Remover(means(ledger, accounts, http), 2).remove_all()
        await trio.sleep(30)
    return result, set(cloud.rows)


async def clean_up(cloud: FakeCloud, path: Path) -> CleanupResult:
    async with running(cloud) as accounts, cloud.client() as http:
        with ExitStack() as stack:
            try:
                ledger = stack.enter_context(take_over(path))
            except FileNotFoundError:
                return CleanupResult(0, ())
            return await Remover(means(ledger, accounts, http), 2).remove_all()


@settings(max_examples=40, deadline=None, phases=PHASES)
@given(
    births=st.lists(BIRTHS, max_size=8),
    deaths=DEATHS,
    looks=LOOKS,
    moment_s=st.floats(0, 15),
    how=st.sampled_from(["kill", "interrupt"]),
)
def test_what_was_created_is_what_was_removed_and_what_is_named(
    births: list[Birth], deaths: list[str], looks: list[str], moment_s: float, how: str
) -> None:
    cloud = FakeCloud(rows=others(), births=list(births), deaths=list(deaths), looks=list(looks))

    async def main() -> CleanupResult:
        with tempfile.TemporaryDirectory() as folder, trio.fail_after(10_000):
            path = Path(folder) / "run.jsonl"
            result, _ = await create_all(cloud, path, moment_s, how)
            if result is None:
                result = await clean_up(cloud, path)
                await trio.sleep(30)
            return result

    result = trio.run(main, clock=MockClock(autojump_threshold=0))
    left = {uid for uid in cloud.rows if uid not in others()}
    named = {name.split()[1] for name in result.remaining}
    assert left <= named, (left, named)
    assert set(others()) <= set(cloud.rows), "nothing of anybody else's is removed"
    assert named <= cloud.ever | {f"p_user_{n}" for n in range(1, 40)}
