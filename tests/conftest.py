"""Options of the project's own tests."""

from __future__ import annotations

import signal

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--release", help="with --interop: only this release of the real server, or 'latest'")


def pytest_configure() -> None:
    """Signals as at a terminal: what nohup or a background ignores, our processes would ignore too."""
    for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, usual)
