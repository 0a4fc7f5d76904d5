"""How a stand-in is to be."""

from __future__ import annotations

import attrs

from sim.standin.faults.spec import FaultSpec


@attrs.frozen
class StandinOptions:
    """Settings of one stand-in.

    Attributes:
        port: 0 takes a free one.
        admin_password: of the account `admin`.
        token_ttl_s, refresh_ttl_s: lifetimes of access and refresh tokens.
        registrations_per_minute: of OAuth clients; None is no limit.
        basic: the MCP endpoint takes passwords instead of bearer tokens.
        login_flow: tools work for a user only once he has granted the server access to his account.
        json_response: plain JSON answers on the MCP endpoint instead of server-sent events.
        deny_consent_for, login_loops_for: users whose login is made to fail, for tests.
        scripted_pages: forms are built by JavaScript alone, as Nextcloud's own pages are.
        tool_pause_s: how long a tool takes between its read and its write.
        tools_left_out: tools that the server does not have.
        certificate, key: files in PEM format; with them it speaks https.
        faults: what goes wrong on purpose: KIND:PROBABILITY[:PARAM].
        fault_seed: of the draws that decide when.
    """

    port: int = 0
    host: str = "127.0.0.1"
    admin: str = "admin"
    admin_password: str = attrs.field(default="admin", repr=False)
    token_ttl_s: float = 900
    refresh_ttl_s: float = 900
    registrations_per_minute: int | None = None
    basic: bool = False
    login_flow: bool = False
    json_response: bool = False
    deny_consent_for: frozenset[str] = frozenset()
    login_loops_for: frozenset[str] = frozenset()
    scripted_pages: bool = False
    tool_pause_s: float = 0.0
    tools_left_out: frozenset[str] = frozenset()
    certificate: str = ""
    key: str = ""
    faults: tuple[FaultSpec, ...] = ()
    fault_seed: int = 1
