"""Play one story once, with the users that it casts."""

from __future__ import annotations

from typing import Any

import trio

from actors.events import Execution
from tests.support.in_process import Facts, StoreConnector, users_on_stage
from workflows.base import Story, Workflow, workflow
from workflows.director import Budget, Director
from workflows.settings import Settings

SEARCH = "nc_notes_search_notes"
TOOLS = {
    "look": SEARCH,
    "look_{i}": SEARCH,
    "create": "nc_notes_create_note",
    "read": "nc_notes_get_note",
    "delete": "nc_notes_delete_note",
}


def told(story: Story, **steps: str) -> Workflow:
    """`story` as a workflow with the steps in `TOOLS`, and these."""
    return workflow(steps={**TOOLS, **steps})(story)


async def play_once(
    story: Workflow,
    connector: StoreConnector,
    facts: Facts,
    *,
    due: float | None = None,
    draws_seed: int | None = None,
    **settings: Any,
) -> Execution:
    """One execution, with everybody who has an account at the connector's stand-in on stage, in turn."""
    uids = [uid for uid in connector.standin.store.accounts if uid != "admin"]
    with trio.fail_after(3600):
        async with users_on_stage(connector, facts, *uids) as (roster, users):
            if draws_seed is not None:
                users[0].random.seed(draws_seed)
            async with trio.open_nursery() as nursery:
                director = Director(nursery, roster, facts, Settings(**settings), Budget())
                execution = await director.play(story, tuple(users), due=due)
    return execution
