"""A run ends as it would have ended, whatever becomes of those who read what it says."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from sim.runtime.exit import ExitCode
from tests.support.processes import environment, running_standin
from tests.support.warm import WarmPopen

SHORT = ("--virtual", "--users", "2", "--duration", "2s", "--warmup", "0s", "--seed", "7")
NO_MORE = {"SIMULATE_URL": "", "NEXTCLOUD_HOST": ""}
BOUND_S = 90


def shell(
    script: str, state: Path, more: Mapping[str, str] = NO_MORE, arguments: Sequence[str] = SHORT
) -> subprocess.CompletedProcess[str]:
    """Run a script in which `simulate` is "$@", and `code FILE` notes how it ended."""
    return subprocess.run(
        ["bash", "-c", script, "bash", sys.executable, "-m", "sim", *arguments],
        cwd=state,
        env=environment(more, state),
        capture_output=True,
        text=True,
        errors="replace",
        timeout=BOUND_S,
        check=False,
    )


def code_in(state: Path) -> int:
    return int((state / "code").read_text())


READERS = {
    "the reader of both goes after a line": '{ "$@" -o run.json 2>&1; echo $? > code; } | head -1',
    "the reader of both goes at once": '{ "$@" -o run.json 2>&1; echo $? > code; } | true',
    "standard output is closed": '"$@" -o run.json >&-; echo $? > code',
    "standard error is closed": '"$@" -o run.json 2>&-; echo $? > code',
    "all three are closed": '"$@" -o run.json <&- >&- 2>&-; echo $? > code',
    "standard output is full": '"$@" -o run.json >/dev/full; echo $? > code',
    "standard error is full": '"$@" -o run.json 2>/dev/full; echo $? > code',
    "both are full": '"$@" -o run.json >/dev/full 2>&1; echo $? > code',
}


@pytest.mark.parametrize("script", READERS.values(), ids=READERS)
def test_a_run_goes_on_and_its_results_are_written_without_readers(script: str, tmp_path: Path) -> None:
    done = shell(script, tmp_path)
    assert code_in(tmp_path) == ExitCode.OK
    assert json.loads((tmp_path / "run.json").read_text())["exit_code"] == 0
    assert "Traceback" not in done.stdout + done.stderr


def test_a_report_that_is_lost_is_said_in_one_line_and_has_its_code(tmp_path: Path) -> None:
    done = shell('"$@" >/dev/full; echo $? > code', tmp_path)
    assert code_in(tmp_path) == ExitCode.NOT_WRITTEN
    assert (
        done.stderr.splitlines()[-1]
        == "simulate: standard output cannot be written to: No space left on device"
    )


def test_a_closed_stream_does_not_make_the_results_its_own(tmp_path: Path) -> None:
    """The next file that is opened gets the number of a closed one."""
    shell('"$@" -o run.json <&- >&- 2>&-', tmp_path)
    json.loads((tmp_path / "run.json").read_text())


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "ascii:strict", "utf-8"])
def test_any_encoding_of_the_streams_will_do(encoding: str, tmp_path: Path) -> None:
    more = NO_MORE | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0", "LC_ALL": "C"}
    done = shell('"$@" -o run.json', tmp_path, more)
    assert done.returncode == ExitCode.OK, done.stderr
    assert "SUMMARY" in done.stdout
    assert (tmp_path / "run.json").exists()
    listed = shell('"$@"', tmp_path, more, ["workflows"])
    assert listed.returncode == ExitCode.OK, listed.stderr


@pytest.mark.parametrize("path", ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_results_may_go_to_standard_output(path: str, tmp_path: Path) -> None:
    for script in ('"$@" | cat', '"$@" > out; cat out'):
        done = shell(script, tmp_path, arguments=[*SHORT, "--quiet", "--output", path])
        assert json.loads(done.stdout)["seed"] == 7
        assert not (tmp_path / "-").exists()


def test_with_results_on_standard_output_the_report_goes_to_standard_error(tmp_path: Path) -> None:
    done = shell('"$@"', tmp_path, arguments=[*SHORT, "--output", "-"])
    assert json.loads(done.stdout)["seed"] == 7
    assert "SUMMARY" in done.stderr


def test_a_folder_that_goes_during_the_run_costs_one_line_and_no_results(tmp_path: Path) -> None:
    begun = "until grep -q ^Seed err; do sleep 1; done"
    script = f'mkdir gone; "$@" -o gone/run.json 2>err & {begun}; rm -r gone; wait $!; echo $? > code'
    shell(
        script, tmp_path, arguments=("--users", "2", "--login", "http", "--duration", "3s", "--warmup", "0s")
    )
    assert code_in(tmp_path) == ExitCode.NOT_WRITTEN
    said = (tmp_path / "err").read_text()
    assert "Traceback" not in said
    (line,) = [line for line in said.splitlines() if "could not be written" in line]
    assert json.loads(Path(line.rpartition("they are in ")[2]).read_text())["exit_code"] == 0


@pytest.mark.parametrize("reader", ["head -3", "true"])
def test_everything_is_removed_when_the_reader_has_gone(reader: str, tmp_path: Path) -> None:
    with running_standin() as standin:
        arguments = ["--url", f"{standin.url}/mcp", "--login", "http", "--users", "3", "--duration", "2s"]
        script = f'{{ "$@" --warmup 0s -o run.json 2>&1; echo $? > code; }} | {reader}'
        shell(script, tmp_path, standin.environment, arguments)
        assert code_in(tmp_path) == ExitCode.OK
        assert json.loads((tmp_path / "run.json").read_text())["cleanup"]["left_behind"] == []
        assert standin.leftovers() == {}


def start(
    arguments: Sequence[str], state: Path, popen: type[subprocess.Popen[Any]] = WarmPopen, **options: Any
) -> subprocess.Popen[Any]:
    command = [sys.executable, "-m", "sim", *arguments]
    return popen(command, cwd=state, env=environment(NO_MORE, state), **options)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_report_that_nobody_reads_is_left_by_a_signal(number: signal.Signals, tmp_path: Path) -> None:
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    with start([*SHORT, "-o", "run.json"], tmp_path, stdout=writer, stderr=subprocess.PIPE) as process:
        os.close(writer)
        assert process.stderr is not None
        while b"Report written" not in process.stderr.readline():
            pass
        process.send_signal(number)
        assert process.wait(BOUND_S) == ExitCode.OK
    os.close(reader)


def test_a_standard_error_that_is_held_up_holds_nothing_up(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    os.write(writer, b"x" * 4096)
    with start([*SHORT, "-o", "run.json"], tmp_path, stdout=subprocess.DEVNULL, stderr=writer) as process:
        os.close(writer)
        assert process.wait(BOUND_S) == ExitCode.OK
    os.close(reader)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_it_is_starting_ends_it_quietly(number: signal.Signals, tmp_path: Path) -> None:
    arguments = ["--users", "2", "--login", "http", "--duration", "60s"]
    # Not a warm one: the signal comes while it imports.
    with start(
        arguments, tmp_path, subprocess.Popen, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith(b"Seed ")
        process.send_signal(number)
        rest = process.stderr.read()
        assert process.wait(BOUND_S) == 128 + number
    assert b"Traceback" not in rest


LAST = """
import os, sys
from sim.runtime import signals
signals.start()
from sim.cli import main

class Last:
    def __del__(self, kill=os.kill, pid=os.getpid(), number=int(sys.argv.pop(1))):
        kill(pid, number)

last = Last()
main()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_the_interpreter_is_taken_down_changes_nothing(
    number: signal.Signals, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", LAST, str(int(number)), "--version"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment(NO_MORE, tmp_path), capture_output=True, timeout=BOUND_S
    )
    assert done.returncode == ExitCode.OK
    assert done.stderr == b""
