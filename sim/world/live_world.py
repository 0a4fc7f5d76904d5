"""Live servers, and the crowd that is brought up there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import attrs

from actors.events import Emit
from actors.ports import Person
from sim.clean.cleanup_result import CleanupResult
from sim.clean.end import CleanupEnd
from sim.clean.journal import RunJournal
from sim.clean.ledger import Ledger
from sim.clean.removed import remaining
from sim.clean.remover import Remover
from sim.clean.thing import Means
from sim.config.model import Config, Target
from sim.runtime.background import in_background
from sim.runtime.clock import RealClock
from sim.runtime.stop import Stop
from sim.world.auth_checks import named_client
from sim.world.people import at_first
from sim.world.prepare import Preparation
from sim.world.servers import Servers, open_servers
from sim.world.silence import explained
from sim.world.worlds import Crowd, Given, WorldStep, notes_to
from workflows.base import Workflow

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
        self.steps: tuple[WorldStep, ...] = tuple(
            attrs.evolve(step, act=explained(step.act, servers.accounts)) for step in preparation.steps
        )
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

    async def expect_writing(self) -> None:
        """Accounts that stay are noted as what will bear the run's mark."""
        await self._preparation.note_marks()

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
async def open_live_world(
    config: Config,
    target: Target,
    ledger: Ledger,
    people: Mapping[str, Sequence[Person]],
    workflows: Mapping[str, Workflow],
    emit: Emit,
    stop: Stop,
    given: Given,
) -> AsyncIterator[LiveWorld]:
    """What reaches the servers of `target`; at the end everything that the ledger names is removed."""
    async with open_servers(config, target, notes_to(emit), stop.shelter) as servers:
        first, later = at_first(config, people)
        journal = RunJournal(ledger, given.mirror)
        client = given.client or named_client(config.login)
        prepared = Preparation(config, servers, journal, first, workflows, emit, stop.shelter, later, client)
        world = LiveWorld(config, servers, ledger, prepared, emit)
        try:
            async with in_background(prepared.keep_fresh):
                yield world
        finally:
            # Only the third signal gets past it.
            await world.clean_up()  # noqa: ASYNC102


def in_words(target: Target) -> str:
    """What is driven."""
    if target.is_standin:
        return "the built-in stand-in for Nextcloud and its MCP server"
    return f"{target.mcp_url} (Nextcloud {target.nextcloud_url or 'not named'})"
