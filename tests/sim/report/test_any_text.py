"""Whatever a server puts into a text: there is a report, and it obeys nobody but us."""

from __future__ import annotations

import io
import json
import unicodedata
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.events import Violation, ViolationKind
from sim.clean.cleanup_result import CleanupResult
from sim.clean.end import CleanupEnd
from sim.config.grammar.threshold import parse_threshold
from sim.live.console import LiveConsole
from sim.load.watchdog import Breakpoint
from sim.measure.sketch import Quantiles
from sim.measure.summary import CallFigures, SetupFigures, StoryFigures, Summary, UserFigures
from sim.measure.thresholds import Verdict
from sim.report.formats import FORMATS
from sim.report.result_json import from_json, to_json
from sim.report.terminal import text_report
from tests.support.facts import result_of

NASTY = [
    "\x1b]0;owned\x07",
    "[/x][red]",
    "a\nb\r\nc",
    "\ud800",
    "\u202eevil",
    "",
    " ",
    "\x00",
    "é" * 700,
    "[",
    "\\",
]
TEXTS = st.one_of(st.sampled_from(NASTY), st.text(st.characters(exclude_categories=[]), max_size=40))
COUNTS = st.integers(0, 5)
SOME = Quantiles(2, 0.1, 0.2, 0.15, 0.15, 0.2, 0.2, 0.2)


def calls_with(text: str, count: int) -> CallFigures:
    return CallFigures(5, 5 - min(count, 5), min(count, 5), 0, SOME, SOME, {text: count})


def summary_with(text: Callable[[], str], count: Callable[[], int]) -> Summary:
    """A summary in which every text is drawn."""
    seen = Violation(ViolationKind.STALE_READ, text(), text(), text(), text(), text(), 1.0)
    story = StoryFigures(
        *(count(), count(), count(), SOME, SOME),
        failures={text(): count()},
        violations={text(): count()},
        examples=(seen,),
        intervals={},
        conflicts=count(),
        leftovers=0,
        calls=calls_with(text(), count()),
        steps={text(): calls_with(text(), count())},
    )
    return Summary(
        measured_s=1.0,
        calls=calls_with(text(), count()),
        stories={text(): story},
        users={text(): UserFigures(calls_with(text(), 1), {text(): 1})},
        phases={},
        tool_calls=1,
        outcome_examples={text(): [text()]},
        setup={text(): SetupFigures(SOME, count(), text())},
        not_started={text(): {text(): 1}},
        inbox_wait=SOME,
        lateness=SOME,
        groups={text(): calls_with(text(), 1)},
        regions={text(): calls_with(text(), 1)},
        rows=(),
        row_s=1.0,
        started=0.0,
        checks={text(): 3},
    )


def facts_with(text: Callable[[], str]) -> dict[str, Any]:
    limit = attrs.evolve(parse_threshold("calls: max<1s"), text=text())
    return {
        "target": text(),
        "login": text(),
        "stopped": text(),
        "cleanup": CleanupEnd(CleanupResult(1, (text(),), (text(),)), text()),
        "verdicts": (Verdict(limit, 0.1, True, text()),),
        "breakpoint": Breakpoint(1.0, 2.0, (text(),), (text(),)),
        "protocols": {text(): 1},
        "command": (text(),),
    }


def is_harmless(text: str) -> bool:
    """Without control characters, halves of characters, and breaks of lines that are not ours."""
    return {unicodedata.category(c) for c in text.replace("\n", "")}.isdisjoint({"Cc", "Cs", "Zl", "Zp"})


@settings(deadline=None, max_examples=60)
@given(data=st.data(), width=st.sampled_from([1, 20, 40, 80, 200]))
def test_any_text_can_be_shown_and_written(data: st.DataObject, width: int) -> None:
    text, count = (lambda: data.draw(TEXTS)), (lambda: data.draw(COUNTS))
    result = result_of(summary_with(text, count), **facts_with(text))
    assert is_harmless(text_report(result, width))
    for format_ in FORMATS.values():
        assert is_harmless(format_.render(result))
    for value in texts_in(json.loads(to_json(result).encode())):
        value.encode()
        assert is_harmless(value) and "\n" not in value
    assert from_json(to_json(result)) == result


def texts_in(value: Any) -> list[str]:
    match value:
        case str():
            return [value]
        case dict():
            return [text for key, inner in value.items() for text in (key, *texts_in(inner))]
        case list():
            return [text for inner in value for text in texts_in(inner)]
        case _:
            return []


@pytest.mark.parametrize("text", NASTY)
def test_what_is_said_while_it_runs_is_one_harmless_line(text: str) -> None:
    stream = io.StringIO()
    LiveConsole(quiet=False, stream=stream).say(f"before {text} after")
    assert is_harmless(stream.getvalue())
    assert stream.getvalue().count("\n") == 1


def test_markup_of_a_server_is_shown_as_it_is() -> None:
    summary = summary_with(lambda: "[red]no[/red] [/x]", lambda: 1)
    left = CleanupEnd(CleanupResult(1, ("[/x] BEHIND",)), "run.ledger")
    text = text_report(result_of(summary, cleanup=left), 200)
    assert "[red]no[/red] [/x]" in text
    assert "LEFT BEHIND: [/x] BEHIND" in text
