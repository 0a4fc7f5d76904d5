"""A stand-in without a socket, and clients of its web side."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from sim.standin.application import Standin
from sim.standin.behaviour import StandinOptions

Client = Callable[[str], httpx.AsyncClient]

PASSWORDS = {"admin": "the-password-of-admin", "alice": "the-password-of-alice", "bob": "the-password-of-bob"}


@pytest.fixture
def server() -> Standin:
    """With the users alice and bob."""
    options = StandinOptions(admin_password=PASSWORDS["admin"], lever_token="the-lever")
    standin = Standin(options, now=lambda: 1_000_000.0)
    for uid in ("alice", "bob"):
        standin.store.add_account(uid, PASSWORDS[uid], uid.capitalize(), f"{uid}@example.org")
    return standin


@pytest.fixture
def client(server: Standin) -> Client:
    """Makes a client that shows the password of the given user; "" shows none."""
    transport = httpx.ASGITransport(server.application())

    def make(uid: str) -> httpx.AsyncClient:
        auth = (uid, PASSWORDS[uid]) if uid else None
        headers = {"OCS-APIRequest": "true"}
        return httpx.AsyncClient(transport=transport, base_url="http://cloud", auth=auth, headers=headers)

    return make
