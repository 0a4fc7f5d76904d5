"""How users get into the MCP server: by token or by password, by what it says and what was asked for."""

from __future__ import annotations

from actors.answer import Answer
from actors.errors import CallError, LoginError, SetupError
from actors.login.basic import Nobody
from actors.login.plan import AuthPlan
from actors.login.provisioning import LOOK, LOOK_ARGUMENTS, PROVISION
from actors.ports import Connector, Credentials, Person
from actors.secret import Secret
from sim.config import AuthMode


def check_mode(asked: AuthMode, plan: AuthPlan | None, mcp_url: str) -> None:
    """Raises SetupError where the server wants something else than was asked for."""
    if plan is None and asked in (AuthMode.OAUTH, AuthMode.LOGIN_FLOW):
        raise SetupError(
            f"the MCP server at {mcp_url} asks nobody for a token: it takes passwords, or serves a single "
            f"user; leave out --auth {asked.value}"
        )
    if plan is not None and asked is AuthMode.BASIC:
        raise SetupError(f"the MCP server at {mcp_url} wants tokens, not passwords; leave out --auth basic")


async def check_takes_passwords(connector: Connector, mcp_url: str) -> None:
    """Call a tool as nobody: a server that takes passwords refuses, one that does not serves one user.

    Raises SetupError where the call succeeds, or the server cannot be reached.
    """
    try:
        async with connector.open_session(Person("", Secret("")), Nobody()) as session:
            await session.call_tool(LOOK, LOOK_ARGUMENTS)
    except CallError as error:
        if error.reason in ("connect", "cut", "timeout"):
            raise SetupError(f"cannot reach the MCP server at {mcp_url}: {error}") from error
        return
    raise SetupError(
        f"the MCP server at {mcp_url} lets everybody in, and as the same user: "
        "it serves a single user, and a crowd needs a mode for many"
    )


async def check_users_differ(
    connector: Connector, first: tuple[Person, Credentials], second: tuple[Person, Credentials], title: str
) -> None:
    """What one of two users keeps to himself, the other one must not see. Raises SetupError."""
    try:
        async with (
            connector.open_session(*first) as one,
            connector.open_session(*second) as other,
        ):
            text = {"title": title, "content": "To see that users differ.", "category": ""}
            note = Answer(await one.call_tool("nc_notes_create_note", text))["id"]
            try:
                await other.call_tool("nc_notes_get_note", {"note_id": note})
            except CallError:
                return
            finally:
                await one.call_tool("nc_notes_delete_note", {"note_id": note})  # noqa: ASYNC102 (may be cut off)
    except (CallError, LoginError) as error:
        raise SetupError(f"a first look as {first[0].uid} failed: {error}") from error
    raise SetupError(
        f"{first[0].uid} and {second[0].uid} are the same user for the MCP server: it does not heed passwords"
    )


def needs_provisioning(asked: AuthMode, offered: frozenset[str] | None, mcp_url: str) -> bool:
    """Whether users have to grant the server access first. Raises SetupError where they cannot.

    Args:
        offered: its tools; None where they could not be looked up.
    """
    offers = offered is not None and PROVISION in offered
    if asked is AuthMode.LOGIN_FLOW and offered is not None and not offers:
        raise SetupError(f"{mcp_url} has no tool {PROVISION}: leave out --auth login-flow")
    return offers if asked is AuthMode.AUTO else asked is AuthMode.LOGIN_FLOW


def login_text(plan: AuthPlan | None, why_driver: str, must_grant: bool) -> str:
    """How users get in, for the report."""
    if plan is None:
        return "name and password with every request"
    granted = "; each granted the MCP server access to his account" if must_grant else ""
    return f"{why_driver}; authorization server found through {plan.why}{granted}"
