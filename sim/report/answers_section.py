"""The begin of the report on the console: the verdict, and what everybody asks."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sim.report.four_answers import Mood, four_answers
from sim.report.page import Page
from sim.report.result import Result
from sim.report.verdict_text import opening

MOODS: Mapping[Mood, str] = MappingProxyType(
    {Mood.GOOD: "green", Mood.PLAIN: "", Mood.CARE: "yellow", Mood.BAD: "bold red"}
)


def answers(page: Page, result: Result) -> None:
    """The verdict in a sentence, and what everybody asks."""
    first = opening(result)
    page.line(f"{first.word}: {first.sentence}", f"bold {MOODS[first.mood]}".strip())
    for reply in four_answers(result):
        page.line(f"{reply.question + ':':<12}{reply.short}. {reply.text}", MOODS[reply.mood])
