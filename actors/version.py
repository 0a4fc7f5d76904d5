"""The name and version with which the client introduces itself."""

from __future__ import annotations

import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

CLIENT_NAME = "nextcloud-mcp-simulate"


def client_version() -> str:
    """Of the installed package; run from its source tree, what pyproject.toml says there; else "0"."""
    try:
        return version(CLIENT_NAME)
    except PackageNotFoundError:
        pass
    try:
        source = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
        return str(tomllib.loads(source)["project"]["version"])
    except (OSError, ValueError, KeyError):
        return "0"
