"""Options of the project's own tests."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--release", help="with --interop: only this release of the real server, or 'latest'")


def pytest_configure() -> None:
    keep_bytecode()
    take_signals()


def keep_bytecode() -> None:
    """Tests start hundreds of processes: where no bytecode may lie beside the sources, each would compile
    all that it imports anew, which is half of its work. So it is kept in the environment's own folder."""
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        place = str(Path(sys.prefix) / "bytecode")
        sys.pycache_prefix = os.environ["PYTHONPYCACHEPREFIX"] = place
        sys.dont_write_bytecode = False


def take_signals() -> None:
    """Signals as at a terminal: what nohup or a background ignores, our processes would ignore too."""
    for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, usual)
