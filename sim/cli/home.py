"""A home for what is kept, where the system names none (an arbitrary user id in a container)."""

from __future__ import annotations

import os
from pathlib import Path

from sim.config.usage import UsageError
from sim.runtime.state_folder import private_folder


def see_to_a_home() -> None:
    """Where neither HOME nor the user database says one: a folder of this user's for temporary files.

    The same one each time, so that `simulate cleanup` finds what a run has noted there. A HOME that is no
    absolute path is none. Raises UsageError where the folder's name belongs to somebody else.
    """
    if not Path(os.environ.get("HOME", "/")).is_absolute():
        del os.environ["HOME"]
    try:
        Path.home()
    except RuntimeError:
        os.environ["HOME"] = str(_folder())


def _folder() -> Path:
    try:
        return private_folder()
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise UsageError(f"there is no home directory, and {where}{error.strerror}; set HOME") from error
