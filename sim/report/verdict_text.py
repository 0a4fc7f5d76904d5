"""The verdict of a run in one sentence: a pure function of its document."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from sim.report.four_answers import Mood, ShortAnswer, four_answers, violations_text
from sim.report.headline import what_is_unknown
from sim.report.page import clock, several
from sim.report.result import Result
from sim.runtime.exit import ExitCode

ENDS: dict[int, str] = {
    ExitCode.INTERNAL: "An internal error ended the run",
    ExitCode.LEFT_BEHIND: "Something was left behind",
    ExitCode.INTERRUPTED: "Interrupted",
    ExitCode.TERMINATED: "Terminated",
    ExitCode.HUNG_UP: "The terminal went away",
}
CUT_SHORT = (ExitCode.INTERRUPTED, ExitCode.TERMINATED, ExitCode.HUNG_UP)


@attrs.frozen
class Opening:
    """The first thing that is read.

    Attributes:
        word: `OK`, `FAILED` or `INCONCLUSIVE`.
        sentence: how many, correct or not, where slow; and what else matters more than these.
    """

    word: str
    sentence: str
    mood: Mood


def opening(result: Result) -> Opening:
    """What a stranger needs to know in ten seconds."""
    answers = four_answers(result)
    carries, _, correct, trust = answers
    mood = _mood(result, carries, correct, trust)
    word = {Mood.BAD: "FAILED", Mood.CARE: "INCONCLUSIVE"}.get(mood, "OK")
    return Opening(word, " ".join(f"{clause}." for clause in _clauses(result, answers)), mood)


def _mood(result: Result, carries: ShortAnswer, correct: ShortAnswer, trust: ShortAnswer) -> Mood:
    if result.exit_code not in (ExitCode.OK, ExitCode.INCONCLUSIVE, *CUT_SHORT):
        return Mood.BAD
    if trust.mood is Mood.BAD or result.exit_code != ExitCode.OK:
        return Mood.CARE
    return Mood.BAD if Mood.BAD in (carries.mood, correct.mood) else Mood.GOOD


def _clauses(
    result: Result, answers: tuple[ShortAnswer, ShortAnswer, ShortAnswer, ShortAnswer]
) -> Iterator[str]:
    carries, slow, correct, trust = answers
    if result.exit_code in ENDS:
        when = f" after {clock(result.summary.duration)}" if result.exit_code in CUT_SHORT else ""
        yield ENDS[result.exit_code] + when
    if lost := [shard for shard in result.shards if shard.lost]:
        yield f"{len(lost)} of {several(len(result.shards), 'shard')} was lost"
    yield _carries(carries)
    if unknown := what_is_unknown(result):
        yield unknown
    if broken := sum(not limit.passed for limit in result.thresholds):
        yield f"{broken} of {several(len(result.thresholds), 'limit')} broken"
    yield _correct(result, correct)
    if result.calls.successful:
        yield f"Slowest in {slow.short}"
    if trust.mood is Mood.BAD:
        yield "The simulator itself was at its limit, so this says little of the server"


def _carries(reply: ShortAnswer) -> str:
    short = reply.short
    if short.startswith(("nothing", "no rate")):
        return "Nothing succeeded" if short == "nothing" else "No rate held"
    if short.startswith("not "):
        return f"Does {short.replace('not ', 'not carry ', 1)}"
    return f"Played {short}" if reply.mood is Mood.PLAIN else f"Carries {short}"


def _correct(result: Result, reply: ShortAnswer) -> str:
    if result.violations:
        return violations_text(result)
    return "Everything that was checked is correct" if reply.mood is Mood.GOOD else "Nothing was checked"
