"""What goes wrong between a user and the MCP server, as the errors that calls end with."""

from __future__ import annotations

import ssl

from actors.errors import CallError, CredentialsRejected, Outcome, SessionLost


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
    return CallError(Outcome.TRANSPORT_ERROR, text, reason="timeout", answered=False)


def invalid_answer(why: object) -> CallError:
    """An answer that is no valid message of the protocol."""
    return CallError(Outcome.PROTOCOL_ERROR, f"invalid answer: {why}"[:300])


def status_error(status: int, retry_after: str, *, had_session: bool) -> CallError:
    """What an HTTP status that is no success means for the call (MCP 2025-06-18, Streamable HTTP).

    Args:
        retry_after: the header of that name (RFC 9110, 10.2.3); only seconds are understood.
        had_session: whether the request named a session: then a 404 is the session's.
    """
    text = f"the MCP server answered HTTP {status}"
    if status == 401:
        return CredentialsRejected(Outcome.AUTHORIZATION, text, status=status)
    if status == 403:
        return CallError(Outcome.AUTHORIZATION, text, status=status)
    if status == 404 and had_session:
        return SessionLost(Outcome.TRANSPORT_ERROR, "the MCP server has forgotten the session", status=status)
    retry_after_s = float(retry_after) if retry_after.isdecimal() else None
    return CallError(Outcome.TRANSPORT_ERROR, text, status=status, retry_after_s=retry_after_s)
