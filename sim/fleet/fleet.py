"""The shards of one run as their coordinator knows them: who is ready, who is lost, who has ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import assert_never

import trio

from actors.events import Emit, Note, Phase
from sim.fleet.clock_offset import PROBES, ClockOffset
from sim.fleet.creation_turns import CreationTurns
from sim.fleet.rest_json import rest_from_json
from sim.fleet.shard_engine import Heard, Lost, ShardEngine
from sim.fleet.shard_messages import (
    Beat,
    Begin,
    Figures,
    FromShard,
    Happened,
    LedgerLine,
    Probe,
    Probed,
    Ready,
    ShardDone,
    ShardFailed,
    StartAt,
    StopNow,
    Written,
)
from sim.fleet.shard_state import ShardState

BEAT_S = 1.0
LOOK_S = 0.2
SILENT_S = 0.95
"""Something is heard of a process that lives several times a second; so long without, and it is named."""
LOST_S = 5.0
"""So long, and it is given up."""
UNANSWERED = -1.0
SPEECHLESS_S = 120.0
"""Whose process answers, and who has said nothing for so long, hangs."""


class Fleet:
    """All shards of a run. `listen`, `beat` and `watch` run for as long as it is open.

    Args:
        keep: writes lines of a shard's ledger to our disk, and returns when they are there.
        take: told every window and event of a shard; raises ValueError for what is none.
        dropped: told of a shard that was lost.
        creating: so many users are created at the same time, in all shards together.
    """

    def __init__(
        self,
        engine: ShardEngine,
        emit: Emit,
        keep: Callable[[int, Sequence[str]], None],
        take: Callable[[Emit, ShardState, Figures | Happened], None],
        dropped: Callable[[ShardState], None],
        *,
        creating: int = 2,
    ) -> None:
        self._engine = engine
        self._emit = emit
        self._keep = keep
        self._take = take
        self._dropped = dropped
        self._turns = CreationTurns(creating)
        self._changed = trio.Event()
        self._beats = 0
        self.shards = {
            number: ShardState(number, len(engine.places), place)
            for number, place in enumerate(engine.places, 1)
        }
        self.trouble: Exception | None = None
        """Why our side could not do its part."""

    @property
    def there(self) -> list[ShardState]:
        """Those of whom more is to be heard."""
        return [shard for shard in self.shards.values() if shard.is_there]

    @property
    def lost(self) -> list[ShardState]:
        return [shard for shard in self.shards.values() if shard.lost]

    @property
    def failed(self) -> list[tuple[ShardState, ShardFailed]]:
        """Those who could not go on, with what they said."""
        return [(each, each.last) for each in self.shards.values() if isinstance(each.last, ShardFailed)]

    def start(self, begins: Iterable[Begin]) -> None:
        """Each at its place."""
        for begin in begins:
            self.shards[begin.shard].users = begin.users
            self._engine.start(begin)

    def tell_all(self, message: StopNow | Beat) -> None:
        """Those who are there."""
        for shard in self.there:
            self._engine.tell(shard.number, message)

    def stop(self, level: int) -> None:
        """Ask those to stop who do not clean up already."""
        for shard in self.there:
            if level > 1 or shard.phase is not Phase.CLEANUP:
                self._engine.tell(shard.number, StopNow(level))

    async def until(self, holds: Callable[[], bool]) -> None:
        """Something that depends on what is heard."""
        while not holds():
            await self._changed.wait()

    async def compare_clocks(self) -> None:
        """Ask each how late it is, a few times in a row; those who are lost meanwhile are not waited for."""
        for number in range(1, PROBES + 1):
            for shard in self.there:
                shard.probes.append((trio.current_time(), 0.0, UNANSWERED))
                self._engine.tell(shard.number, Probe(number))
            await self.until(lambda: all(shard.probes[-1][2] != UNANSWERED for shard in self.there))
        for shard in self.there:
            shard.offset = ClockOffset.of(shard.probes)

    def start_at(self, started: float) -> None:
        """The load begins at this instant."""
        for shard in self.there:
            assert shard.offset is not None
            shard.started_at = started
            self._engine.tell(shard.number, StartAt(started + shard.offset.offset_s))

    async def listen(self) -> None:
        """To all that is heard."""
        async for news in self._engine.news:
            shard = self.shards[news.shard]
            match news:
                case Lost():
                    self._lose(shard, news.reason, is_dead=news.is_dead)
                    await self._give_up(shard)
                case Heard():
                    self._hear(shard, news.messages)
                    await self._give_up(shard)
                case _:
                    assert_never(news)
            self._change()

    async def beat(self) -> None:
        """Tell all that the coordinator lives."""
        while True:
            self._beats += 1
            self.tell_all(Beat(self._beats, trio.current_time()))
            await trio.sleep(BEAT_S)

    async def watch(self) -> None:
        """Name who is not heard, and give up who is not heard for long."""
        while True:
            due = trio.current_time() + LOOK_S
            await trio.sleep_until(due)
            now = trio.current_time()
            for shard in self.there:
                # While we ourselves stood still, nobody could be heard.
                shard.pass_over(now - due if now - due > LOOK_S else 0.0)
                await self._look_at(shard, now)

    async def _look_at(self, shard: ShardState, now: float) -> None:
        if shard.heard_at is None:
            return
        silent_s = now - shard.heard_at
        if silent_s > LOST_S or (silent_s > SILENT_S and not shard.is_silent):
            # On a busy machine it is seen to be silent before its end is heard of.
            why = await self._engine.why_gone(shard.number)
            await self._note_silence(shard, why, silent_s)
        elif now - shard.spoke_at > SPEECHLESS_S:
            self._lose(shard, f"it has said nothing for {SPEECHLESS_S:g} s", is_dead=False)
            await self._give_up(shard)
        self._change()

    async def _note_silence(self, shard: ShardState, why: str, silent_s: float) -> None:
        if shard.heard_at is None or trio.current_time() - shard.heard_at <= SILENT_S:
            return
        if why or silent_s > LOST_S:
            self._lose(shard, why or f"nothing was heard of it for {LOST_S:g} s", is_dead=False)
            await self._give_up(shard)
        elif shard.is_there:
            shard.is_silent = True
            self._say(f"{shard.name} is not heard any more")

    def _hear(self, shard: ShardState, messages: Sequence[FromShard]) -> None:
        if not shard.is_there:
            return
        now = trio.current_time()
        if messages or shard.heard_at is None:
            shard.spoke_at = now
        shard.heard_at = now
        if shard.is_silent:
            shard.is_silent = False
            self._say(f"{shard.name} is heard again")
        try:
            self._mirror(shard, [each for each in messages if isinstance(each, LedgerLine)])
            for message in messages:
                self._hear_one(shard, message)
        except ValueError as error:
            self._lose(shard, f"it says what this release does not understand ({error})", is_dead=False)

    def _mirror(self, shard: ShardState, lines: Sequence[LedgerLine]) -> None:
        """Raises ValueError where one is missing, or comes again."""
        if not lines:
            return
        if [each.n for each in lines] != list(range(shard.lines + 1, shard.lines + len(lines) + 1)):
            raise ValueError(f"line {lines[0].n} of its ledger comes after line {shard.lines}")
        shard.lines += len(lines)
        try:
            self._keep(shard.number, [each.line for each in lines])
        except ValueError:
            raise
        except Exception as error:
            # The shard waits for our word, and gets none: so it makes nothing that is not noted here.
            self.trouble = self.trouble or error
            return
        self._acknowledge(self._turns.take(shard.number, [(each.n, each.line) for each in lines]))

    def _acknowledge(self, turns: Iterable[tuple[int, int]]) -> None:
        for shard, number in turns:
            self._engine.tell(shard, Written(number))

    def _hear_one(self, shard: ShardState, message: FromShard) -> None:
        if message.shard != shard.number:
            raise ValueError(f"it speaks as shard {message.shard}")
        match message:
            case Ready():
                shard.is_ready = True
            case Probed():
                if 1 <= message.n <= len(shard.probes):
                    sent, *_ = shard.probes[message.n - 1]
                    shard.probes[message.n - 1] = (sent, message.at, trio.current_time())
            case Figures() | Happened():
                self._take(self._emit, shard, message)
            case ShardDone():
                shard.rest, shard.last = rest_from_json(message.rest), message
            case ShardFailed():
                shard.last = message
                self._acknowledge(self._turns.drop(shard.number))
            case LedgerLine():
                """Written already."""
            case _:
                assert_never(message)

    def _lose(self, shard: ShardState, reason: str, *, is_dead: bool) -> None:
        if not shard.is_there:
            return
        shard.lost, shard.is_dead, shard.lost_at = reason, is_dead, trio.current_time()
        self._say(f"{shard.name} is LOST: {reason}")
        self._acknowledge(self._turns.drop(shard.number))
        self._dropped(shard)

    async def _give_up(self, shard: ShardState) -> None:
        if shard.lost and not shard.is_dead:
            shard.is_dead = await self._engine.give_up(shard.number)

    def _say(self, text: str) -> None:
        self._emit(Note(text, level="warning", at=trio.current_time()))

    def _change(self) -> None:
        self._changed.set()
        self._changed = trio.Event()
