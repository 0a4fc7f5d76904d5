"""Shards in real processes: named when they die, out of a terminal's reach, and no secret to be seen."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
import trio

from actors.errors import SetupError
from sim.fleet import dask_cluster
from sim.fleet.dask_cluster import ExistingCluster, LocalProcesses, chosen
from sim.fleet.dask_engine import DaskEngine, open_dask_engine
from sim.fleet.release import release
from sim.fleet.shard_engine import Heard, Lost
from sim.fleet.shard_messages import Begin, FromShard, Probe, Probed, Ready, ShardDone, StopNow

PROGRAM = "tests.support.fleet_programs:answering"
SECRET = "what-nobody-may-see-in-a-list-of-processes"


@asynccontextmanager
async def two_shards() -> AsyncIterator[DaskEngine]:
    with trio.fail_after(60):
        async with open_dask_engine(LocalProcesses(2), PROGRAM) as engine:
            for shard in (1, 2):
                engine.start(Begin("r", shard, 2, {}))
            yield engine


async def heard_of(engine: DaskEngine, shard: int, kind: type[FromShard]) -> FromShard:
    async for news in engine.news:
        if isinstance(news, Heard) and news.shard == shard:
            for message in news.messages:
                if isinstance(message, kind):
                    return message
    raise AssertionError("it ended without a word")


async def test_a_shard_that_is_killed_is_named_and_the_other_one_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NEXTCLOUD_PASSWORD", SECRET)
    async with two_shards() as engine:
        assert os.environ["NEXTCLOUD_PASSWORD"] == SECRET
        await heard_of(engine, 1, Ready)
        one, other = engine.places
        for place in engine.places:
            assert_hidden(place.pid)
        # As from a terminal: it goes to all of them, and ends none.
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
            os.kill(other.pid, number)
        os.kill(one.pid, signal.SIGKILL)
        async for news in engine.news:
            if isinstance(news, Lost):
                break
        assert news.shard == 1
        engine.tell(2, Probe(7))
        assert await heard_of(engine, 2, Probed) == Probed(2, 7, 0.0)
        assert await engine.give_up(1)
        await there_are(os.getpid(), {other.pid})
        engine.tell(2, StopNow(1))
        assert await heard_of(engine, 2, ShardDone) == ShardDone(2, {"answered": 1}, 0)
    await there_are(os.getpid(), set())


async def there_are(parent: int, workers: set[int]) -> None:
    """Soon these are the workers among its children, and no other one takes the place of one that ended."""
    with trio.fail_after(60):
        while processes_of(parent) != workers:  # noqa: ASYNC110
            await trio.sleep(0.05)
    await trio.sleep(1)
    assert processes_of(parent) == workers


def processes_of(parent: int) -> set[int]:
    found = set()
    for status in Path("/proc").glob("[0-9]*/status"):
        with suppress(FileNotFoundError, ProcessLookupError):
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
            if int(lines["PPid"]) == parent and b"spawn_main" in status.with_name("cmdline").read_bytes():
                found.add(int(status.parent.name))
    return found


def assert_hidden(pid: int) -> None:
    """Of what other processes of this account can see."""
    for name in ("environ", "cmdline"):
        seen = Path(f"/proc/{pid}/{name}").read_bytes()
        assert seen
        assert SECRET.encode() not in seen


async def test_processes_that_end_before_they_are_ready_are_one_line_and_leave_none_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Where Python finds nothing of its own it ends at once.
    monkeypatch.setitem(dask_cluster.SETTINGS, "distributed.nanny.pre-spawn-environ.PYTHONHOME", "/nowhere")
    with trio.fail_after(60), pytest.raises(SetupError, match="processes for shards could not be started: "):
        async with open_dask_engine(LocalProcesses(2), PROGRAM):
            raise AssertionError
    await there_are(os.getpid(), set())


def test_all_processes_have_to_run_this_very_release() -> None:
    same = {"versions": release(), "host": "a", "pid": 1, "busy": False}
    older = {**same, "versions": {**release(), "simulate": "0.0.1"}, "host": "b"}
    with pytest.raises(SetupError, match=r"b runs simulate 0\.0\.1.*must be the same"):
        chosen({"one": same, "two": older}, ExistingCluster("tls://a:1"))
    with pytest.raises(SetupError, match="cannot run a shard: No module named 'sim'"):
        chosen({"one": ModuleNotFoundError("No module named 'sim'")}, ExistingCluster("tls://a:1"))
    with pytest.raises(SetupError, match="1 free processes for 2 shards"):
        chosen({"one": same, "two": {**same, "busy": True}}, ExistingCluster("tls://a:1", 2))
    assert len(chosen({"one": same, "two": same}, ExistingCluster("tls://a:1"))) == 2


async def test_a_cluster_without_certificates_is_refused_in_one_line() -> None:
    with trio.fail_after(60), pytest.raises(SetupError, match="no certificate to show there: set DASK_"):
        async with open_dask_engine(ExistingCluster("tls://127.0.0.1:1"), PROGRAM):
            raise AssertionError
