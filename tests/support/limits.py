"""Limits that are watched over a recorder which is told one fact a second."""

from __future__ import annotations

from collections.abc import Callable

import trio

from actors.events import Event, Phase
from sim.config.grammar.distribution import parse_distribution
from sim.config.grammar.shapes import ClosedProfile, OpenProfile, Profile, Stage
from sim.config.grammar.threshold import parse_threshold
from sim.config.model import Group, Load
from sim.load.watchdog import Watchdog
from tests.support.facts import call
from tests.support.tallying import Recorder

SEARCH_S = 100.0
RATE = 200.0


def limits_of(
    recorder: Recorder, *texts: str, profile: Profile | None = None, patience_s: float = 5
) -> Watchdog:
    """Of a run of ten minutes, or of `profile`; `patience_s` is the time-out of its calls."""
    shape = profile or ClosedProfile.constant(4, 600.0)
    group = Group("all", shape, {"note_share": 1.0}, parse_distribution("0s"), users=4)
    load = Load((group,), call_timeout_s=patience_s)
    return Watchdog([parse_threshold(text) for text in texts], recorder.hub, load)


def search() -> OpenProfile:
    """From nothing to 200 arrivals a second in 100 s: two a second more each second."""
    return OpenProfile((Stage(SEARCH_S, RATE),), breakpoint=True)


async def every_half_second(recorder: Recorder, fact_at: Callable[[float], Event | None]) -> None:
    """Tell the recorder what `fact_at(elapsed)` says, at 0.5, 1.5, 2.5 … seconds."""
    begun = trio.current_time()
    await trio.sleep(0.5)
    while True:
        if (fact := fact_at(trio.current_time() - begun)) is not None:
            recorder(fact)
        await trio.sleep(1)


async def watched(
    limits: Watchdog, recorder: Recorder, fact_at: Callable[[float], Event | None], run_s: float = 600.0
) -> tuple[str, float]:
    """What stopped the run, "" if nothing did until its end, and when."""
    begun = trio.current_time()
    recorder.enter(Phase.MEASURED)
    reasons: list[str] = []

    def stop(why: str) -> None:
        reasons.append(why)
        nursery.cancel_scope.cancel()

    with trio.move_on_after(run_s):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(every_half_second, recorder, fact_at)
            nursery.start_soon(recorder.hub.tick)
            nursery.start_soon(limits.watch, stop)
    return "".join(reasons), trio.current_time() - begun


def slow_from(second: float) -> Callable[[float], Event]:
    return lambda elapsed: call(5.0 if elapsed > second else 0.1)
