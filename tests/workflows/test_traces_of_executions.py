"""One trace an execution, one span a call: as users send them, and as the report names them."""

from __future__ import annotations

from collections import defaultdict
from random import Random

import attrs
import trio

from actors.errors import Outcome
from actors.events import Ending, ViolationKind
from actors.trace_context import Traces, is_sampled, span_id_of, trace_id_of
from sim.report.junit import junit_report
from sim.report.result_json import from_json, to_json
from sim.report.terminal import text_report
from tests.support.facts import call, execution, recorder_of, result_of, violation
from tests.support.in_process import Facts, StoreConnector, users_on_stage
from workflows.base import workflow
from workflows.director import Budget, Director
from workflows.role import Role
from workflows.scene import Scene
from workflows.settings import Settings


@workflow(steps={"look": "nc_notes_search_notes", "look_again": "nc_notes_search_notes"})
async def look_twice(scene: Scene, first: Role, second: Role) -> None:
    """Both look at the same time, then one of them again."""
    await scene.together(first.does("look", query="x"), second.does("look", query="x"))
    await first.does("look_again", query="x")


async def played(settings: Settings) -> Facts:
    connector, facts = StoreConnector("alice", "bob"), Facts()
    with trio.fail_after(100):
        async with (
            users_on_stage(connector, facts, "alice", "bob") as (roster, users),
            trio.open_nursery() as nursery,
        ):
            director = Director(nursery, roster, facts, settings, Budget())
            for _ in range(20):
                await director.play(look_twice, tuple(users))
    return facts


async def test_all_calls_of_an_execution_are_spans_of_its_trace_alone(
    autojump_clock: object,
) -> None:
    facts = await played(Settings(traces=Traces(Random(1), share=0.5)))
    calls = defaultdict(list)
    for each in facts.calls:
        if each.execution:
            calls[each.execution].append(each.traceparent)
    assert len(facts.executions) == len(calls) == 20
    for whole in facts.executions:
        told = [whole.traceparent, *calls[whole.number]]
        assert len({span_id_of(one) for one in told}) == 4
        assert len({(trace_id_of(one), is_sampled(one)) for one in told}) == 1
    roots = [whole.traceparent for whole in facts.executions]
    assert len(set(map(trace_id_of, roots))) == 20
    assert set(map(is_sampled, roots)) == {True, False}


async def test_without_traces_nothing_bears_one(autojump_clock: object) -> None:
    facts = await played(Settings())
    told = {each.traceparent for each in facts.calls} | {whole.traceparent for whole in facts.executions}
    assert told == {""}


def test_the_report_names_the_trace_of_each_violation_failure_and_example() -> None:
    trace = Traces(Random(1)).begin(1)

    async def tell() -> str:
        seen = attrs.evolve(violation(ViolationKind.LOST_UPDATE), trace_id=trace.trace_id)
        failed = call(outcome=Outcome.TOOL_ERROR, text="no room", traceparent=trace.next())
        whole = execution(ending=Ending.FAILED, violations=(seen,), traceparent=trace.root)
        result = result_of(recorder_of([failed, whole]))
        for text in (text_report(result, 100), junit_report(result)):
            assert trace.trace_id in text
        return to_json(result)

    result = from_json(trio.run(tell))
    (seen,) = result.consistency["note_share"].examples
    (failed,) = result.failures["measured"]["tool_error"].examples
    kept = result.examples.get("note_share")
    assert (seen.trace_id, failed.trace_id) == (trace.trace_id, trace.trace_id)
    assert all(each.trace_id == trace.trace_id for each in (kept.failed if kept else ()))
