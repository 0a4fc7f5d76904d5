"""Options of the project's own tests."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--release", help="with --interop: only this release of the real server, or 'latest'")


@pytest.fixture(autouse=True, scope="session")
def state_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Ledgers and the history of tests are not this user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


# What passed passes again: no change is held up by an example that has nothing to do with it. New examples
# are looked for by hand, as often as one likes: --hypothesis-profile=explore.
hypothesis.settings.register_profile("same", derandomize=True, deadline=None)
hypothesis.settings.register_profile("explore", deadline=None, print_blob=True)
hypothesis.settings.load_profile("same")


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
