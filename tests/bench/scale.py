"""Thousands of users, and thousands of arrivals a second, in one process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import trio

from tests.bench.punctuality import cancelled, lateness
from tests.bench.rounds import Figure
from tests.support.processes import ROOT


def figures() -> Iterator[Figure]:
    yield from on_stage((100, 1_000, 10_000))
    yield from late((200, 1_000, 3_000), 10)
    yield from sent_home((10_000, 100_000))


def small_figures() -> Iterator[Figure]:
    yield from on_stage((20,))
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


def late(rates: tuple[int, ...], seconds: int) -> Iterator[Figure]:
    for rate in rates:
        found = trio.run(lateness, rate, seconds)
        p99, worst = (1000 * (found.quantile(q) or 0.0) for q in (0.99, 1.0))
        yield f"lateness at {rate} arrivals a second", f"p99 {p99:.2f} ms, at most {worst:.1f} ms"


def sent_home(sizes: tuple[int, ...]) -> Iterator[Figure]:
    for size in sizes:
        yield f"{size} actors cancelled and joined", f"{trio.run(cancelled, size):.2f} s CPU"
