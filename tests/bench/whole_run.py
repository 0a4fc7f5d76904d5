"""What a whole run costs its client: director, actors, checks and recording, beside clients that do less.

All are processes that play their rounds in turns; each figure is a median with the least and the greatest. A
ratio is one of rounds in the same turn, against Locust's FastHttpUser in a loop of plain POSTs that nobody
looks into.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.bench.contestants import (
    ROUNDS,
    Play,
    Round,
    against,
    certificate,
    cost,
    flood,
    interleaved,
    locust_posts,
    locust_python,
    mcp_stress,
    ours,
    real_locust,
    server,
)
from tests.bench.crowd import run_crowd
from tests.bench.requests import SEARCH_TOOL
from tests.bench.rounds import Figure

USERS, FEW = 30, 4
LOCUST, LOCUST_TLS = "Locust, plain POSTs", "Locust, plain POSTs, TLS"
AT_WORK = "a server at work"
"""It answers after a while and in pieces, and few ask it, so the client wakes for each of them."""
LOCUST_AT_WORK = f"Locust, plain POSTs, {AT_WORK}"
FLOOD = "mcp-stress, a flood"
REAL = "locust --headless, a task that checks"
MIXED, MIXED_EVENTS = "whole run, mixed", "whole run, mixed, events"
STORIES = ("baseline", "note_share", "file_share", "collaborative_edit")
NOT_THERE = "not installed (BENCH_LOCUST names a Python that has Locust, BENCH_MCP_STRESS a binary)"


def figures() -> Iterator[Figure]:
    yield from races(2_000, ROUNDS)
    yield from crowd(200, 20)


def small_figures() -> Iterator[Figure]:
    yield from races(90, 1)
    yield from crowd(10, 1)


def races(calls: int, rounds: int) -> Iterator[Figure]:
    """Everybody, in turns."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        key, authority = certificate(Path(folder))
        url, events, with_schemas, secure, at_work = (
            stack.enter_context(server("toolbox_server", *words))
            for words in ((), ("events",), ("schemas",), (key,), ("events", "pieces"))
        )
        mine = {
            MIXED_EVENTS: ("whole:mixed", events),
            "whole run, mixed, output schemas": ("whole:mixed", with_schemas),
            "whole run, mixed, TLS": ("whole:mixed", secure),
            **{f"whole run, {name}": (f"whole:{name}", url) for name in STORIES},
            "a call: the wire alone": ("bare", url),
            "a call: with actor": ("actor", url),
            "a call: with actor and recorder": ("recorded", url),
        }
        # Alone, for the sake of its memory.
        plays = stack.enter_context(ours(USERS, {MIXED: ("whole:mixed", url)}))
        plays |= stack.enter_context(ours(USERS, mine, authority))
        few = {f"{MIXED}, {AT_WORK}, {FEW} users": ("whole:mixed", at_work)}
        plays |= stack.enter_context(ours(FEW, few))
        played = interleaved(plays | rivals(stack, url, secure, at_work), calls, rounds)
    yield from told(played)


def rivals(stack: ExitStack, url: str, secure: str, at_work: str) -> dict[str, Play]:
    """Those that are installed."""
    found: dict[str, Play] = {}
    if locust_python() is not None:
        found[LOCUST] = stack.enter_context(locust_posts(url, USERS))
        found[LOCUST_TLS] = stack.enter_context(locust_posts(secure, USERS))
        found[LOCUST_AT_WORK] = stack.enter_context(locust_posts(at_work, FEW))
        found[REAL] = real_locust(url, USERS)
    if mcp_stress() is not None:
        found[FLOOD] = flood(url, SEARCH_TOOL)
    return found


def told(played: Mapping[str, Sequence[Round]]) -> Iterator[Figure]:
    """A line for each, with what it is compared to."""
    for name, rounds in played.items():
        rival = LOCUST_AT_WORK if AT_WORK in name else LOCUST_TLS if "TLS" in name else LOCUST
        beside = f"; {against(rounds, played[rival])} of {rival}" if rival in played else ""
        yield name, cost(rounds) + (beside if name != rival else "")
    for name in (REAL, FLOOD):
        if name in played:
            peaks = [max(one.peak_kib for one in played[each]) / 1024 for each in (MIXED, name)]
            memory = f", peak memory {peaks[0]:.0f} against {peaks[1]:.0f} MiB"
            yield f"{MIXED}, against {name}", against(played[MIXED], played[name]) + memory
        else:
            yield f"{MIXED}, against {name}", NOT_THERE


def crowd(users: int, seconds: int) -> Iterator[Figure]:
    """A whole `simulate`, from the command line, against a stand-in in another process."""
    few, many = run_crowd(2, seconds), run_crowd(users, seconds)
    yield f"operations a second, {users} users", f"{many.operations / many.measured_s:.0f}"
    yield "client CPU an operation, whole run", f"{1e6 * many.generator_cpu_s / many.operations:.0f} µs"
    memory = (many.peak_kib - few.peak_kib) / (users - 2)
    yield "memory a user on stage", f"{memory:.0f} KiB (peak {many.peak_kib / 1024:.0f} MiB)"
