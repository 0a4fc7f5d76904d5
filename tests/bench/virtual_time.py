"""What an hour of virtual time costs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

from tests.bench.rounds import Figure
from tests.support.processes import ROOT, environment


def figures() -> Iterator[Figure]:
    yield played(500, 60, "mixed")
    # Fewer minutes show as well what a call of short stories costs.
    yield played(500, 30, "baseline")


def small_figures() -> Iterator[Figure]:
    yield played(10, 1, "mixed")


def played(users: int, minutes: int, mix: str) -> Figure:
    spent, calls = virtual(users, minutes, mix)
    cost = f"{spent:.1f} s CPU ({1e6 * spent / calls:.0f} µs a call, {calls} calls)"
    return f"virtual: {users} users, {minutes} min, {mix}", cost


def virtual(users: int, minutes: int, mix: str) -> tuple[float, int]:
    """CPU seconds of a whole virtual run in which each user starts about one workflow a minute; its calls."""
    command = [sys.executable, "-c", VIRTUAL, str(users), f"{minutes}m", mix]
    said = subprocess.run(
        command, cwd=ROOT, env=environment({}, ROOT), capture_output=True, text=True, check=True
    )
    spent, calls = said.stdout.split()[-2:]
    return float(spent), int(calls)


VIRTUAL = """
import json, sys, tempfile, time
from sim.cli.main import execute
users, duration, mix = sys.argv[1:]
with tempfile.TemporaryDirectory() as folder:
    execute(["--virtual", "--users", users, "--duration", duration, "--think", "exp:59s", "--workload", mix,
             "--seed", "1", "--quiet", "--no-history", "--output", f"{folder}/run.json"])
    with open(f"{folder}/run.json") as file:
        print(time.process_time(), json.load(file)["calls"]["total"])
"""
