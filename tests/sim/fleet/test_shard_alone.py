"""A shard against real servers, in a thread that is not the main one; its coordinator is this test."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio

from actors.secret import Secret
from sim.app.shard import run_shard
from sim.clean.things.created_user import USER_KIND
from sim.config.grammar.shapes import ClosedProfile
from sim.config.model import AuthMode, Config, LoginDriver, LoginOptions, Target
from sim.fleet import lease
from sim.fleet.config_json import config_to_json
from sim.fleet.cut import split
from sim.fleet.rest_json import rest_from_json
from sim.fleet.shard_link import ShardInbox
from sim.fleet.shard_messages import (
    Beat,
    Begin,
    Figures,
    FromShard,
    LedgerLine,
    Ready,
    ShardDone,
    ShardFailed,
    StartAt,
    StopNow,
    Written,
)
from tests.sim.fleet.support import config_of, group_of
from tests.support.processes import StandinServer, running_standin, simulate

RUN = "sim-00c0ffee"
Answer = Callable[["Coordinated", FromShard], None]


@pytest.fixture(scope="module")
def standin() -> Any:
    with running_standin() as server:
        yield server


def config_for(standin: StandinServer, folder: Path, users: int = 4) -> Config:
    said = standin.environment
    target = Target(
        mcp_url=standin.mcp_url,
        nextcloud_url=standin.url,
        admin=said["NEXTCLOUD_USERNAME"],
        admin_password=Secret(said["NEXTCLOUD_PASSWORD"]),
    )
    config = config_of(group_of(ClosedProfile.constant(users, 1.0), mix={"baseline": 1.0}))
    return attrs.evolve(
        config,
        target=target,
        login=LoginOptions(auth=AuthMode.AUTO, driver=LoginDriver.HTTP),
        load=attrs.evolve(config.load, regions=(), warmup_s=0.0, grace_s=2.0),
        output=attrs.evolve(config.output, ledger=folder / "run.jsonl"),
    )


class Coordinated:
    """A `ShardLink` whose other end answers as `answer` says."""

    def __init__(self, config: Config, answer: Answer, number: int = 1, of: int = 2, **more: Any) -> None:
        self.inbox = ShardInbox()
        self.said: list[FromShard] = []
        self._answer = answer
        self.begin = Begin(RUN, number, of, config_to_json(split(config, of)[number - 1]), **more)

    def tell(self, message: FromShard) -> None:
        self.said.append(message)
        self._answer(self, message)

    def of(self, kind: type[Any]) -> list[Any]:
        return [each for each in self.said if isinstance(each, kind)]

    def run(self) -> None:
        """To its end, in a thread of its own."""
        problem: list[BaseException] = []

        def main() -> None:
            try:
                run_shard(self.begin, self, self.inbox)
            except BaseException as error:  # noqa: ASYNC103 (the bottom of its thread)
                problem.append(error)

        thread = threading.Thread(target=main)
        thread.start()
        thread.join(120)
        assert not thread.is_alive()
        assert not problem, problem


def as_usual(shard: Coordinated, message: FromShard) -> None:
    match message:
        case LedgerLine():
            shard.inbox.put(Written(message.n))
        case Ready():
            shard.inbox.put(StartAt(trio.current_time()))
        case _:
            pass


def made(standin: StandinServer) -> list[str]:
    return sorted(standin.leftovers().get("users", ()))


def test_nothing_is_made_before_the_coordinator_has_noted_it_and_all_is_removed(
    standin: StandinServer, tmp_path: Path
) -> None:
    unnoted: list[str] = []

    def answer(shard: Coordinated, message: FromShard) -> None:
        if isinstance(message, LedgerLine) and "intended" in message.line and USER_KIND in message.line:
            # While the acknowledgement is kept back, the user is not there.
            name = message.line.split('"')[5]
            time.sleep(0.05)
            unnoted.extend(uid for uid in made(standin) if uid == name)
        as_usual(shard, message)

    shard = Coordinated(config_for(standin, tmp_path), answer, number=2)
    shard.run()
    (done,) = shard.of(ShardDone)
    assert not unnoted
    assert done.exit_code == 0
    assert not done.left_behind
    rest = rest_from_json(done.rest)
    assert sorted(rest.users) == ["loadtest_user_2", "loadtest_user_4"]
    assert rest.facts.calls > 0
    lines = [each.line for each in shard.of(LedgerLine)]
    assert lines[0].startswith('{"run":')
    assert [each.n for each in shard.of(LedgerLine)] == list(range(1, len(lines) + 1))
    for uid in rest.users:
        assert [uid in line for line in lines].count(True) == 3  # intended, created, removed
    assert not made(standin)
    assert not list(tmp_path.iterdir())


def test_a_second_start_of_the_same_shard_makes_nothing(standin: StandinServer, tmp_path: Path) -> None:
    config = config_for(standin, tmp_path)
    second: list[Coordinated] = []

    def answer(shard: Coordinated, message: FromShard) -> None:
        if isinstance(message, Ready):
            second.append(Coordinated(config, as_usual))
            second[0].run()
        as_usual(shard, message)

    first = Coordinated(config, answer)
    first.run()
    (failed,) = second[0].of(ShardFailed)
    assert "run.shard-1.jsonl" in failed.text
    assert not second[0].of(LedgerLine)
    assert first.of(ShardDone)[0].exit_code == 0


def test_without_the_coordinators_word_nothing_is_made_and_it_can_be_stopped(
    standin: StandinServer, tmp_path: Path
) -> None:
    def silent(shard: Coordinated, message: FromShard) -> None:
        if isinstance(message, LedgerLine) and "intended" in message.line:
            shard.inbox.put(StopNow(1))

    shard = Coordinated(config_for(standin, tmp_path), silent)
    shard.run()
    assert isinstance(shard.said[-1], ShardFailed)
    assert not shard.said[-1].left_behind
    assert not [each for each in shard.of(LedgerLine) if "created" in each.line]
    assert not made(standin)


def stand_still(seconds: float) -> None:
    """Call it in the shard's own thread: to its clock, its process has been stopped for so long."""
    clock: Any = trio.lowlevel.current_clock()
    object.__setattr__(clock, "offset", clock.offset + seconds)


