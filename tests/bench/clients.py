"""What a call costs each client, against a server that does next to nothing: CPU of the client alone.

Sessions are open before the first round; all repeat one small search. Figures are medians of rounds that are
played in turns, with the least and the greatest.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.bench.contestants import (
    ROUNDS,
    Play,
    Round,
    against,
    cost,
    interleaved,
    locust_posts,
    locust_python,
    ours,
    server,
)
from tests.bench.rounds import Figure
from tests.support.processes import ROOT

USERS = 20
TOOL, ARGUMENTS = "nc_notes_get_note", {"note_id": 1}
LOCUST = "Locust's FastHttpUser, a plain POST"


@contextmanager
def stub(*words: str) -> Iterator[str]:
    """The URL of a stub in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.stub", *words], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


def figures() -> Iterator[Figure]:
    yield from clients(2_000, ROUNDS)


def small_figures() -> Iterator[Figure]:
    yield from clients(60, 1)


def clients(calls: int, rounds: int) -> Iterator[Figure]:
    """A line for each client, with its ratio to Locust's where that is installed."""
    with ExitStack() as stack:
        url = stack.enter_context(server("toolbox_server"))
        events = stack.enter_context(server("toolbox_server", "events"))
        mine = {
            "our client, bare, JSON": ("bare", url),
            "our client, bare, events": ("bare", events),
            "the SDK's client, JSON": ("sdk", url),
            "httpx, a plain POST, a client a user": ("httpx", url),
        }
        plays = stack.enter_context(ours(USERS, mine))
        if locust_python() is not None:
            plays[LOCUST] = stack.enter_context(locust_posts(url, USERS))
        if shutil.which("wrk") is not None:
            plays["wrk, a plain POST"] = wrk(url)
        played = interleaved(plays, calls, rounds)
    for name, rounds_of in played.items():
        beside = f"; {against(rounds_of, played[LOCUST])} of Locust's" if LOCUST in played else ""
        yield name, cost(rounds_of) + beside
    if LOCUST not in played:
        yield LOCUST, "not installed (BENCH_LOCUST names a Python that has it)"


def wrk(url: str) -> Play:
    """It counts time, no calls: a second a round."""
    command = ["wrk", "-t1", f"-c{USERS}", "-d1s", "-s", str(ROOT / "tests" / "bench" / "post.lua"), url]

    def play(calls: int) -> Round:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return Round(int(said.stdout.split(" requests in ")[0].split()[-1]), cpu_s)

    return play
