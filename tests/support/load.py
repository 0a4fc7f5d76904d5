"""Whole loads on the store in this process, on whatever clock the test has."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Sequence
from typing import Any

import attrs
import trio

from actors.events import Call, Execution, NotStarted, Phase, SetupTiming
from actors.ports import Credentials
from sim.config.grammar.distribution import parse_distribution
from sim.config.grammar.shapes import Profile
from sim.config.grammar.threshold import parse_threshold
from sim.config.model import Config, Group, Load, LoginOptions, Output, StoryOptions, Target, UserOptions
from sim.load.engine import Engine
from sim.measure.hub import Looker, Subscription, looked_on_by
from sim.measure.summary import Summary, summarize
from sim.runtime.commands import Command
from sim.runtime.signal_source import Signals
from sim.runtime.stop import Stop
from sim.world.worlds import Crowd
from tests.support.in_process import Facts, NoCredentials, StoreConnector, person
from tests.support.tallying import Recorder
from workflows.base import Workflow, workflow
from workflows.role import Role
from workflows.scene import Scene

SPARE_S = 3600.0


@workflow(steps={"look": "nc_notes_search_notes", "look_again": "nc_notes_search_notes"})
async def two_looks(scene: Scene, user: Role) -> None:
    """Two calls, one after the other."""
    await user.does("look", query="x")
    await user.does("look_again", query="x")


class CountingConnector(StoreConnector):
    """Counts the calls that come to the server, as its own log would.

    Attributes:
        block_s: so long the next call blocks this whole process.
    """

    def __init__(self, *uids: str, seconds: float = 0.01) -> None:
        super().__init__(*uids, seconds=seconds)
        self.called = 0
        self.block_s = 0.0

    def raise_planned(self, uid: str, tool: str) -> None:
        self.called += 1
        blocked_s, self.block_s = self.block_s, 0.0
        time.sleep(blocked_s)
        super().raise_planned(uid, tool)


@attrs.define
class Played:
    """One load that was run to its end."""

    driver: Engine
    recorder: Recorder
    facts: Facts
    connector: CountingConnector
    summary: Summary
    ended: float


def group_of(profile: Profile, users: int, name: str = "all", think: str = "1s") -> Group:
    return Group(name, profile, {"two_looks": 1.0}, parse_distribution(think), users)


async def play(
    *groups: Group,
    is_virtual: bool = True,
    seconds: float = 0.01,
    signals_s: Sequence[float] = (),
    prepare: Callable[[CountingConnector], None] = lambda connector: None,
    thresholds: tuple[str, ...] = (),
    commands: Sequence[tuple[float, Command]] = (),
    **fields: Any,
) -> Played:
    """Run a load of `two_looks` on the store; fields as in `sim.config.model.Load`.

    Args:
        signals_s: when signals come.
        commands: when somebody who looks on asks for what.
    """
    people = {group.name: [person(f"{group.name}{i}") for i in range(group.users)] for group in groups}
    uids = [each.uid for members in people.values() for each in members]
    connector, facts = CountingConnector(*uids, seconds=seconds), Facts()
    prepare(connector)
    recorder = Recorder()
    load = Load(groups, **({"warmup_s": 0.0} | fields))
    config = Config(
        Target(), LoginOptions(), UserOptions(), load, StoryOptions(), Output(quiet=True),
        thresholds=tuple(parse_threshold(text) for text in thresholds),
    )  # fmt: skip
    workflows: dict[str, Workflow] = {"two_looks": two_looks}
    stop = Stop(lambda event: None)
    signals = Signals(stop)
    credentials: dict[str, Credentials] = {uid: NoCredentials() for uid in uids}
    crowd = Crowd(people, credentials, connector, workflows, "mark", "nobody", max(1, len(uids)), {})
    driver = Engine(config, crowd, recorder.hub, is_watched=not is_virtual)

    async def look_on(told: Subscription) -> None:
        async for each in told:
            if isinstance(each, Call | Execution | NotStarted | SetupTiming):
                facts(each)

    async def interrupt_it() -> None:
        begun = trio.current_time()
        for at in signals_s:
            await trio.sleep_until(begun + at)
            signals.take(signal.SIGINT)

    async def steer_it() -> None:
        begun = trio.current_time()
        for at, command in commands:
            await trio.sleep_until(begun + at)
            driver.steering.carry_out(command)

    with trio.fail_after(SPARE_S):
        async with trio.open_nursery() as nursery, looked_on_by(recorder.hub, [Looker(look_on)]):
            nursery.start_soon(interrupt_it)
            nursery.start_soon(steer_it)
            nursery.start_soon(recorder.hub.tick)
            with stop.everything, stop.work:
                await driver.run(stop)
            nursery.cancel_scope.cancel()
    return Played(driver, recorder, facts, connector, summarize(recorder), trio.current_time())


def measured(played: Played, fact: Execution | NotStarted) -> bool:
    """Whether it was due, or began, in the measured phase."""
    at = fact.at if isinstance(fact, NotStarted) else fact.started if fact.due is None else fact.due
    return begin_of(played, Phase.MEASURED) <= at <= begin_of(played, Phase.GRACE)


def begin_of(played: Played, phase: Phase) -> float:
    return next(at for at, each in played.recorder.boundaries if each is phase)
