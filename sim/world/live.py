"""Live servers: those that were named, or a stand-in that lives as long as the world.

What speaks with them takes seconds of CPU to import (the SDK, pydantic), so that is done while the
stand-in starts, in a thread: signals are heard meanwhile.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING

import trio

from actors.events import Emit
from sim.clean.ledger import open_ledger
from sim.clean.ledger_text import LedgerHead
from sim.clean.marker import new_mark
from sim.config.model import Config, Target
from sim.runtime.background import in_background
from sim.runtime.clock import RealClock
from sim.runtime.file_limit import raise_file_limit
from sim.runtime.stop import Stop
from sim.world.driven_target import open_target
from sim.world.people import people_of
from sim.world.worlds import ALONE, Given, WorldKind
from workflows.catalogue import catalogue

if TYPE_CHECKING:
    from sim.world.live_world import LiveWorld

CLOCK = RealClock()


@asynccontextmanager
async def open_live(config: Config, emit: Emit, stop: Stop, given: Given = ALONE) -> AsyncIterator[LiveWorld]:
    """Ledger, servers and what reaches them; at the end everything that the ledger names is removed."""
    mark = given.mark or new_mark()
    people = people_of(config, mark)
    raise_file_limit(sum(map(len, people.values())))
    workflows = catalogue(config.stories.files)
    imported = trio.Event()

    async def import_the_rest() -> None:
        await trio.to_thread.run_sync(import_module, "sim.world.live_world")
        imported.set()

    async with (
        in_background(import_the_rest),
        open_target(config.target, config.standin_options) as target,
    ):
        head, path, is_first = head_of(config, target, mark), config.output.ledger, given.is_part
        with open_ledger(head, path, told=given.mirror.tell, must_be_new=is_first) as ledger:
            await imported.wait()
            from sim.world.live_world import open_live_world

            async with open_live_world(config, target, ledger, people, workflows, emit, stop, given) as world:
                yield world


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
