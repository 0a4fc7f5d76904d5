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
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, NoReturn

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".venv"
PYTHON = HOME / "bin" / "python"
STAMP = HOME / "installed-from"
FRESH, OLD = ROOT / ".venv.new", ROOT / ".venv.old"
IN_USE = ROOT / ".venv.use"
"""Locked by whoever runs from `.venv`, shared, and by who replaces it, exclusively."""
TELL_EVERY_S = 15.0
OLDEST = (3, 11)
RUN, DEVELOP = "requirements.lock", "requirements-dev.lock"
"""The locks; the second one holds all of the first."""
SETUP_FAILED = 3
INTERRUPTED = 130
"""As in sim/runtime/exit.py, which cannot be imported yet."""


def start(lock: str, arguments: Sequence[str]) -> NoReturn:
    """Become `.venv`'s python with these arguments, after making `.venv` if it is not up to date.

    The process stays the same one: a signal reaches the program once, and its exit code is ours.
    """
    ensure(lock)
    # The root comes first, and the folder one stands in not at all, so that no file there can hide ours.
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1"}
    try:
        os.execve(PYTHON, [str(PYTHON), *arguments], environment)
    except OSError as error:
        fail(f"cannot start {PYTHON}: {error.strerror or error}")


def ensure(lock: str) -> None:
    """Make `.venv` hold what `lock` says, and keep it from being replaced while this process lives.

    Ends the process with one clear line where it cannot.
    """
    if sys.version_info < OLDEST:
        fail(f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed; this is {sys.version.split()[0]}")
    try:
        while not is_usable(lock):
            with (ROOT / ".venv.lock").open("w") as guard:
                # Two first starts at the same time: the second one waits, and finds the work done.
                take(guard, "another start is installing; waiting for it")
                if not is_current(lock):
                    build(lock)
    except OSError as error:
        fail(f"cannot make {HOME}: {error.strerror or error}")
    except KeyboardInterrupt:
        # Without a stamp it is made anew next time.
        fail("interrupted; the next start begins again", INTERRUPTED)


def is_usable(lock: str) -> bool:
    """Whether `.venv` is up to date. If so it is held, through exec too, until the process ends."""
    try:
        handle = os.open(IN_USE, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError:
        # Where nothing can be written, nothing is replaced by us either.
        return is_current(lock)
    fcntl.flock(handle, fcntl.LOCK_SH)
    if is_current(lock):
        os.set_inheritable(handle, True)
        return True
    os.close(handle)
    return False


def take(lock: IO[str], meanwhile: str) -> None:
    """Lock it for oneself; says what is waited for where that takes a while."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say(meanwhile)
        fcntl.flock(lock, fcntl.LOCK_EX)


def is_current(lock: str) -> bool:
    """Whether `.venv` was made, to its end, from this lock (or from the one that holds it)."""
    try:
        installed = STAMP.read_text().strip()
    except OSError:
        return False
    enough = (DEVELOP,) if lock == DEVELOP else (RUN, DEVELOP)
    return installed in map(stamp, enough) and os.access(PYTHON, os.X_OK)


def stamp(lock: str) -> str:
    """What names a lock's content together with the interpreter."""
    return hashlib.sha256((ROOT / lock).read_bytes() + str(sys.version_info[:2]).encode()).hexdigest()


def build(lock: str) -> None:
    """Make `.venv` anew, beside the old one, and put it in its place once nobody uses that.

    The stamp comes last, so that a half-made one is never taken for whole.
    """
    say(f"first use: installing {lock} into {HOME} (a minute or so)")
    remove(FRESH)
    code, said = run([sys.executable, "-m", "venv", "--prompt", HOME.name, str(FRESH)], subprocess.PIPE)
    if code:
        fail(f"python3 -m venv failed (on Debian and Ubuntu: apt install python3-venv)\n{said.strip()}")
    # Nothing of pip's goes to stdout: there the program's own output belongs.
    pip = [str(FRESH / "bin" / "python"), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    code, _ = run([*pip, "--no-compile", "--require-hashes", "-r", str(ROOT / lock)], sys.stderr)
    if code:
        remove(FRESH)
        fail(f"pip could not install {lock}; what it said stands above")
    settle_in()
    (FRESH / STAMP.name).write_text(stamp(lock))
    with IN_USE.open("w") as use:
        take(use, f"{HOME} is in use by a run; waiting for its end to put the new one in its place")
        remove(OLD)
        if HOME.exists():
            HOME.rename(OLD)
        FRESH.rename(HOME)
    remove(OLD)


def run(command: Sequence[str], output: int | IO[str]) -> tuple[int, str]:
    """The exit code, and what it said where `output` is a pipe; tells from time to time that it goes on."""
    began = time.monotonic()
    with subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, text=True) as process:
        while True:
            try:
                said, _ = process.communicate(timeout=TELL_EVERY_S)
            except subprocess.TimeoutExpired:
                say(f"still installing, {time.monotonic() - began:.0f} s")
            except BaseException:
                process.kill()
                raise
            else:
                return process.returncode, said or ""


def settle_in() -> None:
    """Scripts name the folder that they were made in: let it be the one that they will stand in."""
    for script in (FRESH / "bin").iterdir():
        if script.is_file() and not script.is_symlink():
            text = script.read_bytes()
            if bytes(FRESH) in text:
                script.write_bytes(text.replace(bytes(FRESH), bytes(HOME)))


def remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def say(text: str) -> None:
    print(f"{Path(sys.argv[0]).name}: {text}", file=sys.stderr, flush=True)


def fail(text: str, code: int = SETUP_FAILED) -> NoReturn:
    say(text)
    raise SystemExit(code)
