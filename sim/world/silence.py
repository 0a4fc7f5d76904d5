"""Why nobody answered: a Nextcloud that makes an address wait says so when it is asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import trio

from actors.accounts import OcsAccounts
from actors.errors import CallError, SetupError
from actors.login.fetch import NoAnswer

MAX_WHY_S = 30.0
"""How long it is asked; where it makes an address wait, that is up to 25 s."""

Act = Callable[[], Awaitable[str]]


def explained(act: Act, accounts: OcsAccounts | None) -> Act:
    """`act`, whose SetupError for want of an answer says also what Nextcloud says then."""

    async def explaining() -> str:
        try:
            return await act()
        except SetupError as error:
            failure = error
        # Asked outside of the handler: a cancellation keeps its own reason there.
        note = await _why(accounts) if accounts is not None and is_silence(failure) else ""
        if not note or note in str(failure):
            raise failure
        raise SetupError(f"{failure}; {note}") from failure

    return explaining


def is_silence(error: BaseException | None) -> bool:
    """Whether it began with a question that was not answered."""
    while error is not None:
        if isinstance(error, NoAnswer) or (isinstance(error, CallError) and not error.answered):
            return True
        error = error.__cause__ or error.__context__
    return False


async def _why(accounts: OcsAccounts) -> str:
    with trio.move_on_after(MAX_WHY_S):
        try:
            return await accounts.why_slow()
        except SetupError as error:
            return f"nor does Nextcloud answer as it should: {error}"
    return ""
