"""A home for what is kept, where the system names none (an arbitrary user id in a container)."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from sim.config.usage import UsageError


def see_to_a_home() -> None:
    """Where neither HOME nor the user database says one: a folder of this user's for temporary files.

    The same one each time, so that `simulate cleanup` finds what a run has noted there. Raises UsageError
    where that name belongs to somebody else.
    """
    try:
        Path.home()
    except RuntimeError:
        os.environ["HOME"] = str(_folder())


def _folder() -> Path:
    folder = Path(tempfile.gettempdir()) / f"nextcloud-mcp-simulate-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        raise UsageError(f"there is no home directory, and {folder}: {error.strerror}; set HOME") from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise UsageError(f"there is no home directory, and {folder} is not this user's alone; set HOME")
    return folder
