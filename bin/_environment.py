"""The environment of the launchers: `.venv` at the root, made from a lock of exact versions.

Standard library only, for it runs before anything is installed, and no syntax that an old Python
cannot read: it is to say that it is too old.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".venv"
PYTHON = HOME / "bin" / "python"
STAMP = HOME / "installed-from"
OLDEST = (3, 11)
RUN, DEVELOP = "requirements.lock", "requirements-dev.lock"
"""The locks; the second one holds all of the first."""
SETUP_FAILED = 3
INTERRUPTED = 130
"""As in sim/exit.py, which cannot be imported yet."""


def start(lock: str, arguments: Sequence[str]) -> NoReturn:
    """Become `.venv`'s python with these arguments, after making `.venv` if it is not up to date.

    The process stays the same one: a signal reaches the program once, and its exit code is ours.
    """
    ensure(lock)
    # The root comes first, and the folder one stands in not at all, so that no file there can hide ours.
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1"}
    os.execve(PYTHON, [str(PYTHON), *arguments], environment)


def ensure(lock: str) -> None:
    """Make `.venv` hold what `lock` says. Ends the process with one clear line where it cannot."""
    if sys.version_info < OLDEST:
        fail(f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed; this is {sys.version.split()[0]}")
    if is_current(lock):
        return
    try:
        with (ROOT / ".venv.lock").open("w") as guard:
            # Two first starts at the same time: the second one waits, and finds the work done.
            fcntl.flock(guard, fcntl.LOCK_EX)
            if not is_current(lock):
                build(lock)
    except OSError as error:
        fail(f"cannot make {HOME}: {error.strerror or error}")
    except KeyboardInterrupt:
        # Without a stamp it is made anew next time.
        fail("interrupted; the next start begins again", INTERRUPTED)


def is_current(lock: str) -> bool:
    """Whether `.venv` was made, to its end, from this lock (or from the one that holds it)."""
    try:
        installed = STAMP.read_text().strip()
    except OSError:
        return False
    enough = (DEVELOP,) if lock == DEVELOP else (RUN, DEVELOP)
    return installed in map(stamp, enough) and PYTHON.exists()


def stamp(lock: str) -> str:
    """What names a lock's content together with the interpreter."""
    return hashlib.sha256((ROOT / lock).read_bytes() + str(sys.version_info[:2]).encode()).hexdigest()


def build(lock: str) -> None:
    """Make `.venv` anew. The stamp comes last, so that a half-made one is never taken for whole."""
    say(f"first use: installing {lock} into {HOME} (a minute or so)")
    if HOME.exists():
        shutil.rmtree(HOME)
    made = subprocess.run(
        [sys.executable, "-m", "venv", str(HOME)], capture_output=True, text=True, check=False
    )
    if made.returncode:
        said = (made.stdout + made.stderr).strip()
        fail(f"python3 -m venv failed (on Debian and Ubuntu: apt install python3-venv)\n{said}")
    pip = [str(PYTHON), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    # Nothing of pip's goes to stdout: there the program's own output belongs.
    installed = subprocess.run(
        [*pip, "--require-hashes", "-r", str(ROOT / lock)], stdout=sys.stderr, check=False
    )
    if installed.returncode:
        fail(f"pip could not install {lock}; what it said stands above")
    STAMP.write_text(stamp(lock))


def say(text: str) -> None:
    print(f"{Path(sys.argv[0]).name}: {text}", file=sys.stderr, flush=True)


def fail(text: str, code: int = SETUP_FAILED) -> NoReturn:
    say(text)
    raise SystemExit(code)
