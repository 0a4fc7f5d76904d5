"""What a whole run costs its client: director, actors, checks and recording."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.crowd import run_crowd
from tests.bench.rounds import Figure


def figures() -> Iterator[Figure]:
    yield from crowd(200, 20)


def small_figures() -> Iterator[Figure]:
    yield from crowd(10, 1)


def crowd(users: int, seconds: int) -> Iterator[Figure]:
    """A whole run, from the command line, against a stand-in in another process."""
    few, many = run_crowd(2, seconds), run_crowd(users, seconds)
    yield f"operations a second, {users} users", f"{many.operations / many.measured_s:.0f}"
    yield "client CPU an operation, whole run", f"{1e6 * many.generator_cpu_s / many.operations:.0f} µs"
    memory = (many.peak_kib - few.peak_kib) / (users - 2)
    yield "memory a user on stage", f"{memory:.0f} KiB (peak {many.peak_kib / 1024:.0f} MiB)"
