"""The screen of a run: as much as there is room for, whole numbers, harmless texts."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
import trio
from rich.text import Text
from trio.testing import MockClock

from actors.errors import Outcome
from actors.events import Ending, Missed, NotStarted, OnStage, Phase, PhaseBegan, ViolationKind
from sim.live.run_course import Course, Limit, Outlook
from sim.live.screen import MIN_COLUMNS, MIN_ROWS, drawn, frame
from sim.measure.hub import Hub, Told
from sim.measure.snapshot import GeneratorUsage
from sim.measure.tally import Tally
from tests.support.facts import call, execution, violation

OUTLOOK = Outlook("http://server.example/mcp", 12345, {Phase.MEASURED: 300.0})
LIMITS = (Limit("calls: p(95)<500ms", "123ms", True, 0.25), Limit("lost_updates: count==0", "17", False))
NUMBER = re.compile(r"\d[\d,.:]*")
HOSTILE = "\x1b[2J\x1b]0;title\x07[bold]\nsecond line\u202e end"


async def course_of(facts: Sequence[Told], seconds: int = 12) -> Course:
    """The course of a run to which these came each second."""
    course, tally = Course(), Tally()
    hub = Hub(tally, lambda: (0.25, 123 * 2**20))
    with hub.subscribe(max_queued=10**6) as told:
        hub.emit(PhaseBegan(Phase.MEASURED, trio.current_time()))
        for _ in range(seconds):
            for fact in facts:
                hub.emit(fact)  # type: ignore[arg-type]
            await trio.sleep(1.0)
            hub.close_window()
        for each in told.take():
            course.take(each)
    return course


async def busy_course() -> Course:
    """With something in every line."""
    facts = [
        OnStage(trio.current_time(), "", 1234, 987),
        *(call(0.001 * n, workflow=f"workflow_number_{n}", due=trio.current_time()) for n in range(1, 12)),
        *(execution(1.5 * n, workflow=f"workflow_number_{n}", conflicts=3) for n in range(1, 12)),
        call(outcome=Outcome.TOOL_ERROR, status=507, text="no space"),
        execution(ending=Ending.FAILED, violations=(violation(ViolationKind.LOST_UPDATE),)),
        NotStarted("note_share", Missed.POSTPONED, trio.current_time()),
    ]
    return await course_of(facts)


def shown(course: Course, columns: int, rows: int, outlook: Outlook = OUTLOOK) -> list[Text]:
    return frame(course, outlook, LIMITS, trio.current_time(), (columns, rows))


async def test_it_keeps_to_its_room_and_shows_no_half_numbers(autojump_clock: MockClock) -> None:
    course = await busy_course()
    whole = set(NUMBER.findall("\n".join(line.plain for line in shown(course, 500, 100))))
    for columns in range(MIN_COLUMNS, 141, 3):
        for rows in (MIN_ROWS, 17, 24, 50):
            lines = shown(course, columns, rows)
            assert len(lines) < rows
            assert [line.plain for line in lines if line.cell_len >= columns] == []
            figures = [line.plain for line in lines if "…" not in line.plain]
            assert set(NUMBER.findall("\n".join(figures))) <= whole, (columns, rows)
        assert [width for _, width in drawn(lines, columns)] == [line.cell_len for line in lines]


@pytest.mark.parametrize("columns", [60, 80, 120])
async def test_the_rows_that_count_are_there_at_usual_widths(autojump_clock: MockClock, columns: int) -> None:
    text = "\n".join(line.plain for line in shown(await busy_course(), columns, 24))
    for words in ("measured 00:12 of 05:00", "987 on stage", "1,234 wanted", "p95 ms", "workflow_num"):
        assert words in text
    for words in (
        "✘ lost_updates: count==0",
        "12 lost update",
        "tool_error/507",
        "CPU 25% of a core",
        "Ctrl-C",
    ):
        assert words in text


async def test_a_wider_one_shows_more_columns(autojump_clock: MockClock) -> None:
    course = await busy_course()

    def heads(columns: int) -> int:
        line = next(line.plain for line in shown(course, columns, 30) if line.plain.startswith("workflow "))
        return len(re.split(r"  +", line))

    assert 1 < heads(60) < heads(80) < heads(120)


async def test_what_is_broken_comes_first_and_what_is_near_next(autojump_clock: MockClock) -> None:
    found = (Limit("far", "1", True, 0.1), Limit("near", "2", True, 0.9), Limit("broken", "3", False))
    lines = [line.plain for line in frame(await busy_course(), OUTLOOK, found, 0.0, (80, 40))]
    places = [
        next(n for n, line in enumerate(lines) if f" {word} " in line) for word in ("broken", "near", "far")
    ]
    assert places == sorted(places)


async def test_texts_of_servers_and_users_are_harmless(autojump_clock: MockClock) -> None:
    bad = call(outcome=Outcome.TOOL_ERROR, text=HOSTILE, step=HOSTILE, workflow="a")
    course = await course_of([bad, execution(workflow="a"), call(workflow="a", step=HOSTILE)])
    lines = shown(course, 120, 30, Outlook(HOSTILE, 1, {}))
    assert any("[bold]" in line.plain for line in lines)
    for line in lines:
        assert line.plain.isprintable()


async def test_silence_of_the_server_is_said(autojump_clock: MockClock) -> None:
    course = await course_of([call()], seconds=2)
    await trio.sleep(20)
    assert any("no answer for" in line.plain for line in shown(course, 80, 24))


async def test_windows_alone_tell_how_workflows_end_and_that_the_server_answers(
    autojump_clock: MockClock,
) -> None:
    """Shards tell few calls and executions one by one."""
    told, windows, tally = await busy_course(), Course(), Tally(Phase.MEASURED)
    for _ in range(12):
        for number in range(1, 12):
            tally.take(call(0.001 * number, workflow=f"workflow_number_{number}"))
            tally.take(execution(1.5 * number, workflow=f"workflow_number_{number}", conflicts=3))
        tally.take(execution(ending=Ending.FAILED, violations=(violation(ViolationKind.LOST_UPDATE),)))
        await trio.sleep(1.0)
        windows.take(tally.close_window(trio.current_time()))
    endings = {name: story.endings for name, story in told.stories.items() if story.endings}
    assert {name: story.endings for name, story in windows.stories.items() if story.endings} == endings
    assert (windows.broken, windows.conflicts) == (told.broken, told.conflicts)
    assert windows.answered_at == trio.current_time()


async def test_a_course_without_a_window_can_be_shown(autojump_clock: MockClock) -> None:
    assert shown(Course(), 80, 24)


async def test_a_saturated_simulator_is_named_as_the_limit(autojump_clock: MockClock) -> None:
    course = Course()
    tally = Tally(phase=Phase.MEASURED)
    await trio.sleep(1)
    course.take(tally.close_window(trio.current_time(), GeneratorUsage(0.95, 2**20)))
    assert any("it may be the limit" in line.plain for line in shown(course, 80, 24))


async def test_an_open_load_is_told_in_arrivals(autojump_clock: MockClock) -> None:
    course = await course_of([OnStage(trio.current_time(), "", 12.5, 40)])
    text = "\n".join(line.plain for line in shown(course, 80, 24, Outlook("t", 1, {}, is_open=True)))
    assert "40 on stage" in text and "12.5 arrivals a second wanted" in text
