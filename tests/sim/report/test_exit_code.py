"""Of everything that went wrong in a run, the worst makes its exit code."""

from __future__ import annotations

import signal
from typing import Any

import attrs
import pytest

from actors.errors import Outcome
from actors.events import Ending, Phase, ViolationKind
from sim.clean.cleanup_result import CleanupResult
from sim.clean.end import CleanupEnd
from sim.config.grammar.threshold import parse_threshold
from sim.config.model import Config, StoryOptions
from sim.measure.summary import summarize
from sim.measure.thresholds import judge
from sim.report.building import build_result, trouble_of
from sim.report.facts import RunFacts
from sim.report.four_answers import Mood
from sim.report.headline import ending, troubles
from sim.report.result_shards import ShardResult
from sim.report.verdict_text import opening
from sim.runtime.exit import ExitCode, exit_code
from tests.support.facts import CONFIG, call, execution, recorder_of, run_facts, violation
from tests.support.tallying import Recorder

TOLERANT = attrs.evolve(CONFIG, stories=StoryOptions(allow_violations=True))


@attrs.frozen
class Wrong:
    """What went wrong, and the code of it alone; each is worse than those that follow."""

    code: ExitCode
    facts: dict[str, Any] = attrs.Factory(dict)
    violated: bool = False
    limit_failed: bool = False


WRONGS = [
    Wrong(ExitCode.LEFT_BEHIND, {"cleanup": CleanupEnd(CleanupResult(1, ("loadtest_user_1",)))}),
    Wrong(ExitCode.INTERRUPTED, {"signal": signal.SIGINT}),
    Wrong(ExitCode.SETUP_FAILED, {"problem": "cannot reach it"}),
    Wrong(ExitCode.VIOLATIONS, violated=True),
    Wrong(ExitCode.THRESHOLD, limit_failed=True),
    Wrong(ExitCode.THRESHOLD, {"was_broken": True}),
]


def code_of(*wrongs: Wrong, config: Config = CONFIG, outcome: Outcome = Outcome.OK) -> ExitCode:
    violated = any(wrong.violated for wrong in wrongs)
    seen = (violation(ViolationKind.LOST_UPDATE),) if violated else ()
    recorder = recorder_of([call(1.0, outcome), execution(violations=seen)])
    bound = "1ms" if any(wrong.limit_failed for wrong in wrongs) else "1h"
    verdicts = (judge(parse_threshold(f"calls: max<{bound}"), recorder_of([call(1.0)]).settled()),)
    facts = {name: value for wrong in reversed(wrongs) for name, value in wrong.facts.items()}
    return code_with(recorder, run_facts(verdicts=verdicts, **facts), config)


def code_with(recorder: Recorder, facts: RunFacts, config: Config = CONFIG) -> ExitCode:
    return exit_code(trouble_of(config, summarize(recorder), facts))


async def test_a_workflow_without_one_success_is_never_0_and_the_least_of_what_is_wrong() -> None:
    failed = execution(ending=Ending.FAILED, workflow="file_share")
    cut_off = execution(ending=Ending.INTERRUPTED, workflow="file_share")
    for facts, code in (
        ([execution(), failed], ExitCode.SETUP_FAILED),
        ([execution(), failed, cut_off], ExitCode.SETUP_FAILED),
        ([], ExitCode.SETUP_FAILED),
        ([execution(), cut_off], ExitCode.INCONCLUSIVE),
        ([cut_off, cut_off], ExitCode.INCONCLUSIVE),
    ):
        recorder = recorder_of([call(1.0), *facts])
        assert code_with(recorder, run_facts()) == code
        assert code_with(recorder, run_facts(was_broken=True)) == ExitCode.THRESHOLD
    in_part = [call(1.0), execution(), execution(ending=Ending.FAILED)]
    assert code_with(recorder_of(in_part), run_facts()) == ExitCode.OK


async def test_a_run_that_lost_a_shard_is_inconclusive_and_says_why() -> None:
    lost = ShardResult(2, "other", 3, 10, None, None, lost="its process has ended")
    facts = attrs.evolve(run_facts(), shards=(ShardResult(1, "here", 3, 10, 0.0, 0.1), lost))
    recorder = recorder_of([call(1.0), execution()])
    assert code_with(recorder, facts) == ExitCode.INCONCLUSIVE
    assert code_with(recorder, attrs.evolve(facts, was_broken=True)) == ExitCode.THRESHOLD
    result = build_result(CONFIG, summarize(recorder), facts)
    assert (opening(result).word, opening(result).mood) == ("INCONCLUSIVE", Mood.CARE)
    assert "1 of 2 shards was lost" in opening(result).sentence
    assert "a shard was lost" in ending(result)


async def test_of_a_workflow_that_never_came_to_its_end_nobody_knows_whether_it_would_have_failed() -> None:
    recorder = recorder_of([call(1.0), execution(), execution(ending=Ending.INTERRUPTED, workflow="slow")])
    result = build_result(CONFIG, summarize(recorder), run_facts())
    assert (opening(result).word, opening(result).mood) == ("INCONCLUSIVE", Mood.CARE)
    for said in (opening(result).sentence, ending(result), troubles(result)[0]):
        assert "slow" in said and "nothing is known" in said.casefold()
    assert "--grace" in troubles(result)[1]


async def test_a_run_of_which_nothing_came_to_its_end_says_that_it_knows_of_nothing() -> None:
    recorder = Recorder(phase=Phase.WARMUP)
    recorder(execution(ending=Ending.INTERRUPTED))
    recorder.enter(Phase.MEASURED)
    recorder(call(1.0))
    summary = summarize(recorder)
    assert code_with(recorder, run_facts()) == ExitCode.INCONCLUSIVE
    result = build_result(CONFIG, summary, run_facts())
    for said in (opening(result).sentence, ending(result), troubles(result)[0]):
        assert "not one workflow came to" in said.casefold()


async def test_where_something_failed_it_is_not_said_that_nothing_came_to_its_end() -> None:
    recorder = Recorder(phase=Phase.WARMUP)
    recorder(execution(ending=Ending.FAILED))
    recorder.enter(Phase.MEASURED)
    for fact in (call(1.0), execution(ending=Ending.INTERRUPTED), execution(ending=Ending.FAILED)):
        recorder(fact)
    summary = summarize(recorder)
    assert code_with(recorder, run_facts()) == ExitCode.SETUP_FAILED
    assert "came to its end" not in opening(build_result(CONFIG, summary, run_facts())).sentence


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_has_the_code_that_a_shell_gives_it(number: signal.Signals) -> None:
    assert code_of(Wrong(ExitCode.INTERRUPTED, {"signal": number})) == 128 + number


async def test_a_bug_is_worse_than_anything() -> None:
    bug = Wrong(ExitCode.INTERNAL, {"has_bug": True})
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
    assert code_of(Wrong(ExitCode.THRESHOLD, {"was_broken": True})) == ExitCode.THRESHOLD


async def test_a_run_without_one_good_call_has_failed() -> None:
    assert code_of(outcome=Outcome.TOOL_ERROR) == ExitCode.SETUP_FAILED
    assert (
        code_of(Wrong(ExitCode.TERMINATED, {"signal": signal.SIGTERM}), outcome=Outcome.TOOL_ERROR)
        == ExitCode.TERMINATED
    )
