"""Where results go: never over anything but a regular file, never half, and never nowhere."""

from __future__ import annotations

import errno
import os
import stat
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from sim.runtime.channel import Channel, channel_of
from sim.runtime.state_folder import state_folder

STDOUT = Path("-")
NEW_FILE = 0o666
"""Before the umask, as any program's new file."""
UNREAD_S = 10.0
"""How long a reader of a pipe may take nothing before it counts as gone."""
LOOK_S = 0.2
IN_PLACE = frozenset({errno.EACCES, errno.EPERM, errno.EBUSY, errno.EROFS, errno.EXDEV})
"""A file that may be written although none may be put in its place: a folder of another owner, a mount."""


def deliver(text: str, path: Path) -> None:
    """Write `text` to `path`, following links.

    A regular file is replaced in one go, with its mode, so that nobody ever sees half of it; into
    anything else (a device, a pipe) it is written; `-`, and whatever is standard output or error under
    another name, is written to as that. Raises OSError.
    """
    shared = _standard(path)
    if shared is not None:
        _tell(channel_of(shared), text)
        return
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        mode = 0
    if mode and not stat.S_ISREG(mode):
        _write_into(path, text)
        return
    target = Path(os.path.realpath(path))
    try:
        _replace(target, text, stat.S_IMODE(mode) if mode else None)
    except OSError as error:
        if not mode or error.errno not in IN_PLACE:
            raise
        _write_into(target, text)


def save(text: str, path: Path, suffix: str = ".json") -> str:
    """Deliver `text`, or keep it elsewhere. "" when it went to `path`, else a line that says where it is.

    `suffix` is that of the file elsewhere.
    """
    try:
        deliver(text, path)
    except OSError as error:
        problem = f"the results could not be written to {path}: {error.strerror or error}"
    else:
        return ""
    for folder in _shelters():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(suffix, time.strftime("results-%Y%m%d-%H%M%S-"), folder)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            return f"{problem}; they are in {name}"
        except OSError:
            continue
    return f"{problem}, nor anywhere else"


def _shelters() -> list[Path]:
    """Where results are kept that could not go to where they were to go."""
    folders = [Path(tempfile.gettempdir())]
    with suppress(OSError):
        folders.insert(0, state_folder() / "results")
    return folders


def _standard(path: Path) -> TextIO | None:
    """The standard stream that `path` names, if it does."""
    if path == STDOUT:
        return sys.stdout
    for stream, descriptor in ((sys.stdout, 1), (sys.stderr, 2)):
        with suppress(OSError, ValueError):
            ours, there = os.fstat(descriptor), path.stat()
            # The null device stands behind many descriptors, and is none of them.
            if os.path.samestat(ours, there) and not stat.S_ISCHR(there.st_mode):
                return stream
    return None


def _tell(channel: Channel, text: str) -> None:
    channel.tell(text)
    if not channel.flush(UNREAD_S):
        _raise(channel)


def _raise(channel: Channel) -> None:
    if isinstance(channel.problem, OSError):
        raise channel.problem
    raise OSError(errno.ETIMEDOUT, "nobody reads it")


def _replace(target: Path, text: str, mode: int | None) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), NEW_FILE & ~_umask() if mode is None else mode)
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _settle(target.parent)


def _settle(folder: Path) -> None:
    """A rename lasts once its folder is on disk (fsync(2))."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _umask() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask


def _write_into(path: Path, text: str) -> None:
    handle = _open_for_writing(path)
    if stat.S_ISREG(os.fstat(handle).st_mode):
        os.ftruncate(handle, 0)
    channel = Channel(None, handle)
    channel.tell(text)
    if not channel.flush(UNREAD_S):
        # Left open: a thread may be in the middle of a write to it, and its number must not be given away.
        _raise(channel)
    os.close(handle)


def _open_for_writing(path: Path) -> int:
    """Of a pipe without a reader, one is waited for (ENXIO, open(2))."""
    deadline = time.monotonic() + UNREAD_S
    while True:
        try:
            return os.open(path, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            if error.errno != errno.ENXIO or time.monotonic() > deadline:
                raise
        time.sleep(LOOK_S)
