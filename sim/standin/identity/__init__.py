"""The identity half of the stand-in: Nextcloud's login pages and its OpenID Connect app."""

from __future__ import annotations

from sim.standin.identity.ports import Principal, UserDirectory

__all__ = ["Principal", "UserDirectory"]
