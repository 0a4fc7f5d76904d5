"""What a shard and its coordinator say arrives once and in order, whatever becomes of calls on the way."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

import attrs
import msgspec
import pytest

from sim.fleet import conversation, on_worker
from sim.fleet.conversation import Conversation
from sim.fleet.shard_engine import Heard, Lost, News
from sim.fleet.shard_messages import Begin, FromShard, Probe, Probed, ShardDone, ShardFailed, StopNow
from tests.support.fleet_programs import answering, broken

MESSAGES = 60


@attrs.define
class Worker:
    """A process of a cluster, as far as `on_worker` asks it."""

    plugins: dict[str, Any] = attrs.Factory(dict)


@attrs.define
class Way:
    """To a worker's functions; some calls get lost before they arrive, and some answers on their way back."""

    worker: Worker
    random: Random
    lost_share: float = 0.0
    is_there: bool = True
    calls: list[str] = attrs.Factory(list)

    async def call(self, function: Any, *args: Any) -> Any:
        self.calls.append(function.__name__)
        if not self.is_there or self.is_lost(function):
            raise OSError("the way there is cut")
        answer = await function(*args, dask_worker=self.worker)
        if self.is_lost(function):
            raise OSError("the way back is cut")
        return answer

    def is_lost(self, function: Any) -> bool:
        return function is not on_worker.host and self.random.random() < self.lost_share / 2

    async def still_there(self) -> bool:
        return self.is_there


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "FETCH_S", 0.02)
    monkeypatch.setattr(conversation, "RETRY_S", 0.001)


def talk(way: Way, program: str, *, cut_after: int | None = None) -> list[News]:
    """All that is reported of a shard which is asked `MESSAGES` times and then told to stop."""
    news: list[News] = []

    async def main() -> None:
        def report(one: News) -> None:
            news.append(one)
            if cut_after is not None and len(said(news)) > cut_after:
                way.is_there = False

        each = Conversation(Begin("r", 1, 1, {}), "key", way.call, way.still_there, report)
        for number in range(MESSAGES):
            each.tell(Probe(number))
        if cut_after is None:
            each.tell(StopNow(1))
        async with asyncio.timeout(20):
            await each.hold(f"tests.support.fleet_programs:{program}")

    asyncio.run(main())
    return news


def said(news: list[News]) -> list[FromShard]:
    return [message for one in news if isinstance(one, Heard) for message in one.messages]


@pytest.mark.parametrize("lost_share", [0.0, 0.5])
def test_what_is_said_arrives_once_and_in_order_although_calls_get_lost(lost_share: float) -> None:
    way = Way(Worker(), Random(3), lost_share)
    heard = said(talk(way, answering.__name__))
    assert [(each.n, each.at) for each in heard if isinstance(each, Probed)] == [
        (number, float(number)) for number in range(MESSAGES)
    ]
    assert isinstance(heard[-1], ShardDone)
    assert way.worker.plugins == {} or lost_share


def test_a_shard_whose_process_is_gone_is_lost() -> None:
    way = Way(Worker(), Random(1))
    (*_, last) = talk(way, answering.__name__, cut_after=0)
    asyncio.run(way.worker.plugins["key"].teardown(way.worker))
    assert isinstance(last, Lost)
    assert "has ended" in last.reason


@attrs.define
class SlowWay(Way):
    """Nothing is fetched before the shard has ended."""

    async def call(self, function: Any, *args: Any) -> Any:
        while function is on_worker.fetch and self.worker.plugins["key"].lives:  # noqa: ASYNC110 (a thread)
            await asyncio.sleep(0.001)
        # What it has told comes into the loop before this does.
        await asyncio.sleep(0)
        return await Way.call(self, function, *args)


def test_a_shard_that_said_more_than_its_process_keeps_is_lost_and_nothing_after_the_gap_is_heard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(on_worker, "MAX_KEPT", 20)
    news = talk(SlowWay(Worker(), Random(1)), answering.__name__)
    # Ready, an answer to each probe, and the last word.
    assert news[-1] == Lost(
        1, f"{MESSAGES + 2 - 20} of its messages are missing: more than its process keeps", False
    )
    assert said(news) == []


def test_a_shard_that_breaks_says_so_in_its_last_word() -> None:
    heard = said(talk(Way(Worker(), Random(1)), broken.__name__))
    assert heard == [ShardFailed(1, "ZeroDivisionError: shard 1 cannot divide")]


def test_a_process_runs_one_shard_and_the_same_never_twice() -> None:
    worker = Worker()
    begin = msgspec.json.encode(Begin("r", 1, 1, {}))

    async def main() -> list[str]:
        program = f"tests.support.fleet_programs:{answering.__name__}"
        answers = [await on_worker.host(key, begin, program, worker) for key in ("a", "a", "b")]
        await worker.plugins["a"].teardown(worker)
        return answers

    assert asyncio.run(main()) == [
        "",
        "it has been started here already",
        "another shard runs in this process",
    ]


@pytest.mark.parametrize("text", [b"", b"{}", b'{"is": "Beat", "n": 1}', b'{"is": "Begin", "run": "secret"}'])
def test_what_cannot_be_started_is_an_answer_and_no_error(text: bytes) -> None:
    # Dask logs the arguments of a call that raises.
    answer = asyncio.run(on_worker.host("a", text, "tests.support.fleet_programs:answering", Worker()))
    assert answer
    assert "secret" not in answer
