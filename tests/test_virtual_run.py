"""Whole runs on the virtual clock, from the command line to the report."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from actors.network import INITIAL_RTO_S, Network
from tests.support.processes import simulate

NOTHING = {"NEXTCLOUD_HOST": "", "NEXTCLOUD_PASSWORD": ""}
SMALL = ("--virtual", "--users", "12", "--duration", "2m", "--think", "exp:2s", "--output", "run.json")


def run(
    state: Path, *arguments: str, code: int = 0, hash_seed: str = "random"
) -> tuple[bytes, dict[str, Any], str]:
    state.mkdir(exist_ok=True)
    finished = simulate(arguments, {**NOTHING, "PYTHONHASHSEED": hash_seed}, state)
    assert finished.returncode == code, finished.stderr
    content = (state / "run.json").read_bytes()
    return content, json.loads(content), finished.stdout + finished.stderr


def test_one_seed_gives_one_file_whatever_pythons_hashes_are_and_two_seeds_give_two(tmp_path: Path) -> None:
    regions = ("--region", "eu=60%:rtt=20ms,jitter=5ms", "--region", "ap=40%:rtt=220ms,jitter=40ms,loss=0.5%")
    faults = ("--standin-fault", "lost_update:5%", "--allow-violations")
    first, report, _ = run(tmp_path / "a", *SMALL, *regions, *faults, "--seed", "1", hash_seed="0")
    again, _, _ = run(tmp_path / "b", *SMALL, *regions, *faults, "--seed", "1", hash_seed="4711")
    other, _, _ = run(tmp_path / "c", *SMALL, *regions, *faults, "--seed", "2")
    assert first == again
    assert first != other
    assert report["clock"] == "virtual"
    assert report["calls"]["successful"] > 500


def test_users_by_region_are_as_far_away_as_was_said(tmp_path: Path) -> None:
    regions = ("--region", "near=50%:rtt=20ms", "--region", "far=50%:rtt=300ms")
    _, report, said = run(tmp_path, *SMALL, *regions, "--server-model", "service=10ms,servers=100")
    near, far = (report["regions"][name]["latency"] for name in ("near", "far"))
    assert near["min"] == pytest.approx(0.030)
    assert far["min"] == pytest.approx(0.310)
    assert near["max"] == pytest.approx(0.030)
    assert far["max"] == pytest.approx(0.310)
    assert "REGIONS" in said


def test_a_lost_handshake_costs_the_first_time_out_and_a_lost_call_a_later_one() -> None:
    network = Network(rtt_s=0.1, jitter_s=0.01, loss=0.2)
    random = Random(1)
    trips = [network.round_trip(random) for _ in range(20_000)]
    hands = [network.handshake(random) for _ in range(20_000)]
    assert sum(trip > 0.12 for trip in trips) / len(trips) == pytest.approx(0.2, abs=0.01)
    assert sum(trip > 0.12 for trip in hands) / len(hands) == pytest.approx(0.2, abs=0.01)
    assert min(trip for trip in trips if trip > 0.12) > 0.09 + network.rto_s
    assert min(trip for trip in hands if trip > 0.12) > 0.09 + INITIAL_RTO_S
    assert all(0.09 <= Network(0.1, 0.01).round_trip(random) <= 0.11 for _ in range(1000))


def test_a_broken_limit_is_exit_code_99_and_heads_the_report(tmp_path: Path) -> None:
    limits = ("--threshold", "calls: p(95)<1ms", "--threshold", "lost_updates: count==0")
    _, report, said = run(tmp_path, *SMALL, *limits, code=99)
    assert [verdict["passed"] for verdict in report["thresholds"]] == [False, True]
    assert said.index("FAIL  calls: p(95)<1ms") < said.index("WORKFLOW STATISTICS")
    assert report["exit_code"] == 99


def test_a_limit_that_aborts_ends_the_run_in_order_and_says_when(tmp_path: Path) -> None:
    limit = ("--threshold", "errors: rate<1% abort after 30s", "--standin-fault", "is_error:30%")
    _, report, _ = run(tmp_path, *SMALL, *limit, code=99)
    assert report["stopped"].startswith(
        "threshold broken after 30.0s with 12 users on stage: errors: rate<1% abort after 30s: "
    )
    assert report["summary"]["duration"] == pytest.approx(30)


def test_a_limit_on_what_was_never_measured_does_not_hold(tmp_path: Path) -> None:
    quiet = ("--mix", "baseline=1,note_share=0.000000001", "--threshold", "propagation: p(99)<2s")
    _, report, said = run(tmp_path, *SMALL, *quiet, code=99)
    assert report["thresholds"][0]["measured"] is None
    assert "propagation: p(99)<2s: nothing was measured" in said


def test_a_search_for_the_breakpoint_finds_what_the_server_can_do(tmp_path: Path) -> None:
    """Four workers at 20 ms a call carry 200 calls a second, and the baseline makes 1.75 calls on average."""
    _, report, _ = run(
        tmp_path, "--virtual", "--users", "200", "--profile", "breakpoint:from=1/s,to=300/s,for=5m",
        "--mix", "baseline=1", "--server-model", "servers=4,service=exp:20ms",
        "--threshold", "baseline: p(95)<1s abort", "--seed", "4", "--output", "run.json", code=99,
    )  # fmt: skip
    found = report["breakpoint"]
    assert 90 < found["held"] < 140
    assert found["held"] < found["broke"] < found["held"] + 10
    assert found["by"][0].startswith("baseline: p(95)<1s abort: ")


DEADLOCK = '''
"""Two who wait for each other."""
import trio
from workflows import Role, Scene, workflow

@workflow(steps={"look": "nc_notes_search_notes"})
async def after_you(scene: Scene, alice: Role, bob: Role) -> None:
    """Each waits for the other one to begin."""
    await alice.does("look", query="x")
    alices, bobs = trio.Event(), trio.Event()

    async def go(mine: trio.Event, theirs: trio.Event) -> None:
        await theirs.wait()
        mine.set()

    await scene.together(go(alices, bobs), go(bobs, alices))
'''


def test_a_story_that_waits_for_itself_is_named_with_who_waits(tmp_path: Path) -> None:
    (tmp_path / "flows.py").write_text(DEADLOCK)
    words = (
        "--virtual",
        "--users",
        "2",
        "--duration",
        "1d",
        "--workflows",
        "flows.py",
        "--mix",
        "after_you=1",
    )
    finished = simulate((*words, "--seed", "1"), NOTHING, tmp_path, timeout_s=30)
    assert finished.returncode == 1
    assert "deadlock: after_you, execution " in finished.stderr
    assert "loadtest_user_1" in finished.stderr
    assert "wait for each other after look by loadtest_user_" in finished.stderr


def test_faults_of_the_wire_are_refused_where_there_is_no_wire(tmp_path: Path) -> None:
    finished = simulate(("--virtual", "--standin-fault", "cut:0.1"), NOTHING, tmp_path)
    assert finished.returncode == 3
    assert "there is no wire on the virtual clock" in finished.stderr
