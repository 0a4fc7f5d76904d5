"""Runs a person's own Python file, and lets nothing of it get away: no exit, no loop, no print."""

from __future__ import annotations

import contextlib
import importlib.util
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from types import FrameType, ModuleType
from typing import TypeVar

from actors.text import harmless
from workflows.base import BadWorkflow

MAX_IMPORT_S = 10.0
"""How long a file may take to be imported; what loops there would hold everything up for ever."""

T = TypeVar("T")


class _TooLong(BaseException):
    """An import takes too long. No `Exception`, so that a file that catches those does not keep it."""


def run_file(path: Path) -> ModuleType:
    """Import the file at `path` under a private name. Raises BadWorkflow, in one line, with the place."""
    # Two files of one name are two modules.
    name = f"_simulate_workflows_{path.stem}_{sha256(str(path.absolute()).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise BadWorkflow(f"{harmless(str(path))}: not a Python file (its name must end in .py)")
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up there.
    sys.modules[name] = module
    loader = spec.loader
    try:
        guarded(lambda: loader.exec_module(module), harmless(str(path)), str(path))
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module


def guarded(load: Callable[[], T], what: str, file: str = "") -> T:
    """What `load` returns. Raises BadWorkflow, in one line that begins with `what`, for all that it raises.

    What it prints goes to stderr: stdout is for results.

    Args:
        file: in a traceback, the file whose line is named.
    """
    try:
        with contextlib.redirect_stdout(sys.stderr), at_most(MAX_IMPORT_S):
            return load()
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except _TooLong as error:
        raise BadWorkflow(f"{what}{line_of(error, file)}: not imported within {MAX_IMPORT_S:g} s") from None
    except OSError as error:
        raise BadWorkflow(f"{what}: {harmless(error.strerror or str(error))}") from error
    except BadWorkflow as error:
        raise BadWorkflow(f"{what}: {error}") from error
    except BaseException as error:
        # Nothing is awaited in here, so nothing is cancelled.
        text = f"{what}{line_of(error, file)}: {said(error)}"
        raise BadWorkflow(text) from error  # noqa: ASYNC104


def said(error: BaseException) -> str:
    """The exception's type and text, in one harmless line."""
    if isinstance(error, SystemExit):
        return f"it ends the program when it is imported (sys.exit({harmless(repr(error.code))}))"
    try:
        text = str(error)
    except Exception:
        text = ""
    return harmless(f"{type(error).__name__}: {text}".removesuffix(": "))


def line_of(error: BaseException, file: str) -> str:
    """`:12`, the last line of `file` that was reached; "" where it is not known."""
    if isinstance(error, SyntaxError):
        return f":{error.lineno}" if error.lineno else ""
    lines = []
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            lines.append(trace.tb_lineno)
        trace = trace.tb_next
    return f":{lines[-1]}" if lines else ""


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise _TooLong in what runs inside after so many seconds, and again every second.

    Only in the main thread, which alone hears signals, and where nobody else uses SIGALRM.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGALRM) is not signal.SIG_DFL:
        yield
        return

    def give_up(number: int, frame: FrameType | None) -> None:
        raise _TooLong

    signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
