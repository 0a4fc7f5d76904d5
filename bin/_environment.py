"""The environment of the launchers: `.venv` beside this folder, made from a lock of exact versions.

Standard library only, for it runs before anything is installed.
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


def start(lock: str, arguments: Sequence[str], more: dict[str, str] | None = None) -> NoReturn:
    """Become `.venv`'s python with these arguments, after making `.venv` if it is not up to date."""
    ensure(lock)
    # The root comes first, and the folder one stands in not at all, so that no file there can hide ours.
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1", **(more or {})}
    os.execve(PYTHON, [str(PYTHON), *arguments], environment)


def ensure(lock: str) -> None:
    """Make `.venv` hold what `lock` says. Ends the process with one clear line where it cannot."""
    if sys.version_info < OLDEST:
        fail(f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed; this is {sys.version.split()[0]}")
    if is_current(lock):
        return
    with (ROOT / ".venv.lock").open("w") as guard:
        # Two first starts at the same time: the second one waits, and finds the work done.
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not is_current(lock):
            build(lock)


def is_current(lock: str) -> bool:
    """Whether `.venv` was made, to its end, from this lock (or from one that holds it)."""
    try:
        installed = STAMP.read_text().split()
    except OSError:
        return False
    wanted = {stamp(DEVELOP)} if lock == DEVELOP else {stamp(RUN), stamp(DEVELOP)}
    return bool(wanted & set(installed)) and PYTHON.exists()


def stamp(lock: str) -> str:
    """What names a lock's content together with the interpreter."""
    text = (ROOT / lock).read_bytes() + f"{sys.version_info[:2]}".encode()
    return hashlib.sha256(text).hexdigest()


def build(lock: str) -> None:
    print(f"simulate: first use, installing {lock} into .venv (about half a minute)", file=sys.stderr)
    shutil.rmtree(HOME, ignore_errors=True)
    made = subprocess.run(
        [sys.executable, "-m", "venv", str(HOME)], capture_output=True, text=True, check=False
    )
    if made.returncode:
        said = (made.stdout + made.stderr).strip()
        fail(f"python -m venv failed (on Debian: apt install python3-venv)\n{said}")
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    installed = subprocess.run([*pip, "--require-hashes", "-r", str(ROOT / lock)], check=False)
    if installed.returncode:
        fail(f"pip could not install {lock}; what it said stands above")
    STAMP.write_text(stamp(lock))


def fail(text: str) -> NoReturn:
    print(f"simulate: {text}", file=sys.stderr)
    raise SystemExit(1)
