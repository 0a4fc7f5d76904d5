"""A process that is forked for a test is as one that was started, but for its imports."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.support.warm import ROOT, WarmPopen, take_terminal

BOUND_S = 60


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "tests.support.surroundings", *words]


def around(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}


def is_warm(process: subprocess.Popen[Any]) -> bool:
    return b"forkserver" in Path(f"/proc/{process.pid}/cmdline").read_bytes()


@contextmanager
def waiting(kind: type[subprocess.Popen[Any]], folder: Path, **options: Any) -> Iterator[Any]:
    """A process that waits, and is killed with the block."""
    options = {"cwd": folder, "env": around(A="b"), "stdout": subprocess.PIPE, **options}
    with kind(command("wait"), **options) as process:
        try:
            yield process
        finally:
            process.kill()
    assert process.returncode < 0


@pytest.mark.parametrize("options", [{}, {"start_new_session": True}, {"stdin": subprocess.PIPE}])
def test_it_finds_the_same_around_itself(options: dict[str, Any], tmp_path: Path) -> None:
    def found(kind: type[subprocess.Popen[Any]]) -> Any:
        with waiting(kind, tmp_path, **{"stdin": subprocess.DEVNULL, **options}) as process:
            line = process.stdout.readline()
            assert is_warm(process) == (kind is WarmPopen)
            return json.loads(line)

    assert found(WarmPopen) == found(subprocess.Popen)


def test_it_finds_the_same_in_a_terminal_whose_ctrl_c_ends_it(tmp_path: Path) -> None:
    def found(kind: type[subprocess.Popen[Any]]) -> Any:
        screen, slave = pty.openpty()
        streams = dict.fromkeys(("stdin", "stdout", "stderr"), slave)
        with waiting(kind, tmp_path, start_new_session=True, preexec_fn=take_terminal, **streams) as process:
            os.close(slave)
            text = b""
            while b"\n" not in text:
                text += os.read(screen, 65536)
            os.write(screen, b"\x03")
            with suppress(OSError):
                while os.read(screen, 65536):
                    pass
            assert process.wait(BOUND_S) == -signal.SIGINT
        os.close(screen)
        return json.loads(text)

    assert found(WarmPopen) == (started := found(subprocess.Popen))
    assert [stream[4] for stream in started["streams"]] == [True] * 3


@pytest.mark.parametrize("kind", [subprocess.Popen, WarmPopen])
@pytest.mark.parametrize(("word", "code"), [("0", 0), ("7", 7), ("raise", 1)])
def test_it_ends_with_its_own_code(
    kind: type[subprocess.Popen[Any]], word: str, code: int, tmp_path: Path
) -> None:
    with kind(
        command(word), cwd=tmp_path, env=around(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        _, complaint = process.communicate(timeout=BOUND_S)
    assert process.returncode == code
    assert complaint.endswith("ValueError: as it was told\n") == (word == "raise")


def test_it_can_be_signalled_until_it_is_waited_for_and_is_gone_then(tmp_path: Path) -> None:
    process = WarmPopen(command("0"), cwd=tmp_path, env=around(), stdout=subprocess.PIPE)
    until_it_has_ended(process.pid)
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(BOUND_S) == 0
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)
    process.stdout.close()


def until_it_has_ended(pid: int) -> None:
    ending = os.pidfd_open(pid)
    assert select.select([ending], [], [], BOUND_S)[0]
    os.close(ending)


def test_one_that_is_looked_at_has_not_ended_until_it_has(tmp_path: Path) -> None:
    with waiting(WarmPopen, tmp_path) as process:
        assert process.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.01)
        process.terminate()
        assert process.wait(BOUND_S) == process.poll() == -signal.SIGTERM


@pytest.mark.parametrize("more", [{"PYTHONHASHSEED": "7"}, {"LC_ALL": "C"}, {"PYTHONPATH": f"/opt:{ROOT}"}])
def test_where_python_would_begin_otherwise_it_is_started(more: dict[str, str], tmp_path: Path) -> None:
    with waiting(WarmPopen, tmp_path, env=around(**more)) as process:
        assert process.stdout.readline()
        assert not is_warm(process)


def test_where_another_module_could_be_imported_it_is_started(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("from _json import *\nraise SystemExit(9)")
    environment = {name: value for name, value in around().items() if name != "PYTHONSAFEPATH"}
    with WarmPopen(command("0"), cwd=tmp_path, env=environment) as process:
        assert process.wait(BOUND_S) == 9
