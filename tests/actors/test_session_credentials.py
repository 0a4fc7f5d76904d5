"""A session whose user cannot show anything any more: an outcome, not the end of the run."""

from __future__ import annotations

from typing import cast

import httpx2
import pytest
from mcp import ClientSession

from actors.errors import CallError, LoginError, Outcome
from actors.mcp_client import SdkCalls
from actors.protocol import ProtocolChoice
from actors.sdk.carrier import Carrier
from actors.session import McpSession
from tests.support.in_process import NoCredentials


class Expired(NoCredentials):
    async def authorization(self) -> str:
        raise LoginError("alice", "http://127.0.0.1/token", "the password is not accepted")


async def test_a_login_that_fails_in_mid_run_is_an_authorization_failure_of_the_call() -> None:
    never_asked = cast("ClientSession", None)
    session = McpSession(
        never_asked,
        SdkCalls(never_asked),
        Carrier(httpx2.AsyncHTTPTransport()),
        Expired(),
        1.0,
        ProtocolChoice.AUTO,
    )
    with pytest.raises(CallError, match="the password is not accepted") as caught:
        await session.call_tool("nc_notes_get_note", {})
    assert (caught.value.outcome, caught.value.reason) == (Outcome.AUTHORIZATION, "login")
    assert caught.value.answered
