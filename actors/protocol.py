"""Generations of the MCP protocol."""

from __future__ import annotations

import enum

REFUSED_GREETING = (400, 404)
"""HTTP statuses with which a server of one generation refuses the greeting of the other."""


class ProtocolChoice(enum.StrEnum):
    """Which generation of the protocol is spoken."""

    AUTO = "auto"
    OLD = "2025"
    """A session that begins with `initialize`: versions up to 2025-11-25."""
    NEW = "2026"
    """No session, each request by itself: versions from 2026-07-28 on."""
