"""A shard: this program with a part of the users, told what to do by messages instead of signals.

It has a world, an engine, a tally and a ledger of its own, and needs no main thread. What it measures goes to
its coordinator as windows, once a second; what it is about to make, before it makes it. Who hears nothing of
the coordinator for the time of the lease removes what it made; who notices that too late, having stood still,
does nothing more: the coordinator has done it.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, assert_never

import attrs
import trio

from actors.events import Call, Event, Execution, Phase
from actors.secret import Secret
from sim.app import Drive
from sim.clean.ledger_file import ledger_folder, part_of_shard
from sim.config.model import Config
from sim.fleet.config_json import BadConfig, config_from_json
from sim.fleet.event_json import KINDS, event_to_json, shifted, shifted_window
from sim.fleet.lease import LEASE_S, Lease
from sim.fleet.link_mirror import LinkMirror
from sim.fleet.rest_json import ShardFacts, rest_to_json
from sim.fleet.shard_link import ShardInbox, ShardLink
from sim.fleet.shard_messages import (
    MAX_TEXT,
    Beat,
    Begin,
    Figures,
    GivenClient,
    Happened,
    Probe,
    Probed,
    Ready,
    ShardDone,
    ShardFailed,
    StartAt,
    StopNow,
    ToShard,
    Written,
)
from sim.fleet.travelling import with_files
from sim.measure.hub import Hub, Subscription, Told
from sim.measure.snapshot import Snapshot
from sim.measure.tally import Tally
from sim.runtime.background import in_background
from sim.runtime.exit import exit_code
from sim.runtime.stop import Stop, StopLevel
from sim.world.opening import kind_of
from sim.world.visit import VisitEnd, visit
from sim.world.worlds import Given

if TYPE_CHECKING:
    # It brings the HTTP client along, which takes a while.
    from actors.login.client import OAuthClient

ALONE = f"it has heard nothing of its coordinator for {LEASE_S:g} s"
FAILURES_EACH_S = 1.0
"""A failed call is told this often at most: of each there is a count in the windows."""
MAX_QUEUED = 20_000
MAX_LEFT = 1_000


def run_shard(begin: Begin, link: ShardLink, inbox: ShardInbox) -> None:
    """Carry out what `begin` asks for, to its end, in whatever thread this is. All is said by messages.

    A bug raises, after all that was made has been removed.
    """
    with TemporaryDirectory(prefix="simulate-shard-") as folder:
        try:
            config = with_files(config_from_json(begin.config), begin.files, Path(folder))
        except (BadConfig, OSError) as error:
            link.tell(ShardFailed(begin.shard, str(error)[:MAX_TEXT]))
            return
        shard = Shard(begin, config, link, inbox)
        kind_of(config).clock.run(shard.main, config.load.seed)


class Shard:
    """One shard; `main` is its run, in a run of trio."""

    def __init__(self, begin: Begin, config: Config, link: ShardLink, inbox: ShardInbox) -> None:
        self._begin = begin
        self._number = begin.shard
        self._config = attrs.evolve(
            config, output=attrs.evolve(config.output, ledger=ledger_path(begin, config))
        )
        self._link = link
        self._inbox = inbox
        self._clock = kind_of(config).clock
        self._mirror = LinkMirror(self._number, link, waits=begin.mirrors)
        self._start_at: float | None = None
        self._start_known = trio.Event()
        self._started: float | None = None
        """The instant, on this run's clock, from which instants count."""
        self._skew_s: float | None = None
        self._is_alone = False
        self._tally: Tally
        self._hub: Hub
        self._drive: Drive

    async def main(self) -> None:
        """Set up, wait for the start, drive, clean up."""
        self._tally = Tally()
        self._hub = Hub(self._tally, self._clock.usage_meter())
        self._drive = Drive(self._config, self._hub, gate=self._gate)
        given = Given(self._begin.run, client_of(self._begin.client), self._mirror, is_part=True)
        async with self._told():
            found = await visit(self._config, self._hub.emit, self._listening, self._drive.act, given)
        self._say_last(found)
        if found.bug is not None:
            raise found.bug

    @asynccontextmanager
    async def _told(self) -> AsyncIterator[None]:
        """What happens is told while the block lasts, and all of it before the last word."""
        with self._hub.subscribe(is_told, MAX_QUEUED) as told:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._forward, told)
                async with in_background(self._hub.tick):
                    yield
                self._hub.close()

    @asynccontextmanager
    async def _listening(self, stop: Stop) -> AsyncIterator[None]:
        """A stop source: the coordinator's word, or that there is none for long."""
        lease = Lease(stop.everything)
        with self._inbox.opened() as messages:

            async def listen() -> None:
                async for message in messages:
                    self._hear(message, stop, lease)

            async with in_background(listen), in_background(partial(self._watch_lease, lease, stop)):
                yield

    def _hear(self, message: ToShard, stop: Stop, lease: Lease) -> None:
        match message:
            case StartAt():
                self._start_at = message.at
                self._start_known.set()
            case StopNow():
                stop.request(StopLevel(message.level))
            case Written():
                self._mirror.acknowledge(message.n)
            case Probe():
                self._link.tell(Probed(self._number, message.n, trio.current_time()))
            case Beat():
                lease.renew(message.at)
            case Begin():
                """A shard begins only once."""
            case _:
                assert_never(message)

    async def _watch_lease(self, lease: Lease, stop: Stop) -> None:
        in_time = await lease.end()
        self._is_alone = True
        # Nobody counts any more what workflows would still do, and users are to have gone before long.
        stop.request(StopLevel.NO_WORK if in_time else StopLevel.LEAVE)

    async def _gate(self) -> None:
        """All sessions are open: say so, and wait for the instant at which all shards begin."""
        self._link.tell(Ready(self._number, socket.gethostname()))
        await self._start_known.wait()
        assert self._start_at is not None
        self._started = self._start_at
        await trio.sleep_until(self._started)
        self._skew_s = trio.current_time() - self._started
        self._hub.align()

    async def _forward(self, told: Subscription) -> None:
        last_failure = -FAILURES_EACH_S
        async for each in told:
            match each:
                case Snapshot():
                    window = shifted_window(each, self._since)
                    is_timed = self._started is not None
                    self._link.tell(Figures(self._number, window.to_json(), is_timed))
                case Call() if each.finished - last_failure < FAILURES_EACH_S:
                    continue
                case Call():
                    last_failure = each.finished
                    self._happened(each)
                case _:
                    self._happened(each)

    @property
    def _since(self) -> float:
        """What is to be added to an instant of this run, so that it counts from the start; or from now."""
        return -(self._started if self._started is not None else trio.current_time())

    def _happened(self, event: Event) -> None:
        plain = event_to_json(shifted(event, self._since))
        self._link.tell(Happened(self._number, plain, self._started is not None))

    def _say_last(self, found: VisitEnd) -> None:
        left = [text[:MAX_TEXT] for text in found.cleanup.left[:MAX_LEFT]]
        engine = self._drive.engine
        if self._is_alone:
            found.problem = found.problem or ALONE
        if engine is None or found.world is None:
            problem = found.problem or "it was stopped before it was ready"
            self._link.tell(ShardFailed(self._number, problem[:MAX_TEXT], left))
            return
        rest = rest_to_json(self._tally, self._facts(found), self._started or 0.0)
        self._link.tell(ShardDone(self._number, rest, int(exit_code(found.trouble)), left))

    def _facts(self, found: VisitEnd) -> ShardFacts:
        world, engine, end = self._drive.world, self._drive.engine, found.cleanup
        assert world is not None
        assert engine is not None
        crowd, result = world.crowd, end.result
        return ShardFacts(
            host=socket.gethostname(),
            login=crowd.login,
            users=crowd.size,
            stopped=engine.stopped,
            problem=found.problem,
            protocols=dict(engine.protocols),
            steps={name: list(each.steps) for name, each in crowd.workflows.items()},
            calls=self._tally.counts_in(Phase.MEASURED).total,
            cpu=self._tally.generator_cpu,
            start_skew_s=self._skew_s,
            removed=result.removed if result else None,
            left=list(end.left),
            expiring=list(result.expiring) if result else [],
            notes=list(result.notes) if result else [],
            ledger=end.ledger_path,
            kept=end.kept,
        )


def is_told(told: Told) -> bool:
    """Whether the coordinator hears of it by itself; of all else it hears in windows."""
    match told:
        case Snapshot():
            return True
        case Call():
            return bool(told.text) and not told.is_expected
        case Execution():
            return bool(told.violations)
        case _:
            return type(told).__name__ in KINDS


def client_of(given: GivenClient | None) -> OAuthClient | None:
    """The client that was registered for all shards."""
    from actors.login.client import OAuthClient

    if given is None:
        return None
    secret = Secret(given.secret) if given.secret else None
    return OAuthClient(given.id, secret, auth_method=given.auth_method)


def ledger_path(begin: Begin, config: Config) -> Path:
    """Of its own, beside those of the other shards; so a second start of the same shard finds it there."""
    own = config.output.ledger or ledger_folder() / f"{begin.run}.jsonl"
    return part_of_shard(own, "shard", begin.shard)
