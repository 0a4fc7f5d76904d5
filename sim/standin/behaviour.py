"""How a stand-in is to be: one typed table, of which flags, `--standin-option` and help are made."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import attrs
from attrs import validators

from sim.standin.faults.spec import FaultSpec
from sim.standin.tape.tape_file import read_tape

SECRETS = frozenset({"admin_password", "lever_token"})
"""Fields that are never said on a command line: every process list would show them."""
NOT_OF_NULL_MCP = ("login_flow", "tool_pause_s", "work_s", "maintenance", "faults")
"""What the endpoint of `null_mcp` would not heed."""
LANGUAGES = ("de", "fr", "ja", "en", "auto")


def option(help: str, default: Any, *checks: Any) -> Any:
    """A field of the table. Units stand in its name: `_s` is in seconds."""
    return attrs.field(default=default, validator=list(checks), metadata={"help": help})


def _secret(help: str, default: Any) -> Any:
    return attrs.field(default=default, repr=False, metadata={"help": help})


def _base_path(text: str) -> str:
    """A path with a slash before it and none behind it; "" for the root."""
    return f"/{text.strip('/')}" if text.strip("/") else ""


def _absolute(path: str) -> str:
    """The stand-in of a run is a process that works in another folder."""
    return str(Path(path).absolute()) if path else ""


def _is_tape(options: StandinOptions, field: attrs.Attribute[str], path: str) -> None:
    if path:
        read_tape(path)


_not_negative = validators.ge(0)
_probability = (validators.ge(0), validators.le(1))


@attrs.frozen
class StandinOptions:
    """Settings of one stand-in. What is said nowhere is as hard as a real Nextcloud, only faster.

    Raises ValueError for a value outside its range.
    """

    port: int = option("Where it listens; 0 takes a free port.", 0, _not_negative)
    host: str = option("The address that it listens at.", "127.0.0.1")
    admin: str = option("Name of its administrator.", "admin")
    admin_password: str = _secret("Of the administrator.", "admin")
    lever_token: str = _secret(
        "Opens /standin/*; a random one when absent.", attrs.Factory(secrets.token_urlsafe)
    )
    base_path: str = attrs.field(
        default="", converter=_base_path, metadata={"help": "Nextcloud lies below this path: /nextcloud."}
    )
    certificate: str = option("A file in PEM format; with --key it speaks https.", "")
    key: str = option("The certificate's key, in PEM format.", "")

    token_ttl_s: float = option("Lifetime of access tokens.", 900.0, _not_negative)
    refresh_ttl_s: float = option("Lifetime of refresh tokens.", 900.0, _not_negative)
    client_ttl_s: float = option(
        "OAuth clients that registered themselves expire after this.", 3600.0, _not_negative
    )
    max_clients: int = option("So many clients may have registered themselves.", 100, _not_negative)
    registrations_per_minute: int = option("Of OAuth clients, by address; 0 is no limit.", 10, _not_negative)
    audience_bound: bool = option("A token is good only for the MCP server that it was asked for.", True)
    well_known_redirect: bool = option("/.well-known/… answers 301 to /index.php/.well-known/….", True)

    basic: bool = option("The MCP endpoint takes passwords instead of bearer tokens.", False)
    login_flow: bool = option(
        "Tools work only for users who granted the server access to their account.", False
    )
    json_response: bool = option("Plain JSON on the MCP endpoint instead of events.", False)
    null_mcp: bool = option(
        "The MCP endpoint, on a port of its own, takes passwords and costs next to nothing: for thousands "
        "of users, and to see what a machine can drive.",
        False,
    )
    people: int = option(
        "So many users are there from the start: user_1, user_2 and so on, each with their name as password.",
        0,
        _not_negative,
    )
    tools_left_out: frozenset[str] = option("A tool that the server does not have.", frozenset())
    from_: str = attrs.field(
        default="",
        converter=_absolute,
        validator=_is_tape,
        metadata={"help": "A recording: tools that it does not have are answered as that holds them."},
    )
    tool_pause_s: float = option("What a tool takes between its read and its write.", 0.0, _not_negative)
    work_s: float = option(
        "What Nextcloud takes for a change; it goes on when its caller leaves.", 0.0, _not_negative
    )

    language: str = option(
        "Of the pages: de, fr, ja, en; auto follows the browser.", "de", validators.in_(LANGUAGES)
    )
    scripted_pages: bool = option("Forms of login and consent are built by JavaScript alone.", True)
    script_delay_s: float = option("What a page's script takes to get to work.", 0.05, _not_negative)
    email_login: bool = option("An e-mail address is as good as a name to log in.", True)
    deny_consent_for: frozenset[str] = option("A user whose consent is refused; * is everybody.", frozenset())
    login_loops_for: frozenset[str] = option(
        "A user whose login leads back to the login; * is everybody.", frozenset()
    )
    brute_force_s: float = option(
        "Delay after a first failed login; it doubles, up to 250 times; 0 is no protection.",
        0.001,
        _not_negative,
    )

    creation_s: float = option("A user comes into being in steps within this time.", 0.06, _not_negative)
    creation_failures: float = option(
        "Of creations while more than two run: how many answer 101 with half a user made.", 0.1, *_probability
    )
    password_policy: bool = option("Passwords want upper, lower, digit and special characters.", True)
    session_cookies: bool = option("Answers to Basic set a session, which then counts.", True)
    etag_race_s: float = option(
        "Two writes of a note with one etag within this time both pass.", 0.0, _not_negative
    )
    trash_bin: bool = option("What is deleted lies in the trash until it is deleted there.", True)
    maintenance: bool = option("In maintenance mode from the start.", False)

    faults: tuple[FaultSpec, ...] = option("What goes wrong on purpose: KIND:PROBABILITY[:PARAM].", ())
    fault_seed: int = option("Of the draws that decide what goes wrong.", 1)

    def __attrs_post_init__(self) -> None:
        said = attrs.asdict(self, recurse=False)
        other = [name for name in NOT_OF_NULL_MCP if said[name]]
        if self.null_mcp and other:
            raise ValueError(f"null_mcp has nothing that waits or goes wrong: leave out {', '.join(other)}")


def helps() -> dict[str, str]:
    """What the table says of each field that may be said on a command line."""
    return {
        field.name: field.metadata["help"]
        for field in attrs.fields(StandinOptions)
        if field.name not in SECRETS
    }
