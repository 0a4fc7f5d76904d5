"""What has to be the same in all processes of a run."""

from __future__ import annotations

import platform

from sim import __version__


def release() -> dict[str, str]:
    """Versions by name: of this program, and of Python."""
    return {"simulate": __version__, "Python": platform.python_version()}
