"""Removal is the last thing that may fail: each thing stands alone, and is gone, or named with its reason."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
import trio

from actors.errors import SetupError
from actors.events import Event, Removed
from actors.ocs import Denied
from sim.clean import ledger_file
from sim.clean.cleanup_result import CleanupResult
from sim.clean.ledger import Ledger, open_ledger
from sim.clean.ledger_text import Entry
from sim.clean.remover import GIVE_UP_S, VOID_CONCURRENCY, VOID_S, Remover
from sim.clean.thing import Expires, Hopeless, Means
from tests.sim.clean.support import email, head, means
from tests.support.fake_cloud import FakeCloud, Row, running

Act = Callable[[Entry], Awaitable[None]]


@attrs.define
class Scripted:
    """A kind of thing that does what its test wants."""

    act: Act
    kind: str = "thing"
    goes_first: bool = False
    tried: list[str] = attrs.Factory(list)

    async def remove(self, entry: Entry, means: Means) -> None:
        self.tried.append(entry.name)
        await self.act(entry)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(head(), tmp_path / "run.jsonl") as ledger:
        yield ledger


async def remove(ledger: Ledger, *things: Scripted, concurrency: int = 2, **more: Any) -> CleanupResult:
    async with httpx.AsyncClient() as http:
        remover = Remover(
            means(ledger, None, http), concurrency, things={one.kind: one for one in things}, **more
        )
        with trio.fail_after(3600):
            return await remover.remove_all()


async def gone(entry: Entry) -> None:
    await trio.sleep(0.1)


SURPRISES = [
    SetupError("no"),
    ValueError("\x1b[31mred"),
    KeyError("id"),
    RecursionError("deep"),
    httpx.DecodingError("gzip"),
    ExceptionGroup("many", [OSError("one"), ValueError("two")]),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "odd"),
    BrokenPipeError("pipe"),
]


@pytest.mark.parametrize("surprise", SURPRISES, ids=lambda error: type(error).__name__)
async def test_one_surprise_takes_no_other_removal_down(
    autojump_clock: object, ledger: Ledger, surprise: Exception
) -> None:
    for number in range(6):
        ledger.created("thing", f"t{number}")

    async def act(entry: Entry) -> None:
        if entry.name == "t3":
            raise surprise

    thing = Scripted(act)
    result = await remove(ledger, thing)
    assert result.removed == 5
    (left,) = result.remaining
    assert left.startswith("thing t3 (")
    assert "\x1b" not in left
    assert thing.tried.count("t3") > 3, "it was tried again"


async def test_those_that_hang_do_not_keep_others_from_their_try(
    autojump_clock: object, ledger: Ledger
) -> None:
    for number in range(20):
        ledger.created("thing", f"t{number:02}")

    async def act(entry: Entry) -> None:
        if entry.name >= "t15":
            await trio.sleep_forever()

    result = await remove(ledger, Scripted(act), concurrency=2)
    assert result.removed == 15
    assert [name.split()[1] for name in result.remaining] == [f"t{n}" for n in range(15, 20)]
    assert all("no answer in time" in name for name in result.remaining)


async def test_a_server_that_answers_nobody_is_given_up_in_time(
    autojump_clock: object, ledger: Ledger
) -> None:
    for number in range(500):
        ledger.created("thing", f"t{number}")

    async def act(entry: Entry) -> None:
        await trio.sleep_forever()

    began = trio.current_time()
    result = await remove(ledger, Scripted(act), concurrency=4)
    assert len(result.remaining) == 500
    assert trio.current_time() - began < 4 * GIVE_UP_S


async def test_what_takes_long_is_not_given_up_while_parts_of_it_go(
    autojump_clock: object, ledger: Ledger
) -> None:
    ledger.created("thing", "many")

    @attrs.define
    class Many(Scripted):
        left: int = 1000

        async def remove(self, entry: Entry, means: Means) -> None:
            self.tried.append(entry.name)
            while self.left:
                await trio.sleep(0.2)
                self.left -= 1
                means.progressed()

    many = Many(gone)
    result = await remove(ledger, many)
    assert (result.is_clean, many.tried) == (True, ["many"])


async def test_last_created_goes_first_in_a_fixed_order(autojump_clock: object, ledger: Ledger) -> None:
    names = [f"t{number}" for number in range(12)]
    for name in names:
        ledger.created("thing", name)
    thing = Scripted(gone)
    await remove(ledger, thing, concurrency=3)
    assert thing.tried == names[::-1]


async def test_an_unknown_kind_is_named_and_kept_and_never_taken_for_a_user(
    autojump_clock: object, ledger: Ledger
) -> None:
    ledger.created("dream", "admin")
    cloud = FakeCloud(rows={"admin": Row("admin@benchmark.local")})
    async with running(cloud) as accounts, cloud.client() as http:
        result = await Remover(means(ledger, accounts, http), 2).remove_all()
    assert "dream" in result.remaining[0]
    assert cloud.log == []


@pytest.mark.parametrize("error", [Hopeless("needs a person"), Denied("ann", "refused")])
async def test_what_trying_again_cannot_help_is_tried_once(
    autojump_clock: object, ledger: Ledger, error: Exception
) -> None:
    for name in ("ann/1", "ann/2", "ann/3"):
        ledger.created("thing", name)

    async def act(entry: Entry) -> None:
        raise error

    thing = Scripted(act)
    result = await remove(ledger, thing, concurrency=1)
    assert len(result.remaining) == 3
    assert len(thing.tried) == (3 if isinstance(error, Hopeless) else 1), "a refused password is shown once"


async def test_what_expires_is_named_as_such_and_not_as_removed(
    autojump_clock: object, ledger: Ledger
) -> None:
    ledger.intend("thing", "client")

    async def act(entry: Entry) -> None:
        raise Expires("never confirmed")

    result = await remove(ledger, Scripted(act))
    assert result.expiring == ("client",)
    assert result.removed == 0
    assert result.is_clean


async def test_void_things_never_hold_the_others_up(autojump_clock: object, ledger: Ledger) -> None:
    ledger.created("thing", "t1")
    ledger.created("void", "v1")

    async def hang(entry: Entry) -> None:
        await trio.sleep_forever()

    result = await remove(ledger, Scripted(gone), Scripted(hang, "void", goes_first=True))
    assert result.removed == 1
    assert "void now" in result.notes[0]
    assert "home" in result.remaining[0]  # whoever was cut off goes on, and may make it anew
    assert ledger.entries == []


async def test_void_things_that_are_slow_come_to_their_answer_few_at_a_time(
    autojump_clock: object, ledger: Ledger
) -> None:
    for number in range(16):
        ledger.created(("thing", "void")[number % 2], f"t{number}")
    limit, ended = trio.CapacityLimiter(VOID_CONCURRENCY), list[Entry]()

    async def slow(entry: Entry) -> None:
        limit.acquire_on_behalf_of_nowait(entry.name)
        await trio.sleep(VOID_S - 1)
        limit.release_on_behalf_of(entry.name)
        ended.append(entry)

    async def last(entry: Entry) -> None:
        assert len(ended) == 8

    result = await remove(ledger, Scripted(last), Scripted(slow, "void", goes_first=True), concurrency=8)
    assert (result.removed, result.is_clean) == (16, True)


async def test_removal_goes_on_when_it_can_be_neither_noted_nor_told(
    autojump_clock: object, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        ledger.created("thing", f"t{number}")

    def full(handle: int, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    def tell(event: Event) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(ledger_file, "write_all", full)
    thing = Scripted(gone)
    result = await remove(ledger, thing, emit=tell)
    assert len(thing.tried) == 5
    assert result.is_clean
    assert [note for note in result.notes if "No space left" in note]


async def test_each_removal_is_an_event_and_so_is_each_that_could_not_be_done(
    autojump_clock: object, ledger: Ledger
) -> None:
    for number in range(3):
        ledger.created("thing", f"t{number}")

    async def one_stays(entry: Entry) -> None:
        if entry.name == "t1":
            raise Hopeless("somebody holds it")

    events: list[Event] = []
    await remove(ledger, Scripted(one_stays), concurrency=1, emit=events.append)
    assert events == [
        Removed("thing", "t2", ok=True, reason="", done=1, of=3),
        Removed("thing", "t0", ok=True, reason="", done=2, of=3),
        Removed("thing", "t1", ok=False, reason="somebody holds it", done=2, of=3),
    ]


async def test_who_never_got_an_answer_is_named_although_the_user_has_gone(
    autojump_clock: object, ledger: Ledger
) -> None:
    result = await remove(ledger, Scripted(gone), unanswered=lambda: ["p_user_2"])
    assert not result.is_clean
    assert "home" in result.remaining[0]
    assert "p_user_2" in result.remaining[0]


async def test_a_user_who_comes_back_is_removed_again(autojump_clock: object, ledger: Ledger) -> None:
    """A creation goes on at the server after its caller has left, and after a removal."""
    ledger.intend("user", "p_user_1")
    cloud = FakeCloud(rows={"p_user_1": Row(email("p_user_1"))})
    async with running(cloud) as accounts, cloud.client() as http, trio.open_nursery() as nursery:

        async def come_back() -> None:
            await trio.sleep(3)
            assert cloud.rows == {}, "removed by now, and seen to be gone"
            cloud.rows["p_user_1"] = Row(email("p_user_1"))

        nursery.start_soon(come_back)
        result = await Remover(means(ledger, accounts, http), 2).remove_all()
    assert result.is_clean
    assert result.removed == 1
    assert cloud.rows == {}
