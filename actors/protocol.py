"""Generations of the MCP protocol."""

from __future__ import annotations

import enum
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

REFUSED_GREETING = (400, 404)
"""HTTP statuses with which a server of one generation refuses the greeting of the other."""

CLIENT_NAME = "nextcloud-mcp-simulate"


def client_version() -> str:
    """The version with which this program introduces itself; also where it runs from its sources."""
    try:
        return version(CLIENT_NAME)
    except PackageNotFoundError:
        sources = Path(__file__).resolve().parents[1] / "pyproject.toml"
        try:
            return str(tomllib.loads(sources.read_text("utf-8"))["project"]["version"])
        except (OSError, ValueError, KeyError):
            return "unknown"


class ProtocolChoice(enum.StrEnum):
    """Which generation of the protocol is spoken."""

    AUTO = "auto"
    OLD = "2025"
    """A session that begins with `initialize`: versions up to 2025-11-25."""
    NEW = "2026"
    """No session, each request by itself: versions from 2026-07-28 on."""
