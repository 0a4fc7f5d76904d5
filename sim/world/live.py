"""Live servers: those that were named, or a stand-in that lives as long as the world."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import attrs

from actors.events import Emit
from actors.ports import Person
from sim.clean.cleanup_result import CleanupResult
from sim.clean.end import CleanupEnd
from sim.clean.ledger import Ledger, open_ledger
from sim.clean.ledger_text import LedgerHead
from sim.clean.marker import new_mark
from sim.clean.removed import remaining
from sim.clean.remover import Remover
from sim.clean.thing import Means
from sim.config.model import Config, Target
from sim.runtime.background import in_background
from sim.runtime.clock import RealClock
from sim.runtime.file_limit import raise_file_limit
from sim.runtime.stop import Stop
from sim.world.people import at_first, people_of
from sim.world.prepare import Preparation
from sim.world.servers import Servers, open_servers, open_target
from sim.world.worlds import Crowd, WorldKind, WorldStep, notes_to
from workflows.catalogue import catalogue

CLOCK = RealClock()


class LiveWorld:
    """See `sim.world.worlds.World`. Made by `open_live`."""

    clock = CLOCK

    def __init__(
        self, config: Config, servers: Servers, ledger: Ledger, preparation: Preparation, emit: Emit
    ) -> None:
        self.target = in_words(config.target)
        self.began = CLOCK.date()
        self.cleanup = CleanupEnd(ledger_path=str(ledger.path), kept=not config.users.cleanup)
        self.steps: tuple[WorldStep, ...] = preparation.steps
        self._concurrency = config.users.setup_concurrency
        self._servers = servers
        self._ledger = ledger
        self._preparation = preparation
        self._emit = emit

    @property
    def crowd(self) -> Crowd:
        return self._preparation.crowd

    async def call_up(self, wanted: Mapping[str, int]) -> Mapping[str, Sequence[Person]]:
        return await self._preparation.call_up(wanted)

    def expect_writing(self) -> None:
        """Accounts that stay are noted as what will bear the run's mark."""
        self._preparation.note_marks()

    async def clean_up(self) -> None:
        """Remove what the ledger names, unless it is to be kept. How it went is known also when cancelled."""
        if self.cleanup.kept:
            return
        say, ledger, servers = notes_to(self._emit), self._ledger, self._servers
        if ledger.entries:
            say(f"Removing {len(ledger.entries)} things")
        passwords = {person.login: person.password for person in self._preparation.people}
        means = Means(ledger, servers.accounts, servers.http, servers.app_passwords, passwords, say=say)
        unanswered = self.crowd.unanswered
        remover = Remover(means, self._concurrency, self._emit, lambda: tuple(unanswered))
        result: CleanupResult | None = None
        try:
            result = await remover.remove_all()
            for note in result.notes:
                say(f"  {note}")
        finally:
            self.cleanup = attrs.evolve(self.cleanup, result=result or CleanupResult(0, remaining(ledger)))


@asynccontextmanager
async def open_live(config: Config, emit: Emit, stop: Stop) -> AsyncIterator[LiveWorld]:
    """Ledger, servers and what reaches them; at the end everything that the ledger names is removed."""
    mark = new_mark()
    people = people_of(config, mark)
    raise_file_limit(sum(map(len, people.values())))
    workflows = catalogue(config.stories.files)
    async with open_target(config.target, config.standin_options) as target:
        with open_ledger(head_of(config, target, mark), config.output.ledger) as ledger:
            async with open_servers(config, target, notes_to(emit), stop.shelter) as servers:
                first, later = at_first(config, people)
                prepared = Preparation(config, servers, ledger, first, workflows, emit, stop.shelter, later)
                world = LiveWorld(config, servers, ledger, prepared, emit)
                try:
                    async with in_background(prepared.keep_fresh):
                        yield world
                finally:
                    # Only the third signal gets past it.
                    await world.clean_up()  # noqa: ASYNC102


LIVE = WorldKind(CLOCK, open_live)


def head_of(config: Config, target: Target, mark: str) -> LedgerHead:
    """What the ledger says first: where all that it names is."""
    return LedgerHead(
        mark=mark,
        nextcloud_url=target.nextcloud_url or "",
        admin=target.admin,
        prefix=config.users.prefix,
        accounts=str(config.users.accounts or ""),
        passing=config.target.is_standin,
        mail_domain=config.users.mail_domain,
        mcp_url=target.mcp_url or "",
    )


def in_words(target: Target) -> str:
    """What is driven."""
    if target.is_standin:
        return "the built-in stand-in for Nextcloud and its MCP server"
    return f"{target.mcp_url} (Nextcloud {target.nextcloud_url or 'not named'})"
