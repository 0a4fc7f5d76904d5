"""The benchmarks run. What they say is for a person to read: these machines are shared."""

from __future__ import annotations

import subprocess
import sys

from tests.support.processes import ROOT


def test_the_benchmarks_run_to_the_end_and_print_their_table() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", "--smoke"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for figure in (
        "our client, bare",
        "record",
        "sketch error",
        "inbox",
        "lateness",
        "memory a user",
        "virtual",
    ):
        assert figure in done.stdout
