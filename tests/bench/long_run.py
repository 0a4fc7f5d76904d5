"""What a call of a long run costs: sketches fold, and notes pile up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from tests.bench.contestants import against, cost, interleaved, locust_posts, locust_python, ours, server
from tests.bench.rounds import Figure
from tests.bench.whole_run import LOCUST, MIXED, MIXED_EVENTS, USERS


def figures() -> Iterator[Figure]:
    yield from long_run(50_000, 8)


def small_figures() -> Iterator[Figure]:
    yield from long_run(200, 2)


def long_run(calls: int, turns: int) -> Iterator[Figure]:
    """So many calls of each, in as many turns."""
    with ExitStack() as stack:
        url = stack.enter_context(server("toolbox_server"))
        events = stack.enter_context(server("toolbox_server", "events"))
        mine = {MIXED: ("whole:mixed", url), MIXED_EVENTS: ("whole:mixed", events)}
        plays = stack.enter_context(ours(USERS, mine))
        if locust_python() is not None:
            plays[LOCUST] = stack.enter_context(locust_posts(url, USERS))
        played = interleaved(plays, calls // turns, turns - 1)
    for name in (MIXED, MIXED_EVENTS):
        beside = f"; {against(played[name], played[LOCUST])} of {LOCUST}" if LOCUST in played else ""
        yield f"{name}, {calls} calls", cost(played[name]) + beside
