"""The stage: users come and go exactly when the profile says, workflows arrive when it says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from random import Random

import attrs
import pytest
import trio
import trio.testing

from actors.errors import CallError, Outcome, SetupError
from actors.events import Call, Event, Execution, Missed, NotStarted, Phase, SetupStep, SetupTiming
from actors.ports import Credentials, Person
from actors.roster import Roster, open_roster
from sim.config.grammar.shapes import ClosedProfile, OpenProfile, Profile
from sim.config.grammar.shapes import Stage as Line
from sim.load.executors import Executor, last_due, make_executor
from sim.load.wings import MAX_FIRST_SESSION_S, Wings
from tests.support.in_process import Facts, NoCredentials, StoreConnector, person
from tests.support.tallying import Recorder
from workflows.base import workflow
from workflows.director import Budget, Company, Director
from workflows.repertoire import Mix
from workflows.role import Role
from workflows.scene import Scene
from workflows.settings import Settings

NAMES = [f"user{number:02}" for number in range(12)]


@workflow(steps={"look": "nc_notes_search_notes"})
async def look(scene: Scene, user: Role) -> None:
    """One look."""
    await user.does("look", query="x")


@attrs.frozen
class Ensemble:
    stage: Executor
    roster: Roster
    director: Director
    recorder: Recorder
    facts: Facts
    begun: float


@asynccontextmanager
async def open_scene(
    profile: Profile, connector: StoreConnector, max_lag_s: float = 1.0
) -> AsyncIterator[Ensemble]:
    """A stage with everybody waiting; leaving the block ends what is played."""
    facts = Facts()
    recorder = Recorder()

    def emit(event: Event) -> None:
        recorder(event)
        if isinstance(event, Call | Execution | NotStarted | SetupTiming):
            facts(event)

    async with open_roster(connector, emit, seed=1) as roster:
        async with trio.open_nursery() as nursery:
            director = Director(nursery, roster, emit, Settings(), Budget())
            company = Company(Mix({look: 1.0}), lambda random: 1.0, Random("mix"))
            people: list[tuple[Person, Credentials]] = [(person(name), NoCredentials()) for name in NAMES]
            wings = Wings(roster, people[::-1])
            stage = make_executor(profile, wings, company, director, emit, max_lag_s, Random("arrivals"))
            yield Ensemble(stage, roster, director, recorder, facts, trio.current_time())
            nursery.cancel_scope.cancel()


async def watch(scene: Ensemble, seen: list[tuple[float, int]]) -> None:
    """Note how many are on stage, at instants at which no profile here changes."""
    begun = trio.current_time()
    while True:
        await trio.sleep(0.0937)
        seen.append((trio.current_time() - begun, scene.roster.count_on_stage))


PROFILES = {
    "a ramp up": (Line(10, 10),),
    "up, hold, down": (Line(4, 8), Line(3, 8), Line(4, 0)),
    "steps": (Line(0, 3), Line(2, 3), Line(0, 9), Line(2, 9), Line(0, 1), Line(2, 1)),
    "down from the beginning": (Line(0, 12), Line(6, 0)),
    "nobody for a while": (Line(3, 0), Line(3, 6)),
    "two waves": (Line(2, 6), Line(2, 0), Line(2, 6), Line(2, 0)),
}


@pytest.mark.parametrize("stages", PROFILES.values(), ids=PROFILES)
async def test_as_many_are_on_stage_as_the_profile_says_at_every_moment(
    autojump_clock: object, stages: tuple[Line, ...]
) -> None:
    profile, connector = ClosedProfile(stages), StoreConnector(*NAMES, seconds=0)
    seen: list[tuple[float, int]] = []
    with trio.fail_after(100):
        async with open_scene(profile, connector) as scene:
            await scene.stage.fill(trio.CapacityLimiter(3))
            scene.stage.begin()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(watch, scene, seen)
                await scene.stage.play()
                nursery.cancel_scope.cancel()
    assert len(seen) >= 10 * profile.duration_s - 1
    assert seen == [(at, profile.users_at(at)) for at, _ in seen]


async def test_it_ends_with_the_profile_to_the_moment(autojump_clock: object) -> None:
    profile = ClosedProfile((Line(3, 2), Line(7.5, 2)))
    with trio.fail_after(100):
        async with open_scene(profile, StoreConnector(*NAMES)) as scene:
            begun = trio.current_time()
            await scene.stage.play()
            assert trio.current_time() - begun == pytest.approx(10.5)


async def test_those_of_the_beginning_are_there_before_and_start_together(
    autojump_clock: object,
) -> None:
    connector = StoreConnector(*NAMES, seconds=0.5)
    with trio.fail_after(100):
        async with open_scene(ClosedProfile.constant(5, 10), connector) as scene:
            assert scene.stage.at_first == 5
            await scene.stage.fill(trio.CapacityLimiter(2))
            entries = [t.finished for t in scene.facts.setups if t.step is SetupStep.SESSION]
            # Two at a time, half a second each.
            assert [round(at - scene.begun, 3) for at in entries] == [0.5, 0.5, 1.0, 1.0, 1.5]
            assert not scene.facts.calls
            scene.stage.begin()
            await scene.stage.play()
    firsts: dict[str, float] = {}
    for call in scene.facts.calls:
        firsts.setdefault(call.user, call.started)
    assert sorted(firsts) == NAMES[:5]
    assert len(set(firsts.values())) == 1


async def test_newcomers_take_the_initiative_once_their_session_is_open(autojump_clock: object) -> None:
    connector = StoreConnector(*NAMES, seconds=0.25)
    with trio.fail_after(100):
        async with open_scene(ClosedProfile((Line(4, 2), Line(4, 2))), connector) as scene:
            begun = trio.current_time()
            await scene.stage.play()
    firsts: dict[str, float] = {}
    for call in scene.facts.calls:
        firsts.setdefault(call.user, call.started - begun)
    assert firsts == {"user00": pytest.approx(1.25), "user01": pytest.approx(3.25)}


async def test_the_last_to_come_goes_first_and_may_come_again(autojump_clock: object) -> None:
    connector = StoreConnector(*NAMES, seconds=0)
    with trio.fail_after(100):
        async with open_scene(ClosedProfile((Line(2, 2), Line(4, 0), Line(2, 2))), connector) as scene:
            await scene.stage.play()
    assert connector.opened == ["user00", "user01", "user00", "user01"]
    assert connector.closed[:2] == ["user01", "user00"]


async def test_who_cannot_come_on_stage_ends_the_set_up_and_says_why(autojump_clock: object) -> None:
    connector = StoreConnector(*NAMES)
    connector.refusals = [CallError(Outcome.TRANSPORT_ERROR, "connection refused")] * 100
    with trio.fail_after(100):
        async with open_scene(ClosedProfile.constant(2, 10), connector) as scene:
            with pytest.raises(SetupError, match=r"user0\d could not open .*: connection refused"):
                await scene.stage.fill(trio.CapacityLimiter(2))
            assert trio.current_time() - scene.begun == pytest.approx(MAX_FIRST_SESSION_S)


async def test_who_is_refused_for_good_ends_the_set_up_without_further_waiting(
    autojump_clock: object,
) -> None:
    connector = StoreConnector(*NAMES)
    connector.refusals = [CallError(Outcome.AUTHORIZATION, "not on the list", status=403)] * 100
    with trio.fail_after(100):
        async with open_scene(ClosedProfile.constant(2, 10), connector) as scene:
            with pytest.raises(SetupError, match=r"user0\d could not open .*: not on the list"):
                await scene.stage.fill(trio.CapacityLimiter(2))
            assert trio.current_time() - scene.begun < MAX_FIRST_SESSION_S


async def test_in_the_open_model_everybody_is_there_and_workflows_arrive_when_due(
    autojump_clock: object,
) -> None:
    profile = OpenProfile((Line(0, 2), Line(10, 2)), poisson=False)
    with trio.fail_after(100):
        async with open_scene(profile, StoreConnector(*NAMES, seconds=0.1)) as scene:
            assert scene.stage.at_first == len(NAMES)
            await scene.stage.fill(trio.CapacityLimiter(12))
            assert scene.roster.count_on_stage == len(NAMES)
            scene.stage.begin()
            begun = trio.current_time()
            scene.recorder.enter(Phase.MEASURED)
            await scene.stage.play()
            assert trio.current_time() - begun == pytest.approx(10)
            await trio.testing.wait_all_tasks_blocked()
            scene.director.close()
            await scene.director.wait_idle()
    assert not scene.facts.missed
    assert [round(e.started - begun, 6) for e in scene.facts.executions] == [k / 2 for k in range(1, 21)]
    assert [e.due for e in scene.facts.executions] == [e.started for e in scene.facts.executions]
    # Whoever has been free for longest is next.
    turns = [e.cast[0] for e in scene.facts.executions]
    assert turns == [NAMES[place % 12] for place in range(20)]
    assert scene.recorder.lateness.count == 20


async def test_arrivals_do_not_wait_for_a_slow_server_and_what_finds_nobody_is_dropped(
    autojump_clock: object,
) -> None:
    profile = OpenProfile((Line(0, 5), Line(10, 5)), poisson=False)
    connector = StoreConnector(*NAMES, seconds=0.1)
    with trio.fail_after(200):
        async with open_scene(profile, connector, max_lag_s=1.0) as scene:
            await scene.stage.fill(trio.CapacityLimiter(12))
            scene.stage.begin()
            connector.seconds = 8
            begun = trio.current_time()
            await scene.stage.play()
            assert trio.current_time() - begun == pytest.approx(10)
            scene.director.close()
            await scene.director.wait_idle()
    started, dropped = scene.facts.executions, scene.facts.missed
    # Twelve take a user each at once; those who are free again at 8.2 s and later take those that wait.
    assert len(started) + len(dropped) == 50
    assert {missed.why for missed in dropped} == {Missed.DROPPED}
    assert all(e.due is not None and 0 <= e.started - e.due <= 1.0 for e in started)
    in_first_seconds = [e for e in started if e.started < begun + 8]
    assert len(in_first_seconds) == 12


async def test_random_arrivals_are_those_of_the_given_stream(autojump_clock: object) -> None:
    profile = OpenProfile((Line(0, 1), Line(20, 1)))
    with trio.fail_after(100):
        async with open_scene(profile, StoreConnector(*NAMES, seconds=0)) as scene:
            await scene.stage.fill(trio.CapacityLimiter(12))
            scene.stage.begin()
            begun = trio.current_time()
            await scene.stage.play()
    expected = list(profile.arrivals(Random("arrivals")))
    assert [e.started - begun for e in scene.facts.executions] == pytest.approx(expected)
    assert all(before < after for before, after in pairwise(expected))


@pytest.mark.parametrize(
    ("now_s", "users"), [(0.001, 1), (5.0, 500), (9.9995, 1000), (60.0, 1000), (65.0, 500)]
)
def test_a_ramp_that_fell_behind_is_made_up_for_in_one_step(now_s: float, users: int) -> None:
    profile = ClosedProfile((Line(0, 0), Line(10, 1000), Line(50, 1000), Line(10, 0)))
    first = profile.next_change(-1.0)
    assert first is not None
    at, wanted = last_due(profile, first, now_s)
    assert wanted == pytest.approx(users, abs=1)
    assert at <= max(now_s, first[0])
    later = profile.next_change(at)
    assert later is None or later[0] > now_s
