"""The verdict and the four answers: what a stranger reads first is true, and is enough."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
import trio
from trio.testing import MockClock

from actors.errors import Outcome
from actors.events import CheckKind, Ending, OnStage, ViolationKind
from sim.config.grammar.threshold import parse_threshold
from sim.measure.thresholds import judge
from sim.report.four_answers import Mood, four_answers
from sim.report.limits import first_broken, is_of_load
from sim.report.result import Result
from sim.report.result_course import OwnStalls
from sim.report.result_figures import ArrivalCounts, Times
from sim.report.slow_spots import spots, step_spots
from sim.report.verdict_text import opening
from sim.runtime.exit import ExitCode
from tests.support.facts import call, execution, recorder_of, result_of, violation

CHECKS = {CheckKind.CONTENT: 7}


def many(number: int = 300, **fields: Any) -> list[Any]:
    return [call(**fields) for _ in range(number)]


async def played(*facts: Any, limits: tuple[str, ...] = (), users: int = 4, **fields: Any) -> Result:
    """A run of one second with so many users on stage."""
    recorder = recorder_of(
        [OnStage(trio.current_time(), "", float(users), users), *facts, execution(checks=CHECKS)]
    )
    await trio.sleep(1)
    recorder.close_window(trio.current_time())
    verdicts = tuple(judge(parse_threshold(limit), recorder.settled()) for limit in limits)
    return result_of(recorder, verdicts=verdicts, **fields)


def replies(result: Result) -> dict[str, str]:
    return {reply.question: reply.short for reply in four_answers(result)}


async def test_a_run_that_went_well_says_how_many_that_it_is_correct_and_where_it_was_slowest(
    autojump_clock: MockClock,
) -> None:
    first = opening(await played(*many(), limits=("calls: p(95)<1s",)))
    assert (first.word, first.mood) == ("OK", Mood.GOOD)
    assert first.sentence == (
        "Carries at least 4 users. Everything that was checked is correct. Slowest in read_note."
    )


async def test_without_a_limit_of_load_nobody_is_told_what_a_server_carries(
    autojump_clock: MockClock,
) -> None:
    result = await played(*many(), limits=("lost_updates: count==0",))
    assert replies(result)["Carries"] == "4 users"
    assert opening(result).sentence.startswith("Played 4 users.")


async def test_a_broken_limit_is_fewer_than_were_there_when_it_broke(autojump_clock: MockClock) -> None:
    result = await played(*many(), limits=("calls: p(95)<50ms",))
    carries = four_answers(result)[0]
    assert (carries.short, carries.mood) == ("fewer than 4 users", Mood.BAD)
    assert "Broken: calls: p(95)<50ms, first after 0:00." in carries.text
    assert opening(result).word == "FAILED"
    assert opening(result).sentence.startswith("Carries fewer than 4 users. 1 of 1 limit broken.")


async def test_the_highest_level_that_held_is_what_it_carries_where_another_broke(
    autojump_clock: MockClock,
) -> None:
    result = await played(*many(), limits=("calls: p(95)<50ms",))
    known = [level(result, 10, held=True), level(result, 38, held=True), level(result, 39, held=False)]
    assert replies(attrs.evolve(result, levels=tuple(known)))["Carries"] == "38 users"


def level(result: Result, wanted: int, *, held: bool) -> Any:
    from sim.report.result_course import Level

    return Level(float(wanted), "users", 0.0, 1.0, 9, 0, 9.0, Times(p95=0.1), Times(), held)


async def test_a_limit_of_correctness_says_nothing_of_load(autojump_clock: MockClock) -> None:
    seen = execution(ending=Ending.FAILED, violations=(violation(ViolationKind.LOST_UPDATE),))
    result = await played(*many(), seen, limits=("calls: p(95)<1s", "lost_updates: count==0"))
    assert [is_of_load(limit) for limit in result.thresholds] == [True, False]
    assert replies(result)["Carries"] == "at least 4 users"
    assert replies(result)["Correct"] == "1 lost update"
    assert "1 lost update." in opening(result).sentence and opening(result).mood is Mood.BAD


async def test_where_nothing_was_compared_nobody_is_told_that_it_is_correct(
    autojump_clock: MockClock,
) -> None:
    result = attrs.evolve(await played(*many()), checks={})
    assert replies(result)["Correct"] == "not checked"
    assert "correct" not in opening(result).sentence


async def test_the_slow_spot_is_where_most_waiting_was_not_what_was_slowest_once(
    autojump_clock: MockClock,
) -> None:
    result = await played(*many(), call(5.0, step="rare_step", tool="rare_tool"))
    first, second = step_spots(result)
    assert (first.name, second.name) == ("note_share.read_note", "note_share.rare_step")
    assert first.share + second.share == pytest.approx(1)
    assert spots(result.tools)[0].name == "nc_notes_get_note"
    assert replies(result)["Slow where"] == "read_note"


@pytest.mark.parametrize(
    ("own", "short"),
    [
        ({"cpu": 0.2}, "yes"),
        ({"cpu": 0.96}, "no"),
        ({"lateness": Times(p99=0.2)}, "no"),
        ({"stalls": OwnStalls(1, 0.9, 0.9, ())}, "no"),
        ({"stalls": OwnStalls(1, 0.005, 0.005, ())}, "with care"),
    ],
)
async def test_what_the_simulator_did_to_itself_decides_whether_it_is_to_be_trusted(
    own: dict[str, Any], short: str, autojump_clock: MockClock
) -> None:
    result = await played(*many(), clock="wall")
    result = attrs.evolve(result, generator=attrs.evolve(result.generator, **own))
    assert replies(result)["Trust"] == short
    assert (opening(result).word == "INCONCLUSIVE") == (short == "no")


@pytest.mark.parametrize(
    "doubt",
    [
        {"steered": True},
        {"arrivals": ArrivalCounts(10, 8, 2, 0)},
        {"exit_code": int(ExitCode.INTERRUPTED)},
    ],
)
async def test_a_run_that_went_otherwise_than_planned_is_taken_with_care(
    doubt: dict[str, Any], autojump_clock: MockClock
) -> None:
    assert replies(attrs.evolve(await played(*many()), **doubt))["Trust"] == "with care"


async def test_few_operations_are_taken_with_care(autojump_clock: MockClock) -> None:
    assert replies(await played(*many(3)))["Trust"] == "with care"


@pytest.mark.parametrize(
    ("code", "begin", "mood"),
    [
        (ExitCode.LEFT_BEHIND, "Something was left behind.", Mood.BAD),
        (ExitCode.INTERNAL, "An internal error ended the run.", Mood.BAD),
        (ExitCode.INTERRUPTED, "Interrupted after 0:01.", Mood.CARE),
    ],
)
async def test_what_matters_more_than_the_figures_is_said_first(
    code: ExitCode, begin: str, mood: Mood, autojump_clock: MockClock
) -> None:
    first = opening(attrs.evolve(await played(*many()), exit_code=int(code)))
    assert first.sentence.startswith(begin) and first.mood is mood


async def test_a_run_without_one_success_is_said_to_be_that(autojump_clock: MockClock) -> None:
    result = await played(*many(9, outcome=Outcome.TOOL_ERROR, status=500))
    assert opening(result).sentence.startswith("Nothing succeeded.")
    assert replies(result)["Slow where"] == "nothing was timed"


@pytest.mark.parametrize(
    ("limit", "broke"),
    [
        ("calls: p(95)<50ms", True),
        ("calls: max<50ms", True),
        ("errors: rate<1%", True),
        ("errors: count<1", True),
        ("stale_reads: count==0", True),
        ("violations: count==0", True),
        ("calls: p(97)<50ms", False),
        ("note_share: p(95)<1ms", False),
    ],
)
async def test_the_instant_at_which_a_limit_broke_is_said_where_rows_tell_it(
    limit: str, broke: bool, autojump_clock: MockClock
) -> None:
    seen = execution(ending=Ending.FAILED, violations=(violation(ViolationKind.STALE_READ),))
    result = await played(*many(), *many(9, outcome=Outcome.TOOL_ERROR, status=500), seen, limits=(limit,))
    (judged,) = result.thresholds
    assert not judged.passed
    assert (first_broken(result, judged) is not None) == broke
