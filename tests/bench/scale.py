"""Thousands of users, and thousands of arrivals a second, in one process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import trio

from tests.bench.punctuality import cancelled, lateness
from tests.bench.rounds import Figure
from tests.support.processes import ROOT, environment, running_standin


def figures() -> Iterator[Figure]:
    yield from on_stage((100, 10_000))
    yield whole(10_000, 8)
    yield from late((200, 1_000, 3_000), 5)
    yield from sent_home((100_000,))


def small_figures() -> Iterator[Figure]:
    yield from on_stage((20,))
    yield whole(20, 1)
    yield from late((200,), 1)
    yield from sent_home((100,))


def on_stage(sizes: tuple[int, ...]) -> Iterator[Figure]:
    """Each size in a process of its own, so that no memory is counted twice."""
    for users in sizes:
        said = subprocess.run(
            [sys.executable, "-m", "tests.bench.on_stage", str(users)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=600,
            check=True,
        )
        told = json.loads(said.stdout.strip().splitlines()[-1])
        text = (
            "{kib_a_user:.1f} KiB and {opened_cpu_ms:.2f} ms CPU each to open; "
            "opened in {opened_s:.1f} s, called in {called_s:.1f} s, gone in {gone_s:.1f} s"
        )
        yield f"{users} users on stage", text.format(**told)


def whole(users: int, seconds: int) -> Figure:
    """A whole `simulate` of accounts that exist, up a ramp, there, and down, against the null server."""
    with (
        running_standin(null_mcp=True, people=users, json_response=True) as server,
        TemporaryDirectory() as f,
    ):
        state = Path(f)
        (state / "people").write_text("".join(f"user_{n} user_{n}\n" for n in range(1, users + 1)))
        words = [
            "--url",
            server.mcp_url,
            "--accounts",
            "people",
            "--auth",
            "basic",
            "--warmup",
            "0",
            "--quiet",
        ]
        words += ["--stage", f"{seconds}s:{users},{seconds}s:{users},{seconds}s:0", "--think", "exp:20s"]
        # Nobody needs to look into the accounts afterwards: they end with the server.
        words += ["--setup-concurrency", "50", "--no-cleanup", "--output", "run.json"]
        process = subprocess.Popen(
            [sys.executable, "-m", "sim", *words],
            cwd=state,
            env=environment({"NEXTCLOUD_HOST": ""}, state),
            stdout=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        calls = json.loads((state / "run.json").read_text())["calls"]
    spent = f"{usage.ru_utime + usage.ru_stime:.1f} s CPU, peak {usage.ru_maxrss / 1024:.0f} MiB"
    told = f"exit code {process.returncode}, {calls['total']} calls, {calls['failed']} failed; {spent}"
    return f"a whole run of {users} users, null server", told


def late(rates: tuple[int, ...], seconds: int) -> Iterator[Figure]:
    for rate in rates:
        found = trio.run(lateness, rate, seconds)
        p99, worst = (1000 * (found.quantile(q) or 0.0) for q in (0.99, 1.0))
        yield f"lateness at {rate} arrivals a second", f"p99 {p99:.2f} ms, at most {worst:.1f} ms"


def sent_home(sizes: tuple[int, ...]) -> Iterator[Figure]:
    for size in sizes:
        yield f"{size} actors cancelled and joined", f"{trio.run(cancelled, size):.2f} s CPU"
