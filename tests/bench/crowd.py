"""A whole `simulate` in a process of its own, and what it cost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import attrs

from tests.support.processes import environment, running_standin


@attrs.frozen
class CrowdFigures:
    """Of the measured phase, but for the peak of resident memory, which is of the whole process."""

    operations: int
    measured_s: float
    generator_cpu_s: float
    peak_kib: int


def run_crowd(users: int, seconds: int) -> CrowdFigures:
    """`users` on stage for `seconds`, with the default think time."""
    with running_standin() as standin, tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        arguments = ["--url", f"{standin.url}/mcp", "--users", str(users), "--duration", str(seconds)]
        arguments += ["--warmup", "1", "--login", "http", "--quiet", "--output", "run.json"]
        process = subprocess.Popen(
            [sys.executable, "-m", "sim", *arguments],
            cwd=state,
            env=environment(standin.environment, state),
            stdout=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        report = json.loads((state / "run.json").read_text())
    measured_s = report["summary"]["duration"]
    return CrowdFigures(
        operations=report["calls"]["total"],
        measured_s=measured_s,
        generator_cpu_s=report["wall_clock"]["generator_cpu"] * measured_s,
        peak_kib=usage.ru_maxrss,
    )
