"""The file under a ledger: opened without following links, locked, and never anybody else's."""

from __future__ import annotations

import fcntl
import glob
import os
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from actors.errors import SetupError
from sim.runtime.state_folder import PRIVATE_FOLDER, state_folder

PRIVATE_FILE = 0o600
MAX_BYTES = 256 * 1024 * 1024
LOCK_TRIES, LOCK_PAUSE_S = 5, 0.05
"""`simulate cleanup` holds a lock for moments where it only looks."""

SECRET_SUFFIX = ".secret"  # noqa: S105 (of a file name)


class Locked(Exception):
    """Somebody holds it: its run is alive."""


class NotTaken(SetupError):
    """This file cannot be opened, or is not the plain file of ours that it has to be."""


def ledger_folder() -> Path:
    """Where ledgers lie when no file is named: in the user's state directory.

    Raises SetupError where there is no place that is this account's own.
    """
    try:
        return state_folder() / "ledgers"
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise SetupError(
            f"no place for a ledger ({where}{error.strerror}): set XDG_STATE_HOME, or say --ledger"
        ) from None


def part_of_shard(path: Path, what: str, shard: int) -> Path:
    """Beside the ledger of a run that shards drive: `what` of one of them, its own (`shard`) or a `copy`."""
    return path.with_name(f"{path.stem}.{what}-{shard}{path.suffix}")


def with_shards(path: Path) -> list[Path]:
    """The ledger of a run, and those of its shards, as far as they are there."""
    stem, suffix = glob.escape(path.stem), glob.escape(path.suffix)
    parts = (sorted(path.parent.glob(f"{stem}.{what}-*{suffix}")) for what in ("copy", "shard"))
    return [*([path] if os.path.lexists(path) else []), *(each for part in parts for each in part)]


def open_locked(path: Path, *, is_new: bool, is_first: bool = False) -> int:
    """A descriptor of the regular file at `path`, locked; `is_new` creates it where there is none.

    Raises Locked; NotTaken for what is no plain file of this account's, and for any where `is_first` says
    that there is none yet; FileNotFoundError.
    """
    for tries in range(1, LOCK_TRIES + 1):
        handle = _open(path, is_new=is_new, is_first=is_first)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Between opening and locking it may have been unlinked: then the lock guards nothing.
            if _is_still(handle, path):
                return handle
        except BlockingIOError:
            if tries == LOCK_TRIES:
                os.close(handle)
                raise Locked from None
            if is_new:
                time.sleep(LOCK_PAUSE_S)
        except OSError as error:
            os.close(handle)
            raise NotTaken(f"the ledger {path} cannot be locked: {error.strerror}") from None
        os.close(handle)
    raise NotTaken(f"the ledger {path} changes under our hands")


def is_locked(handle: int) -> bool:
    """Whether somebody else holds the lock of this file. Raises OSError."""
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(handle, fcntl.LOCK_UN)
    return False


def read_all(handle: int) -> bytes:
    """All that stands in it. Raises OSError."""
    os.lseek(handle, 0, os.SEEK_SET)
    with os.fdopen(os.dup(handle), "rb") as file:
        return file.read(MAX_BYTES)


def write_all(handle: int, content: bytes) -> None:
    """Append, and see it on disk. Raises OSError; part of it may be written then."""
    os.lseek(handle, 0, os.SEEK_END)
    view = memoryview(content)
    while view:
        view = view[os.write(handle, view) :]
    os.fsync(handle)


def make_private(handle: int) -> None:
    """Only its owner may read it. Raises OSError for somebody else's."""
    if stat.S_IMODE(os.fstat(handle).st_mode) != PRIVATE_FILE:
        os.fchmod(handle, PRIVATE_FILE)


def sync_folder(path: Path) -> None:
    """That the file `path` is there, or has gone, outlives a loss of power. What cannot be, is not."""
    with suppress(OSError):
        handle = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def secret_path(path: Path, kind: str, name: str) -> Path:
    """Where the secret of a thing in the ledger `path` lies."""
    index = "".join(c if c.isascii() and c.isalnum() else "-" for c in f"{kind}-{name}")[:120]
    return path.with_name(f"{path.name}.{index}{SECRET_SUFFIX}")


def write_secret(path: Path, text: str) -> None:
    """A file that only its owner can read, never through a link. Raises OSError."""
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE_FILE)
    try:
        write_all(handle, text.encode())
    finally:
        os.close(handle)


def secrets_of(path: Path) -> Iterator[Path]:
    """The files with secrets that belong to the ledger `path`."""
    return path.parent.glob(f"{glob.escape(path.name)}.*{SECRET_SUFFIX}")


def forget(path: Path) -> None:
    """The ledger and its secrets are gone. What cannot be unlinked stays: nothing depends on it."""
    for secret in list(secrets_of(path)):
        with suppress(OSError):
            secret.unlink(missing_ok=True)
    with suppress(OSError):
        path.unlink(missing_ok=True)
    sync_folder(path)


def _open(path: Path, *, is_new: bool, is_first: bool) -> int:
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | (os.O_CREAT if is_new else 0)
    flags |= os.O_EXCL if is_first else 0
    try:
        if is_new:
            path.parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
        if path.is_symlink():
            raise NotTaken(f"the ledger {path} is a link, and links are not followed")
        handle = os.open(path, flags, PRIVATE_FILE)
    except FileNotFoundError:
        if not is_new:
            raise
        raise NotTaken(f"the ledger {path} cannot be written: there is no such directory") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        hint = "" if not is_new else " (set XDG_STATE_HOME, or say --ledger)"
        raise NotTaken(
            f"the ledger {path} cannot be {'written' if is_new else 'opened'}: {why}{hint}"
        ) from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise NotTaken(f"the ledger {path} is no regular file")
    return handle


def _is_still(handle: int, path: Path) -> bool:
    mine = os.fstat(handle)
    try:
        there = path.lstat()
    except FileNotFoundError:
        return False
    return (mine.st_dev, mine.st_ino) == (there.st_dev, there.st_ino)
