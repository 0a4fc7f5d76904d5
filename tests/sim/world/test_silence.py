"""A set-up that fails for want of an answer: what Nextcloud says of it stands beside, and nothing else."""

from __future__ import annotations

import httpx
import pytest
import trio
from trio.testing import MockClock

from actors.accounts import OcsAccounts
from actors.call_errors import no_answer
from actors.errors import CallError, LoginError, Outcome, SetupError
from actors.secret import Secret
from sim.world.silence import explained
from tests.support.fake_cloud import ocs

SILENCE = no_answer(30)
REFUSAL = CallError(Outcome.TOOL_ERROR, "no such note", status=404)


def nextcloud(wait_s: float, told_ms: object, status: int = 200) -> httpx.MockTransport:
    """One that makes each request wait, and says so."""

    async def answer(request: httpx.Request) -> httpx.Response:
        await trio.sleep(wait_s)
        return ocs(status, {"capabilities": {"bruteforce": {"delay": told_ms}}})

    return httpx.MockTransport(answer)


async def said(error: SetupError, transport: httpx.MockTransport) -> str:
    """The text of the failure of a step that ends with `error`."""

    async def act() -> str:
        raise error

    async with httpx.AsyncClient(base_url="http://cloud.test", transport=transport) as http:
        with pytest.raises(SetupError) as failed, trio.fail_after(60):
            await explained(act, OcsAccounts(http, "admin", Secret("a-password")))()
    return str(failed.value)


def caused(cause: BaseException) -> SetupError:
    error = SetupError("a first session of ann failed")
    error.__cause__ = cause
    return error


def hidden(cause: BaseException) -> SetupError:
    """As `raise … from None` within the handling of `cause`."""
    error = LoginError("ann", "nc_auth_provision_access", "no answer within 30 s")
    error.__context__, error.__suppress_context__ = cause, True
    return error


@pytest.mark.parametrize("make", [caused, hidden])
async def test_silence_is_told_with_the_wait_that_nextcloud_imposes(
    make: type[SetupError], autojump_clock: MockClock
) -> None:
    text = await said(make(SILENCE), nextcloud(3.2, 3200))
    assert text.startswith(str(make(SILENCE)) + "; http://cloud.test makes each request")
    assert "wait 3.2 s" in text
    assert "occ security:bruteforce:reset" in text


async def test_an_address_that_is_shut_out_altogether_is_told_too(autojump_clock: MockClock) -> None:
    shut_out = nextcloud(0.1, 0, status=429)
    assert "looks at no password from this address" in await said(caused(SILENCE), shut_out)


@pytest.mark.parametrize(
    "answer",
    [httpx.Response(429, html="slow down"), httpx.Response(200, html="a page"), httpx.ConnectError("no")],
)
async def test_a_nextcloud_that_does_not_answer_either_is_named(
    answer: httpx.Response | httpx.ConnectError, autojump_clock: MockClock
) -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, httpx.ConnectError):
            raise answer
        return answer

    text = await said(caused(SILENCE), httpx.MockTransport(respond))
    assert text.startswith("a first session of ann failed; nor does Nextcloud answer as it should: ")
    assert await said(caused(REFUSAL), httpx.MockTransport(respond)) == str(caused(REFUSAL))


@pytest.mark.parametrize(
    ("error", "transport"),
    [
        (caused(REFUSAL), nextcloud(3.2, 3200)),
        (SetupError("lacks tools"), nextcloud(3.2, 3200)),
        (caused(SILENCE), nextcloud(0.1, 0)),
        (caused(SILENCE), nextcloud(0.1, 3200)),
        (caused(SILENCE), nextcloud(3.2, "soon")),
        (caused(SILENCE), nextcloud(59.0, 3200)),
    ],
)
async def test_what_nextcloud_does_not_say_of_a_silence_is_not_guessed(
    error: SetupError, transport: httpx.MockTransport, autojump_clock: MockClock
) -> None:
    assert await said(error, transport) == str(error)
