"""What goes wrong between a user and the MCP server, as the errors that calls end with."""

from __future__ import annotations

import re
import ssl
import traceback

from pydantic import ValidationError

from actors.errors import CallError, CredentialsRejected, Outcome, SessionLost

OF_THE_SDK = frozenset({"mcp", "mcp_types", "pydantic", "pydantic_core", "jsonschema", "referencing"})
SECONDS = re.compile(r"[0-9]+")
SESSION = re.compile(r"session", re.IGNORECASE)


TIMEOUT = "timeout"
"""The reason of a call whose answer did not come in time."""


def reason_of(error: BaseException) -> str:
    """The reason behind an error: libraries wrap it, and may leave its text out."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, BaseExceptionGroup):
            inner = inner.exceptions[0]
        elif isinstance(inner, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {inner.verify_message} (--ca-file names an authority)"
        elif inner.__cause__ is None and inner.__context__ is None:
            break
        else:
            inner = inner.__cause__ or inner.__context__
    return str(error) or (str(inner) if inner else "") or type(error).__name__


def no_connection(why: object) -> CallError:
    """The request has certainly not reached the server."""
    return CallError(Outcome.TRANSPORT_ERROR, f"no connection to the MCP server: {why}", reason="connect")


def connection_broke(why: object) -> CallError:
    """Nobody knows whether the server has carried the request out."""
    text = f"the connection broke: {why}"
    return CallError(Outcome.TRANSPORT_ERROR, text, reason="cut", answered=False)


def no_answer(timeout_s: float) -> CallError:
    text = f"no answer within {timeout_s:g} s"
    return CallError(Outcome.TRANSPORT_ERROR, text, reason=TIMEOUT, answered=False)


def invalid_answer(why: object, *, answered: bool = True) -> CallError:
    """An answer that is no valid message of the protocol; `answered` as in `CallError`."""
    return CallError(Outcome.PROTOCOL_ERROR, f"invalid answer: {why}", answered=answered)


def stream_ended() -> CallError:
    """A stream of events that ended before the answer came, and could not be taken up again."""
    text = "invalid answer: the stream of events ended without an answer"
    return CallError(Outcome.PROTOCOL_ERROR, text, reason="no_answer", answered=False)


def too_long(what: str, most_bytes: int) -> CallError:
    """An answer that is not read to its end, since nobody should hold so much in memory."""
    text = f"invalid answer: {what} of more than {most_bytes} bytes"
    return CallError(Outcome.PROTOCOL_ERROR, text, reason="too_long")


def unknown_encoding(encoding: str) -> CallError:
    """A compressed answer, although `Accept-Encoding` asked for a plain one (RFC 9110, 12.5.3)."""
    return invalid_answer(f"its content is encoded as {encoding!r}, which was not asked for")


def unsendable(what: str) -> CallError:
    """Something that no HTTP header may hold (RFC 9110, 5.5); nothing was sent."""
    return CallError(Outcome.PROTOCOL_ERROR, f"{what} cannot be sent: no header may hold it", reason="header")


def session_lost(status: int) -> SessionLost:
    text = f"the MCP server has forgotten the session (HTTP {status})"
    return SessionLost(Outcome.TRANSPORT_ERROR, text, status=status)


def session_error(error: BaseException) -> CallError:
    """What the SDK makes of an answer that is no valid message of the protocol; the first thing in it."""
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        return invalid_answer(f"{where}: {first['msg']}" if where else first["msg"])
    return invalid_answer(error)


def is_of_the_sdk(error: BaseException) -> bool:
    """Whether `error` was raised in the SDK's own code, or in what validates for it.

    It refuses an answer with plain RuntimeError and ValueError, and ours would look the same: a bug
    must not be booked as the server's.
    """
    last = None
    for frame, _ in traceback.walk_tb(error.__traceback__):
        last = frame
    module = last.f_globals.get("__name__", "") if last is not None else ""
    return module.partition(".")[0] in OF_THE_SDK


def status_error(status: int, retry_after: str) -> CallError:
    """What an HTTP status that is no success means for the call (MCP 2025-06-18, Streamable HTTP).

    Args:
        retry_after: the header of that name (RFC 9110, 10.2.3); only seconds are understood.
    """
    text = f"the MCP server answered HTTP {status}"
    if status == 401:
        return CredentialsRejected(Outcome.AUTHORIZATION, text, status=status)
    if status == 403:
        return CallError(Outcome.AUTHORIZATION, text, status=status)
    retry_after_s = float(retry_after[:9]) if SECONDS.fullmatch(retry_after) else None
    # A gateway that gives up does not stop what it has passed on.
    answered = status < 500
    return CallError(
        Outcome.TRANSPORT_ERROR, text, status=status, retry_after_s=retry_after_s, answered=answered
    )


def redirected(status: int, why: str) -> CallError:
    """A redirect that is not followed; nothing was sent there."""
    return CallError(Outcome.TRANSPORT_ERROR, f"the MCP server redirects {why}", status=status)


class SessionWatch:
    """Tells from HTTP statuses whether the server still knows a session.

    404 is the specification's word (MCP 2025-11-25, Session Management). Servers in the field also say
    410, or 400 with a text about the session, or 400 with any other text, again and again.
    """

    def __init__(self) -> None:
        self._bad_requests = 0

    def is_gone(self, status: int, had_session: bool, body: str) -> bool:
        """Whether `status`, with `body`, means that the session which the request named is gone.

        Called for every answer. `had_session`: whether the request named one.
        """
        self._bad_requests = self._bad_requests + 1 if status == 400 else 0
        if not had_session:
            return False
        return status in (404, 410) or (
            status == 400 and (self._bad_requests > 1 or SESSION.search(body) is not None)
        )
