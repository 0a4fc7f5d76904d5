"""Of everything that went wrong in a run, the worst makes its exit code."""

from __future__ import annotations

import signal
from typing import Any

import attrs
import pytest

from actors.events import Ending as StoryEnding
from actors.events import ViolationKind
from sim.clean.remover import CleanupResult
from sim.config.grammar.threshold import parse_threshold
from sim.config.model import Config, Load, LoginOptions, Output, StoryOptions, Target, UserOptions
from sim.exit import ExitCode
from sim.measure.summary import summarize
from sim.measure.thresholds import judge
from sim.report.outcome import Ending, exit_code
from tests.support.facts import call, execution, recorder_of, violation

CONFIG = Config(Target(), LoginOptions(), UserOptions(), Load(()), StoryOptions(), Output())
TOLERANT = attrs.evolve(CONFIG, stories=StoryOptions(allow_violations=True))


@attrs.frozen
class Wrong:
    """What went wrong, and the code of it alone; each is worse than those that follow."""

    code: ExitCode
    ending: dict[str, Any] = attrs.Factory(dict)
    violated: bool = False
    limit_failed: bool = False
    broken: bool = False


WRONGS = [
    Wrong(ExitCode.LEFT_BEHIND, {"cleanup": CleanupResult(1, ("loadtest_user_1",))}),
    Wrong(ExitCode.INTERRUPTED, {"signal": signal.SIGINT}),
    Wrong(ExitCode.SETUP_FAILED, {"problem": "cannot reach it"}),
    Wrong(ExitCode.VIOLATIONS, violated=True),
    Wrong(ExitCode.THRESHOLD, limit_failed=True),
    Wrong(ExitCode.THRESHOLD, broken=True),
]


def code_of(*wrongs: Wrong, config: Config = CONFIG, succeeded: int = 1) -> ExitCode:
    violated = any(wrong.violated for wrong in wrongs)
    seen = (violation(ViolationKind.LOST_UPDATE),) if violated else ()
    recorder = recorder_of([call(1.0), execution(ending=StoryEnding.SUCCEEDED, violations=seen)])
    bound = "1ms" if any(wrong.limit_failed for wrong in wrongs) else "1h"
    verdicts = [judge(parse_threshold(f"calls: max<{bound}"), recorder.settled())]
    ending = Ending(**{name: value for wrong in wrongs for name, value in wrong.ending.items()})
    broken = any(wrong.broken for wrong in wrongs)
    return exit_code(config, ending, summarize(recorder), verdicts, succeeded, broken=broken)


async def test_a_workflow_without_one_success_is_never_0_and_the_least_of_what_is_wrong() -> None:
    failed = [call(1.0), execution(), execution(ending=StoryEnding.FAILED, workflow="file_share")]
    cut_off = [call(1.0), execution(ending=StoryEnding.INTERRUPTED)]
    for facts in (failed, cut_off):
        summary = summarize(recorder_of(facts))
        assert exit_code(CONFIG, Ending(), summary, (), 1, broken=False) == ExitCode.SETUP_FAILED
        assert exit_code(CONFIG, Ending(), summary, (), 1, broken=True) == ExitCode.THRESHOLD
    in_part = [call(1.0), execution(), execution(ending=StoryEnding.FAILED)]
    assert exit_code(CONFIG, Ending(), summarize(recorder_of(in_part)), (), 1, broken=False) == ExitCode.OK


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_has_the_code_that_a_shell_gives_it(number: signal.Signals) -> None:
    assert code_of(Wrong(ExitCode.INTERRUPTED, {"signal": number})) == 128 + number


async def test_a_bug_is_worse_than_anything() -> None:
    bug = Wrong(ExitCode.INTERNAL, {"bug": RuntimeError("no")})
    assert code_of(bug, *WRONGS) == ExitCode.INTERNAL


async def test_where_nothing_went_wrong_it_is_0() -> None:
    assert code_of() == ExitCode.OK


@pytest.mark.parametrize("wrong", WRONGS, ids=str)
async def test_each_has_its_own_code(wrong: Wrong) -> None:
    assert code_of(wrong) == wrong.code


@pytest.mark.parametrize("first", range(len(WRONGS)))
async def test_the_worst_of_several_counts(first: int) -> None:
    assert code_of(*WRONGS[first:]) == WRONGS[first].code


async def test_violations_may_be_allowed() -> None:
    assert code_of(WRONGS[3], config=TOLERANT) == ExitCode.OK
    assert code_of(*WRONGS[3:], config=TOLERANT) == ExitCode.THRESHOLD


async def test_a_limit_that_stopped_the_run_is_99_though_it_holds_over_the_whole() -> None:
    assert code_of(Wrong(ExitCode.THRESHOLD, broken=True)) == ExitCode.THRESHOLD


async def test_a_run_without_one_good_call_has_failed() -> None:
    assert code_of(succeeded=0) == ExitCode.SETUP_FAILED
    assert code_of(Wrong(ExitCode.TERMINATED, {"signal": signal.SIGTERM}), succeeded=0) == ExitCode.TERMINATED
