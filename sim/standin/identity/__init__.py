"""The identity half of the stand-in: Nextcloud's login pages and its OpenID Connect app."""

from __future__ import annotations

from sim.standin.identity.composition import Identity
from sim.standin.identity.identity_options import EVERYBODY, IdentityOptions
from sim.standin.identity.user_directory import Principal, UserDirectory

__all__ = ["EVERYBODY", "Identity", "IdentityOptions", "Principal", "UserDirectory"]
