"""The twelve ways in which a load test can flatter its server or soil it: none of them is ours.

Each test is named after what goes wrong elsewhere, and shows that it does not here.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import trio

from actors.cloud_client import tls_context
from actors.errors import Outcome
from actors.events import Call, Ending, Execution, Phase
from sim.measure.summary import summarize
from sim.standin.application import Standin
from sim.standin.behaviour import StandinOptions
from sim.standin.toolbox import ToolAnswer
from tests.support.in_process import Facts, StoreConnector, users_on_stage
from tests.support.processes import ADMIN_PASSWORD, Terminal, running_standin, simulate
from tests.support.tallying import Recorder
from workflows.catalogue import BUILT_IN
from workflows.director import Budget, Director
from workflows.repertoire import MIXES
from workflows.settings import Settings

UIDS = ("alice", "bob", "carl")
SHORT = ("--login", "http", "--warmup", "0.5", "--duration", "1", "--output", "run.json")
STORY = {workflow.name: workflow for workflow in BUILT_IN}


async def play(
    connector: StoreConnector, facts: Facts, *names: str, at_once: bool = False
) -> list[Execution]:
    """Play these stories with all three users, one after the other or `at_once`."""
    with trio.fail_after(1000):
        async with users_on_stage(connector, facts, *UIDS) as (roster, users), trio.open_nursery() as nursery:
            director = Director(nursery, roster, facts, Settings(propagation_timeout_s=1), Budget())
            async with trio.open_nursery() as plays:
                for name in names:
                    workflow = STORY[name]
                    cast = tuple(users[: workflow.cast_size(3, 3)])
                    if at_once:
                        plays.start_soon(director.play, workflow, cast)
                    else:
                        await director.play(workflow, cast)
    return facts.executions


def report_of(state: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((state / "run.json").read_text())
    return report


async def test_01_a_server_that_has_none_of_the_tools_scores_nothing(autojump_clock: object) -> None:
    connector, facts = StoreConnector(*UIDS), Facts()
    connector.standin.toolbox.tools.clear()
    executions = await play(connector, facts, *(n for n in STORY if n != "baseline"))
    assert {execution.ending for execution in executions} == {Ending.FAILED}
    assert {call.outcome.value for call in facts.calls} == {"tool_error"}


def test_02_only_tools_that_exist_are_called_and_one_that_is_missing_is_named_before_the_run(
    tmp_path: Path,
) -> None:
    known = Standin(StandinOptions()).toolbox
    assert {t for w in BUILT_IN for t in w.tools} <= known.tools.keys() | set(known.resources)
    with running_standin(tools_left_out=["nc_webdav_read_file"]) as standin:
        finished = simulate(
            ("--url", f"{standin.url}/mcp", "--users", "2", *SHORT), standin.environment, tmp_path
        )
        assert finished.returncode == 3
        assert "file_share needs nc_webdav_read_file" in finished.stderr
        assert standin.leftovers() == {}


async def test_03_each_call_counts_once_however_many_play_the_same_story(autojump_clock: object) -> None:
    connector, facts = StoreConnector(*UIDS), Facts()
    served: list[str] = []

    def count(uid: str, tool: str, arguments: Mapping[str, Any], answer: ToolAnswer) -> ToolAnswer:
        served.append(tool)
        return answer

    connector.tamper = count
    await play(connector, facts, *["note_share"] * 5, at_once=True)
    counted = Counter(call.tool for call in facts.calls if not call.tool.startswith("notes://"))
    assert counted == Counter(served)
    recorder = Recorder()
    for fact in facts:
        recorder(fact)
    assert sum(summarize(recorder).phases.values()) == len(facts.calls)


async def test_04_a_note_that_is_edited_together_is_shared_and_each_reads_it_as_himself(
    autojump_clock: object,
) -> None:
    facts = Facts()
    (execution,) = await play(StoreConnector(*UIDS), facts, "collaborative_edit")
    assert execution.ending is Ending.SUCCEEDED
    shares = [call.user for call in facts.calls if call.tool == "nc_share_create"]
    readers = [call.user for call in facts.calls if call.step.startswith("concurrent_read_")]
    assert shares == ["alice", "alice"]
    assert sorted(readers) == sorted(UIDS)


@pytest.mark.parametrize("step", ["share_note", "list_shared_with_me", "read_shared_note"])
async def test_05_a_share_list_or_read_that_fails_or_shows_the_wrong_thing_is_no_success(
    autojump_clock: object, step: str
) -> None:
    tool = STORY["note_share"].steps[step]
    for wrong in (ToolAnswer.failure("server error (500)"), ToolAnswer({"content": "something else"}, "")):

        def tamper(
            uid: str,
            called: str,
            arguments: Mapping[str, Any],
            answer: ToolAnswer,
            wrong: ToolAnswer = wrong,
        ) -> ToolAnswer:
            return wrong if called == tool else answer

        facts = Facts()
        await play(StoreConnector(*UIDS, tamper=tamper), facts, "note_share")
        assert facts.executions[0].ending is Ending.FAILED


def test_06_the_workload_is_what_was_asked_for_and_the_warm_up_works(tmp_path: Path) -> None:
    nothing = {"NEXTCLOUD_HOST": "", "NEXTCLOUD_PASSWORD": ""}
    assert simulate(("--users", "3", "--workload", "sharing", *SHORT), nothing, tmp_path).returncode == 0
    report = report_of(tmp_path)
    assert set(report["workflows"]) <= set(MIXES["sharing"])
    assert report["phases"]["warmup"] > 0


async def test_07_a_session_is_closed_by_the_task_that_opened_it(autojump_clock: object) -> None:
    connector = StoreConnector(*UIDS)
    await play(connector, Facts(), "note_share", "fan_out")
    tasks: dict[str, set[Any]] = {}
    for uid, task in connector.tasks:
        tasks.setdefault(uid, set()).add(task)
    assert [len(tasks[uid]) for uid in UIDS] == [1, 1, 1]
    assert sorted(connector.closed) == sorted(UIDS)


def test_08_a_run_in_which_nothing_worked_is_no_success(tmp_path: Path) -> None:
    broken = ("--standin-fault", "is_error:1", "--mix", "note_share=1")
    finished = simulate(("--users", "2", *broken, *SHORT), {"NEXTCLOUD_HOST": ""}, tmp_path)
    assert finished.returncode == 3
    report = report_of(tmp_path)
    assert report["outcomes"]["tool_error/500"]["count"] > 0


def test_08_a_ctrl_c_while_users_are_created_is_heard_at_once(tmp_path: Path) -> None:
    with running_standin() as standin:
        arguments = ("--url", f"{standin.url}/mcp", "--users", "60", "--login", "http")
        terminal = Terminal(arguments, standin.environment, tmp_path)
        terminal.read_until("Creating 59 more users")
        terminal.press_ctrl_c()
        assert terminal.wait() == 130, terminal.text
        assert standin.leftovers() == {}


def test_09_who_cannot_log_in_is_removed_and_so_is_the_client_and_only_what_is_ours(tmp_path: Path) -> None:
    with running_standin(deny_consent_for=["loadtest_user_2"]) as standin:
        standin.add_bystanders()
        finished = simulate(
            ("--url", f"{standin.url}/mcp", "--users", "3", *SHORT), standin.environment, tmp_path
        )
        assert finished.returncode == 3
        assert "loadtest_user_2" in finished.stderr
        assert "Clean:" in finished.stdout + finished.stderr
        assert standin.leftovers() == {}
        assert len(standin.get("/standin/holdings")["users"]) == 3


def test_10_certificates_are_verified_and_talking_much_tells_no_password(tmp_path: Path) -> None:
    context = tls_context(None, insecure=False)
    assert context.check_hostname
    assert context.verify_mode.name == "CERT_REQUIRED"
    with running_standin() as standin:
        finished = simulate(
            ("--url", f"{standin.url}/mcp", "--users", "2", "-v", *SHORT), standin.environment, tmp_path
        )
        assert finished.returncode == 0, finished.stderr
        said = finished.stdout + finished.stderr + (tmp_path / "run.json").read_text()
        assert ADMIN_PASSWORD not in said
        assert "access_token" not in said
        assert "Bearer " not in said


def test_11_a_server_that_stands_still_shows_in_the_response_time(tmp_path: Path) -> None:
    """Work that is due while nothing moves has waited, whatever its own call took in the end."""
    with running_standin() as standin:
        terminal = Terminal(
            ("--url", f"{standin.url}/mcp", "--users", "4", "--arrivals", "4s:20/s", "--max-lag", "10s",
             "--mix", "baseline=1", "--warmup", "0", "--login", "http", "--output", "run.json"),
            standin.environment,
            tmp_path,
        )  # fmt: skip
        terminal.read_until("measured")
        terminal.watch(0.5)
        os.kill(standin.pid, signal.SIGSTOP)
        time.sleep(2)
        os.kill(standin.pid, signal.SIGCONT)
        assert terminal.wait() == 0, terminal.text
    calls = report_of(tmp_path)["calls"]
    # At most four calls were under way when it stopped; some forty were due before it went on.
    assert calls["latency"]["median"] < 1
    assert calls["response_time"]["p90"] > calls["latency"]["p90"]
    assert calls["response_time"]["max"] > 1


async def test_11_results_are_not_kept_one_by_one(autojump_clock: object) -> None:
    recorder = Recorder()
    recorder.enter(Phase.MEASURED)

    def feed(calls: int) -> int:
        for n in range(calls):
            recorder(Call("w", "s", "t", "alice", 1, Outcome.OK, 0.0, n % 97 / 1000))
            if n % 1000 == 0:
                recorder.hub.close_window()  # as there is one a second
        recorder.hub.close_window()
        gc.collect()
        return sys.getallocatedblocks()

    before = feed(20_000)
    assert feed(20_000) < before + 2_000


def test_12_a_denied_consent_ends_the_login_without_a_time_out_and_without_a_port(tmp_path: Path) -> None:
    with running_standin(deny_consent_for=["loadtest_user_1"]) as standin:
        finished = simulate(
            ("--url", f"{standin.url}/mcp", "--users", "1", "--mix", "baseline=1", *SHORT),
            standin.environment,
            tmp_path,
            timeout_s=25,
        )
        assert finished.returncode == 3
        assert "consent was denied" in finished.stderr
