"""Both clients, for tests that every client has to pass."""

from __future__ import annotations

import ssl
from collections.abc import Callable

import pytest

from actors.ports import Connector
from tests.conformance.both_clients import CLIENTS


@pytest.fixture(params=CLIENTS)
def connect(request: pytest.FixtureRequest) -> Callable[..., Connector]:
    """Makes a connector of each kind: to a server, with a call time-out."""
    kind = CLIENTS[request.param]
    return lambda server, timeout_s=5.0: kind(server.url, timeout_s, ssl.create_default_context())
