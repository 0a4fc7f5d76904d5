"""A process that has imported what `simulate` needs, and forks for each that `tests.support.warm` asks for.

It has one thread, and no loop runs in it: whatever was imported is as it is after an import. It ends when
its standard input does. A process that was forked is reaped when who asked for it has waited for it, or
is gone.
"""

from __future__ import annotations

import gc
import io
import json
import os
import pkgutil
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import attrs
from trio._core import _run as trio_run

import actors
import sim
import workflows
from tests.support.warm import EXITED, LENGTH, REAP, WarmPopen, take_terminal


def main() -> None:
    """Serve at the listening socket whose descriptor is the first argument."""
    # Ctrl-C is for the tests, whose end ends this.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import_all()
    listener = socket.socket(fileno=int(sys.argv[1]))
    # What a process under test starts of our own is warm as well.
    place = listener.getsockname()
    subprocess.Popen = type("NestedPopen", (WarmPopen,), {"place": staticmethod(lambda: place)})
    # So that a fork shares it.
    gc.collect()
    gc.freeze()
    if (request := Server(listener).serve()) is not None:
        request.become()
        runpy.run_module(request.words[0], run_name="__main__", alter_sys=True)


def import_all() -> None:
    """The whole product, but for what only begins it."""
    for package in (actors, workflows, sim):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                import_module(module.name)
    assert len(list(Path("/proc/self/task").iterdir())) == 1, "a process with threads cannot be forked"


@attrs.frozen
class Request:
    """A process that is to be: what `python -m` is given, and where."""

    line: socket.socket
    """To whoever asks."""
    streams: list[int]
    words: list[str]
    folder: str
    environment: dict[str, str]
    is_leader: bool
    takes_terminal: bool

    def become(self) -> None:
        """Make this process, just forked, what is asked for; then say so."""
        if self.is_leader:
            os.setsid()
        for number, descriptor in enumerate(self.streams):
            os.dup2(descriptor, number)
            os.close(descriptor)
        if self.takes_terminal:
            take_terminal()
        os.chdir(self.folder)
        if not sys.flags.safe_path:
            sys.path[0] = self.folder
        os.environ.clear()
        os.environ.update(self.environment)
        time.tzset()
        sys.argv = ["-m", *self.words[1:]]
        sys.stdin, sys.stdout, sys.stderr = map(reopened, (sys.stdin, sys.stdout, sys.stderr), range(3))
        sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr
        # The module random seeds itself anew; trio's own generator does not.
        trio_run._r.seed()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self.line.sendall(os.getpid().to_bytes(LENGTH))
        self.line.close()


def reopened(stream: Any, number: int) -> Any:
    """Standard stream `number`, as Python opens it at its start, also where nothing is to be buffered."""
    raw = io.FileIO(number, "r" if number == 0 else "w", closefd=False)
    raw.name = stream.name
    is_direct = stream.write_through
    buffer = io.BufferedReader(raw) if number == 0 else raw if is_direct else io.BufferedWriter(raw)
    by_line = not is_direct and (number == 2 or raw.isatty())
    text = io.TextIOWrapper(buffer, stream.encoding, stream.errors, "\n", by_line, is_direct)
    text.mode = stream.mode
    return text


@attrs.define(eq=False)
class Forked:
    """A process that was forked; `line` leads to who asked for it, and is None when they are gone."""

    pid: int
    line: socket.socket | None
    has_ended: bool = False


class Server:
    """Forks on request, and tells of ends."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._selector = selectors.DefaultSelector()
        self._watch(0, None)
        self._watch(listener, self._accept)

    def serve(self) -> Request | None:
        """In each process that is forked what it is to be; None in this one, when standard input ends."""
        while True:
            for key, _ in self._selector.select():
                if key.data is None:
                    return None
                if (request := key.data()) is not None:
                    return request

    def _watch(self, source: int | socket.socket, act: Callable[[], Request | None] | None) -> None:
        self._selector.register(source, selectors.EVENT_READ, act)

    def _accept(self) -> Request | None:
        """The request, in the process that is forked for it."""
        line = self._listener.accept()[0]
        head, streams, _, _ = socket.recv_fds(line, LENGTH, 3)
        text = line.recv(int.from_bytes(head), socket.MSG_WAITALL)
        pid = os.fork() if text else -1
        if pid == 0:
            self._leave()
            return Request(line, streams, **json.loads(text))
        for descriptor in streams:
            os.close(descriptor)
        if pid == -1:
            line.close()
            return None
        forked, ending = Forked(pid, line), os.pidfd_open(pid)
        self._watch(line, partial(self._hear, forked))
        self._watch(ending, partial(self._end, forked, ending))
        return None

    def _leave(self) -> None:
        """In a process just forked: close what is the server's."""
        for key in list(self._selector.get_map().values()):
            if isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
            elif key.fd > 2:
                os.close(key.fd)
        self._selector.close()

    def _end(self, forked: Forked, ending: int) -> None:
        """It has ended: say so, or reap it where nobody is there to be told."""
        self._selector.unregister(ending)
        os.close(ending)
        forked.has_ended = True
        if forked.line is None:
            os.waitpid(forked.pid, 0)
            return
        with suppress(BrokenPipeError):
            forked.line.sendall(EXITED)

    def _hear(self, forked: Forked) -> None:
        """It has been waited for, or who asked for it is gone."""
        line, forked.line = forked.line, None
        assert line is not None
        self._selector.unregister(line)
        with line, suppress(ConnectionError):
            word = line.recv(1)
            if forked.has_ended:
                status = os.waitpid(forked.pid, 0)[1]
                if word == REAP:
                    line.sendall(status.to_bytes(LENGTH))


if __name__ == "__main__":
    main()
