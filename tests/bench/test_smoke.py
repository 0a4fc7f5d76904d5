"""The benchmarks run. What they say is for a person to read: these machines are shared.

All of them take minutes, so most are tried with the long sweeps.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.bench.__main__ import PARTS
from tests.support.processes import ROOT

SAYS = {
    "clients": ("our client, bare",),
    "whole": ("client CPU an operation",),
    "long": ("whole run, mixed, 200 calls", "events, 200 calls"),
    "scale": ("users on stage", "a whole run of 20 users", "exit code 0", "lateness", "cancelled and joined"),
    "memory": ("resident memory",),
    "virtual": ("virtual:",),
    "measure": ("record", "sketch error", "inbox"),
    "compare": ("nothing changed", "covers the true shift", "real virtual runs"),
    "fleet": ("shards' windows of",),
    "shards": ("coordinator, of 1 shards",),
    "live": ("nobody there: of a core", "never read: lateness p99", "never read: resident memory", "served"),
    "record": ("CPU of the proxy", "calls that pass", "added to a call"),
}

QUICK = {"measure", "memory", "record"}


def test_every_part_has_its_figures() -> None:
    assert SAYS.keys() == PARTS.keys()


@pytest.mark.parametrize(
    "part", [each if each in QUICK else pytest.param(each, marks=pytest.mark.soak) for each in PARTS]
)
def test_a_part_runs_to_the_end_and_prints_its_table(part: str) -> None:
    done = bench("--smoke", part)
    assert done.returncode == 0, done.stderr
    for figure in SAYS[part]:
        assert figure in done.stdout


def test_a_part_that_is_not_there_is_said_before_anything_runs() -> None:
    done = bench("measure", "memmory")
    assert done.returncode == 2
    assert "memmory" in done.stderr
    assert all(part in done.stderr for part in PARTS)


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.bench", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
