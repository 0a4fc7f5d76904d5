"""How users get into the MCP server: by token or by password, by what it says and what was asked for."""

from __future__ import annotations

from collections.abc import Container

from actors.answer import Answer, Json, WrongAnswer
from actors.errors import CallError, Outcome, SetupError
from actors.login.basic import Nobody
from actors.login.client import OAuthClient
from actors.login.plan import AuthPlan
from actors.login.provisioning import CHECK, LOOK, LOOK_ARGUMENTS, PROVISION
from actors.ports import Connector, Credentials, Person, ToolSession
from actors.secret import Secret
from sim.config.model import AuthMode, LoginOptions

READ_NOTE = "nc_notes_get_note"


def is_sought(person: Person, tool: str, error: CallError) -> bool:
    """Whether a failure in set-up is the answer that it asks for: nobody is refused, and so is who reads
    another's note; and not every server knows of grants. Such a call is no error in any figure."""
    if tool == CHECK and error.outcome in (Outcome.TOOL_ERROR, Outcome.PROTOCOL_ERROR):
        return True
    return _is_refusal(error) if not person.uid else tool == READ_NOTE and _hides(error)


def check_mode(asked: AuthMode, plan: AuthPlan | None, mcp_url: str, *, accounts_stay: bool = False) -> None:
    """Raises SetupError where the server wants something else than was asked for.

    Args:
        accounts_stay: they are people's own: that their passwords are shown to the MCP server takes a word
            of the person who runs this; the server's word is not enough.
    """
    if plan is None and asked in (AuthMode.OAUTH, AuthMode.LOGIN_FLOW):
        raise SetupError(
            f"the MCP server at {mcp_url} asks nobody for a token: it takes passwords, or serves a single "
            f"user; leave out --auth {asked.value}"
        )
    if plan is None and asked is AuthMode.AUTO and accounts_stay:
        raise SetupError(
            f"the MCP server at {mcp_url} asks for no tokens, so it would be shown the passwords of "
            "--accounts themselves: say --auth basic if they are meant for it"
        )
    if plan is not None and asked is AuthMode.BASIC:
        raise SetupError(f"the MCP server at {mcp_url} wants tokens, not passwords; leave out --auth basic")


async def check_takes_passwords(connector: Connector, mcp_url: str) -> None:
    """Call a tool as nobody: a server that takes passwords refuses, one that does not serves one user.

    Raises SetupError where the call succeeds, or where no tool has answered.
    """
    is_open = False
    try:
        async with connector.open_session(Person("", Secret("")), Nobody()) as session:
            is_open = True
            await session.call_tool(LOOK, LOOK_ARGUMENTS)
    except CallError as error:
        if _is_refusal(error):
            return
        match error.outcome:
            case Outcome.TOOL_ERROR:
                raise SetupError(
                    f"whether the MCP server at {mcp_url} takes passwords cannot be seen: {error}"
                ) from error
            case Outcome.PROTOCOL_ERROR if is_open and not str(error).startswith("invalid answer"):
                # That is how a server says that it has no such tool (JSON-RPC -32601, -32602).
                raise SetupError(f"{mcp_url} lacks tools: {LOOK} ({error})") from error
            case Outcome.PROTOCOL_ERROR:
                raise SetupError(f"{mcp_url} does not answer like an MCP endpoint: {error}") from error
            case _:
                raise SetupError(f"cannot reach the MCP server at {mcp_url}: {error}") from error
    raise SetupError(
        f"the MCP server at {mcp_url} lets everybody in, and as the same user: "
        "it serves a single user, and a crowd needs a mode for many"
    )


async def check_users_differ(
    connector: Connector, first: tuple[Person, Credentials], second: tuple[Person, Credentials], title: str
) -> None:
    """What one of two users keeps to themselves, the other one must not see.

    Raises SetupError where they see it, or where one of them is not let in. Cancelled, it leaves a
    note of this title.
    """
    one, other = first[0].uid, second[0].uid
    try:
        async with connector.open_session(*first) as ours, connector.open_session(*second) as theirs:
            for uid, session in ((one, ours), (other, theirs)):
                await check_is_let_in(session, uid)
            text = {"title": title, "content": "To see that users differ.", "category": ""}
            note = Answer(await ours.call_tool("nc_notes_create_note", text))["id"]
            try:
                sees_it = await can_read(theirs, note)
            finally:
                await ours.call_tool("nc_notes_delete_note", {"note_id": note})  # noqa: ASYNC102 (may be cut off)
    except (CallError, WrongAnswer) as error:
        raise SetupError(f"whether {one} and {other} differ cannot be seen: {error}") from error
    if sees_it:
        raise SetupError(
            f"{one} and {other} are the same user for the MCP server: it does not heed passwords"
        )


async def check_is_let_in(session: ToolSession, uid: str) -> None:
    """Raises SetupError where the server refuses their credentials, CallError where it fails otherwise."""
    try:
        await session.call_tool(LOOK, LOOK_ARGUMENTS)
    except CallError as error:
        if error.outcome is not Outcome.AUTHORIZATION:
            raise
        raise SetupError(f"the MCP server does not accept the password of {uid}: {error}") from error


async def check_lets_in(connector: Connector, person: Person, credentials: Credentials) -> None:
    """Show the server this user's password, once. Raises SetupError where it is not accepted."""
    try:
        async with connector.open_session(person, credentials) as session:
            await check_is_let_in(session, person.uid)
    except CallError as error:
        raise SetupError(f"a first session of {person.uid} failed: {error}") from error


async def can_read(session: ToolSession, note: Json) -> bool:
    """Whether the tool shows this note. Raises CallError where it answers neither way."""
    try:
        await session.call_tool(READ_NOTE, {"note_id": note})
    except CallError as error:
        if _hides(error):
            return False
        # Anything else that failed would have failed for the owner as well: it says nothing.
        raise
    return True


def _hides(error: CallError) -> bool:
    return error.says(403, 404)


def _is_refusal(error: CallError) -> bool:
    """Trouble is none."""
    is_trouble = not error.answered or (error.status or 0) >= 500
    return error.outcome is Outcome.AUTHORIZATION or (error.outcome is Outcome.TOOL_ERROR and not is_trouble)


def needs_provisioning(asked: AuthMode, offered: Container[str], mcp_url: str) -> bool:
    """Whether users have to grant the server access first, by the tools that are `offered`.

    Raises SetupError where that was asked for and cannot be done.
    """
    if asked is AuthMode.LOGIN_FLOW and PROVISION not in offered:
        raise SetupError(f"{mcp_url} has no tool {PROVISION}: leave out --auth login-flow")
    return asked in (AuthMode.AUTO, AuthMode.LOGIN_FLOW) and PROVISION in offered


def named_client(options: LoginOptions) -> OAuthClient | None:
    """The client that a person has made, and named."""
    if options.client_id is None:
        return None
    return OAuthClient(options.client_id, options.client_secret, is_static=True)


def login_text(plan: AuthPlan | None, why_driver: str, must_grant: bool) -> str:
    """How users get in, for the report."""
    if plan is None:
        return "name and password with every request"
    granted = "; each granted the MCP server access to their account" if must_grant else ""
    return f"{why_driver}; authorization server found through {plan.why}{granted}"
