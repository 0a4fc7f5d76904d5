"""A limit is compared with what was measured of exactly what it names."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from actors.errors import Outcome
from actors.events import Ending, Missed, NotStarted, Phase, ViolationKind
from sim.config.grammar.threshold import Unit, parse_threshold
from sim.config.threshold_words import WORDS
from sim.measure.thresholds import Verdict, judge
from tests.support.facts import call, execution, propagation, recorder_of, violation
from tests.support.tallying import Recorder

SECONDS = 10.0


async def busy_recorder() -> Recorder:
    """Ten measured seconds of two groups in two regions, with something of everything in them."""
    recorder = recorder_of([])
    await trio.sleep(SECONDS)
    eu, ap = {"group": "readers", "region": "eu"}, {"group": "writers", "region": "ap"}
    facts = [
        *(call(0.1 * i, **eu) for i in range(1, 6)),
        call(2.0, step="share_note", **ap),
        call(9.0, Outcome.TOOL_ERROR, status=500, step="share_note", **ap),
        call(9.0, Outcome.INTERRUPTED, **ap),
        call(0.7, workflow="baseline", step="search", due=trio.current_time() - 1, **ap),
        call(50.0, phase=Phase.WARMUP),
        execution(1.0, intervals=(propagation(0.0, 0.2), propagation(0.5, 0.6)), **eu),
        execution(3.0, intervals=(propagation(0.0, 1.5),), conflicts=2, **ap),
        execution(8.0, Ending.FAILED, violations=(violation(ViolationKind.STALE_READ),) * 3, **ap),
        execution(9.0, Ending.INTERRUPTED, **ap),
        execution(0.5, workflow="baseline", due=trio.current_time() - 1, **ap),
        NotStarted("note_share", Missed.DROPPED, trio.current_time()),
    ]
    for fact in facts:
        recorder(fact)
    for lateness in (0.001, 0.003):
        recorder.note_lateness(lateness)
    return recorder


MEASURED = [
    # (limit, what is measured for it)
    ("note_share: max<1s", 3.0),
    ("note_share: avg<1s", 2.0),
    ("baseline: max<1s", 1.5),  # response time: half a second of work that was due a second before
    ("note_share.read_note: min<1s", 0.1),
    ("note_share.read_note: med<1s", 0.3),
    ("note_share.read_note: p(75)<1s", 0.4),
    ("note_share.share_note: max<1s", 2.0),
    ("note_share{region:ap}: min<1s", 3.0),
    ("note_share{group:readers}: max<1s", 1.0),
    ("note_share.read_note{group:readers,region:eu}: max<1s", 0.5),
    ("note_share: count>0", 3),
    ("note_share: rate<1%", 1 / 3),
    ("note_share: rate>1/s", 0.3),
    ("note_share.share_note: count>0", 2),
    ("note_share.share_note: rate<1%", 0.5),
    ("calls: max<1s", 2.0),
    ("calls: count>0", 8),
    ("calls{region:ap}: count>0", 3),
    ("calls: rate>1/s", 0.8),
    ("response: max<1s", 1.7),
    ("errors: rate<1%", 1 / 8),
    ("errors: count==0", 1),
    ("errors: rate<1/s", 0.1),
    ("errors{region:eu}: rate<1%", 0.0),
    ("errors{group:writers}: rate<50%", 1 / 3),
    ("propagation: max<2s", 1.5),
    ("propagation: count>0", 3),
    ("propagation{region:eu}: max<2s", 0.6),
    ("stale_reads: count==0", 3),
    ("stale_reads{group:readers}: count==0", 0),
    ("lost_updates: count==0", 0),
    ("violations: count==0", 3),
    ("violations: rate<1%", 3 / 5),
    ("conflicts: count<1", 2),
    ("executions: count>0", 4),
    ("executions: rate<1%", 1 / 4),
    ("executions: rate>1/s", 0.4),
    ("dropped: count==0", 1),
    ("dropped: rate<1%", 1 / 2),  # one more was due, and played
    ("postponed: count==0", 0),
    ("lateness: max<5ms", 0.003),
]


@pytest.mark.parametrize(("text", "measured"), MEASURED, ids=[text for text, _ in MEASURED])
async def test_each_limit_finds_its_own_value(text: str, measured: float, autojump_clock: MockClock) -> None:
    verdict = judge(parse_threshold(text), (await busy_recorder()).settled())
    assert verdict.measured == pytest.approx(measured)
    assert verdict.held == verdict.threshold.comparison.holds(
        verdict.measured or 0.0, verdict.threshold.bound
    )


def test_every_word_that_stands_for_the_whole_run_is_in_the_table_or_measured_like_one_that_is() -> None:
    like_stale_reads = {"duplicates", "permission_leaks", "wrong_contents"}
    named = {text.partition(":")[0] for text, _ in MEASURED}
    assert set(WORDS) - like_stale_reads <= named
    assert like_stale_reads <= {kind.value for kind in ViolationKind}


@pytest.mark.parametrize("kind", list(ViolationKind))
async def test_a_violation_counts_under_its_own_name_alone(kind: ViolationKind) -> None:
    recorder = recorder_of([execution(ending=Ending.FAILED, violations=(violation(kind),))])
    await trio.sleep(0.001)
    counts = {
        each: judge(parse_threshold(f"{each.value}: count==0"), recorder.settled()).measured
        for each in ViolationKind
    }
    assert counts == {each: int(each is kind) for each in ViolationKind}


@pytest.mark.parametrize(
    ("comparison", "holds"),
    [("<3", False), ("<=3", True), ("==3", True), ("!=3", False), (">=3", True), (">3", False)],
)
async def test_comparisons_are_exact_at_the_bound(
    comparison: str, holds: bool, autojump_clock: MockClock
) -> None:
    assert (
        judge(parse_threshold(f"stale_reads: count{comparison}"), (await busy_recorder()).settled()).held
        is holds
    )


@pytest.mark.parametrize("example", [word.example for word in WORDS.values()])
async def test_where_nothing_was_measured_no_limit_holds(example: str, autojump_clock: MockClock) -> None:
    recorder = recorder_of([])
    await trio.sleep(SECONDS)
    verdict = judge(parse_threshold(example), recorder.settled())
    assert verdict == Verdict(verdict.threshold, None, held=False)
    assert str(verdict) == f"{example}: nothing was measured"


@pytest.mark.parametrize(
    "text",
    [
        "fan_out: p(95)<1s",
        "calls{region:mars}: max<1s",
        "note_share.gone: count<9",
        "baseline{group:readers}: count<9",
    ],
)
async def test_what_others_did_is_nothing_to_a_limit(text: str, autojump_clock: MockClock) -> None:
    verdict = judge(parse_threshold(text), (await busy_recorder()).settled())
    assert (verdict.measured, verdict.held) == (None, False)


async def test_a_step_that_only_ever_failed_has_no_times_but_a_rate(autojump_clock: MockClock) -> None:
    recorder = recorder_of([call(outcome=Outcome.TRANSPORT_ERROR, reason="timeout")])
    await trio.sleep(SECONDS)
    assert judge(parse_threshold("note_share.read_note: p(95)<1s"), recorder.settled()).measured is None
    assert judge(parse_threshold("note_share.read_note: rate<1%"), recorder.settled()).measured == 1.0


async def test_a_verdict_reads_in_the_unit_of_its_bound(autojump_clock: MockClock) -> None:
    recorder = await busy_recorder()
    said = [str(judge(parse_threshold(text), recorder.settled())) for text, _ in MEASURED]
    assert "note_share.read_note: med<1s: 300ms" in said
    assert "note_share: max<1s: 3s" in said
    assert "errors: rate<1%: 12.5%" in said
    assert "calls: rate>1/s: 0.8/s" in said
    assert "stale_reads: count==0: 3" in said


async def test_what_fails_as_part_of_a_story_is_no_error_and_what_fails_otherwise_is(
    autojump_clock: object,
) -> None:
    conflicts = [call(0.1, Outcome.TOOL_ERROR, status=412, is_expected=i < 2) for i in range(3)]
    recorder = recorder_of([*conflicts, call(), execution(conflicts=2)])
    await trio.sleep(1)
    for limit in ("errors: count==1", "errors: rate==25%", "note_share.read_note: rate==25%"):
        assert judge(parse_threshold(limit), recorder.settled()).held, limit
    assert judge(parse_threshold("conflicts: count==2"), recorder.settled()).held


async def test_nothing_can_be_dropped_where_users_start_by_themselves(autojump_clock: object) -> None:
    recorder = recorder_of([execution(), NotStarted("note_share", Missed.POSTPONED, trio.current_time())])
    await trio.sleep(1)
    assert judge(parse_threshold("dropped: count==0"), recorder.settled()).measured is None
    assert judge(parse_threshold("postponed: rate<99%"), recorder.settled()).measured == 0.5


async def test_nothing_can_be_postponed_where_workflows_arrive(autojump_clock: object) -> None:
    recorder = recorder_of([execution(due=trio.current_time())])
    await trio.sleep(1)
    assert judge(parse_threshold("postponed: count==0"), recorder.settled()).measured is None
    assert judge(parse_threshold("dropped: count==0"), recorder.settled()).held


async def test_what_was_wrong_before_or_after_the_measured_phase_is_wrong(autojump_clock: object) -> None:
    recorder = Recorder(phase=Phase.WARMUP)
    recorder(execution(violations=(violation(ViolationKind.LOST_UPDATE),)))
    await trio.sleep(5)
    recorder.enter(Phase.MEASURED)
    recorder(execution())
    await trio.sleep(5)
    recorder.enter(Phase.GRACE)
    recorder(execution(violations=(violation(ViolationKind.LOST_UPDATE),)))
    assert judge(parse_threshold("lost_updates: count==2"), recorder.settled()).held
    assert judge(parse_threshold("executions: count==1"), recorder.settled()).held


BOUNDS = {
    Unit.SECONDS: ("p(95)<1s", "med<1s", "avg<1s", "min<1s", "max<1s"),
    Unit.COUNT: ("count<1",),
    Unit.FRACTION: ("rate<1%",),
    Unit.PER_SECOND: ("rate<1/s",),
}


@pytest.mark.parametrize("word", WORDS)
async def test_whatever_the_grammar_takes_of_a_word_is_measured(word: str, autojump_clock: object) -> None:
    """Of a workflow of that name nothing was measured: so a word not known here would be found out."""
    recorder = await busy_recorder()
    for kind in ViolationKind:
        recorder(execution(violations=(violation(kind),)))
    recorder(NotStarted("note_share", Missed.POSTPONED, trio.current_time()))
    for unit in WORDS[word].units:
        for bound in BOUNDS[unit]:
            assert judge(parse_threshold(f"{word}: {bound}"), recorder.settled()).measured is not None, bound