def settled(standin: StandinServer) -> dict[str, Any]:
    """What is there and what was done, once the servers have come to the end of what they had been asked."""
    told, same = [seen_in(standin)], 0
    while same < 10:
        time.sleep(0.1)
        told.append(seen_in(standin))
        same = same + 1 if told[-1] == told[-2] else 0
    return told[-1]


def seen_in(standin: StandinServer) -> dict[str, Any]:
    return {**standin.get("/standin/counts"), **standin.get("/standin/holdings")}


def test_a_shard_that_stood_still_beyond_its_lease_does_nothing_more_to_the_servers(
    standin: StandinServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "LEASE_S", 60.0)
    config = config_for(standin, tmp_path)
    profile = attrs.evolve(config.load.groups[0], profile=ClosedProfile.constant(4, 600.0))
    config = attrs.evolve(config, load=attrs.evolve(config.load, groups=(profile,)))
    seen: list[dict[str, Any]] = []

    def answer(shard: Coordinated, message: FromShard) -> None:
        if not seen:
            shard.inbox.put(Beat(1, time.monotonic()))
        as_usual(shard, message)
        if not seen and isinstance(message, Figures) and message.snapshot["leaves"].get("ended_calls"):
            begun = time.monotonic()
            stand_still(lease.LEASE_S + lease.MAX_LATE_S + 1)
            seen.append(settled(standin))
            # What lay unread while it stood still.
            shard.inbox.put(Beat(2, begun + 0.5))

    shard = Coordinated(config, answer, number=1, of=1)
    shard.run()
    assert seen == [settled(standin)]
    assert len(made(standin)) == 4
    # It has said what it left, and its ledger says so: whoever cleans up there removes it, or sees it gone.
    last: Any = shard.said[-1]
    assert len(last.left_behind) >= 4
    cleaned = simulate(("cleanup", "--ledger", str(tmp_path / "run.jsonl")), standin.environment, tmp_path)
    assert cleaned.returncode == 0, cleaned.stdout + cleaned.stderr
    assert not made(standin)


def test_what_is_no_configuration_is_one_line_and_shows_no_secret() -> None:
    heard: list[FromShard] = []

    class Link:
        def tell(self, message: FromShard) -> None:
            heard.append(message)

    run_shard(Begin(RUN, 1, 1, {"target": {"admin_password": "s3cret"}}), Link(), ShardInbox())
    (failed,) = heard
    assert isinstance(failed, ShardFailed)
    assert "\n" not in failed.text
    assert "s3cret" not in failed.text
