"""Processes whose imports are spared: `subprocess.Popen` for tests that start `simulate` or a stand-in.

To import what a run needs takes two seconds of a processor, and the tests start hundreds of runs. So one
process beside each worker of the tests imports all once (`tests.support.forkserver`), and forks for each
that is asked for here. Such a process is as real as another: it has a pid, pipes or a terminal, a session,
signals and an exit code of its own, stays a zombie until it is waited for, and is taken down by Python as
any other. What differs: its imports are done when it begins, its parent and its `/proc/<pid>/cmdline`.

A test of what is imported when, of what happens meanwhile, of the command line as others see it, or of the
interpreter's own options starts its process in the ordinary way.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

MODULES = ("sim", "sim.standin", "tests.support.sdk_server", "tests.support.surroundings")
"""What can be started like this, with `python -m`."""
ROOT = Path(__file__).parents[2]
AROUND = dict(os.environ)
"""What the server starts with, whatever a test has put into its own environment by then."""
AT_ITS_START = ("PYTHON", "LANG", "LC_")
"""How variables begin that the interpreter reads when it starts: where they differ, it has to start."""
EXITED, REAP = b"x", b"r"
LENGTH = 8


def take_terminal() -> None:
    """As `preexec_fn`: makes standard input the terminal that controls this process's new session."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def start_server() -> str:
    """Start this process's server, which ends with it; where it listens."""
    folder = tempfile.mkdtemp(prefix="warm-")
    place = f"{folder}/socket"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(place)
        listener.listen(64)
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.support.forkserver", str(listener.fileno())],
            cwd=ROOT,
            env={**AROUND, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=[listener.fileno()],
        )

    @atexit.register
    def end() -> None:
        assert server.stdin is not None
        server.stdin.close()
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)

    return place


@functools.cache
def _place() -> str:
    return start_server()


class WarmPopen(subprocess.Popen[Any]):
    """A `Popen` that lets the server fork where it can, and starts the process itself where not."""

    place: Callable[[], str] = staticmethod(_place)
    _line: socket.socket | None = None
    """To the server, until the process has been waited for; None where it was started in the ordinary way."""

    def _execute_child(  # type: ignore[no-untyped-def]
        self, args, executable, preexec_fn, close_fds, pass_fds, cwd, env, startupinfo, creationflags,
        shell, p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite, restore_signals, gid, gids, uid,
        umask, start_new_session, process_group,
    ) -> None:  # fmt: skip
        pipes = (p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite)
        streams = [own if own != -1 else usual for usual, own in enumerate((p2cread, c2pwrite, errwrite))]
        folder = str(Path.cwd() if cwd is None else os.fspath(cwd))
        around = dict(os.environ if env is None else env)
        is_plain = executable is None and not shell and close_fds and restore_signals and not pass_fds
        is_own = (gid, gids, uid, umask, process_group) == (None, None, None, -1, -1)
        if not (
            is_plain
            and is_own
            and preexec_fn in (None, take_terminal)
            and can_be_warm(args, folder, around)
            and all(map(_is_open, streams))
        ):
            super()._execute_child(  # type: ignore[misc]
                args, executable, preexec_fn, close_fds, pass_fds, cwd, env, startupinfo, creationflags,
                shell, *pipes, restore_signals, gid, gids, uid, umask, start_new_session, process_group,
            )  # fmt: skip
            return
        request = {
            "words": args[2:],
            "folder": folder,
            "environment": around,
            "is_leader": bool(start_new_session),
            "takes_terminal": preexec_fn is not None,
        }
        try:
            self._line, self.pid = _ask(self.place(), json.dumps(request).encode(), streams)
            self._child_created = True
        finally:
            self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]

    def _internal_poll(self, *args: Any, **options: Any) -> int | None:
        if self._line is None:
            return super()._internal_poll(*args, **options)  # type: ignore[misc]
        lock = self._waitpid_lock  # type: ignore[attr-defined]
        if self.returncode is None and lock.acquire(False):
            try:
                if self.returncode is None:
                    self._take(os.WNOHANG)
            finally:
                lock.release()
        return self.returncode

    def _try_wait(self, wait_flags: int) -> tuple[int, int]:
        if self._line is None:
            return super()._try_wait(wait_flags)  # type: ignore[misc]
        return self._ended(wait_flags)

    def _take(self, wait_flags: int) -> None:
        pid, status = self._ended(wait_flags)
        if pid == self.pid:
            self.returncode = os.waitstatus_to_exitcode(status)

    def _ended(self, wait_flags: int) -> tuple[int, int]:
        """As `os.waitpid`. The lock is held."""
        assert self._line is not None
        try:
            found = self._line.recv(1, socket.MSG_DONTWAIT if wait_flags & os.WNOHANG else 0)
        except BlockingIOError:
            return 0, 0
        assert found == EXITED, "the server of warm processes has ended"
        self._line.sendall(REAP)
        status = int.from_bytes(_read(self._line, LENGTH))
        self._line.close()
        return self.pid, status


def can_be_warm(args: Any, folder: str, environment: Mapping[str, str]) -> bool:
    """Whether the server may fork for it: it is one of ours, and would import what the server has."""
    return (
        sys.platform == "linux"
        and isinstance(args, list)
        and args[:2] == [sys.executable, "-m"]
        and args[2] in MODULES
        and str(ROOT) in (folder, environment.get("PYTHONPATH"))
        and Path(folder).is_dir()
        and not any(Path(folder).glob("*.py"))
        and _at_start(environment) == _at_start(AROUND)
    )


def _at_start(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in environment.items()
        if name.startswith(AT_ITS_START) and name != "PYTHONPATH"
    }


def _is_open(descriptor: int) -> bool:
    with suppress(OSError):
        os.fstat(descriptor)
        return True
    return False


def _ask(place: str, request: bytes, streams: list[int]) -> tuple[socket.socket, int]:
    """The line to the server, and the pid of the process, which is itself by then."""
    line = socket.socket(socket.AF_UNIX)
    try:
        line.connect(place)
        socket.send_fds(line, [len(request).to_bytes(LENGTH)], streams)
        line.sendall(request)
        return line, int.from_bytes(_read(line, LENGTH))
    except BaseException:
        line.close()
        raise


def _read(line: socket.socket, length: int) -> bytes:
    found = line.recv(length, socket.MSG_WAITALL)
    assert len(found) == length, "the server of warm processes has ended"
    return found
