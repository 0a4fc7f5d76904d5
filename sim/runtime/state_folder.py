"""Where a user's state lies: ledgers, the history, results that could not go elsewhere."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from pathlib import Path

import platformdirs

APPLICATION = "nextcloud-mcp-simulate"
PRIVATE_FOLDER = 0o700


def state_folder() -> Path:
    """The user's state directory for this program, an absolute path; it need not exist.

    A relative `XDG_STATE_HOME` is ignored (XDG Base Directory Specification 0.8), so that a run and the
    `simulate cleanup` after it find the same one from wherever they are started. An account without a home
    gets one below the temporary directory. Raises OSError where that belongs to somebody else.
    """
    for find in (_as_the_system_says, _below_the_home):
        try:
            folder = find()
        except (RuntimeError, KeyError, OSError):
            continue
        if folder.is_absolute():
            return folder
    return private_folder()


def private_folder() -> Path:
    """One below the temporary directory that only this account can write to; the same each time.

    Raises OSError where it cannot be made, or its name belongs to somebody else.
    """
    folder = Path(tempfile.gettempdir()) / f"{APPLICATION}-{os.getuid()}"
    folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise PermissionError(errno.EPERM, "it is not this account's alone", str(folder))
    return folder


def _as_the_system_says() -> Path:
    return Path(platformdirs.user_state_dir(APPLICATION))


def _below_the_home() -> Path:
    return Path.home() / ".local" / "state" / APPLICATION
