"""An account for which the system knows no home."""

from __future__ import annotations

import tempfile
from pathlib import Path

import platformdirs
import pytest


def take_home_away(patch: pytest.MonkeyPatch, temporary: Path) -> None:
    """From here on nobody says where it is; what is temporary lies in `temporary`."""

    def no_home(*_: object) -> Path:
        raise RuntimeError("Could not determine home directory.")

    patch.setattr(platformdirs, "user_state_dir", no_home)
    patch.setattr(Path, "home", no_home)
    patch.setattr(tempfile, "gettempdir", lambda: str(temporary))
