"""`simulate doctor --generator` drives a whole run against the null server, and says what a call costs."""

from __future__ import annotations

import re
from pathlib import Path

from actors.events import Phase
from sim.cli.generator_check import GeneratorCheck
from sim.measure.leaves import Leaves
from sim.measure.snapshot import GeneratorUsage, Snapshot
from tests.support.processes import simulate


def window(calls: int, cpu_s: float, seconds: float = 1.0) -> Snapshot:
    leaves = Leaves(seconds=seconds, ended_calls=calls)
    return Snapshot(1, 0.0, seconds, Phase.MEASURED, leaves, generator=GeneratorUsage(cpu_s, 1))


def test_one_line_needs_no_server_and_leaves_no_file(tmp_path: Path) -> None:
    elsewhere = {"NEXTCLOUD_HOST": "https://nobody.invalid", "NEXTCLOUD_PASSWORD": "wrong"}
    finished = simulate(("doctor", "--generator"), elsewhere, tmp_path)
    assert finished.returncode == 0, finished.stderr
    (line,) = finished.stdout.splitlines()
    found = re.fullmatch(r"generator: ([\d,]+) calls/s .* CPU a call .*; a whole core drives ([\d,]+)", line)
    assert found, line
    rate, whole = (int(text.replace(",", "")) for text in found.groups())
    assert rate > 0
    assert whole > 0


def test_windows_of_the_set_up_cost_the_calls_nothing() -> None:
    check = GeneratorCheck()
    for each in (window(0, 0.9), window(1000, 0.5), window(500, 0.25, 0.5), window(0, 0.7)):
        check.take(each)
    assert "1,000 calls/s" in check.in_words()
    assert "0.5 ms CPU a call (50% of a core); a whole core drives 2,000" in check.in_words()


def test_of_nothing_nothing_is_said() -> None:
    check = GeneratorCheck()
    check.take(window(0, 0.5))
    assert "not known" in check.in_words()
