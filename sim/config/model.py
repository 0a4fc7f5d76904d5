"""Everything a run was asked to do, as frozen values, checked once before anything is created.

Durations are seconds, sizes bytes, probabilities 0..1. The command line, the environment and
scenario files are read elsewhere; what reaches these classes is already parsed.
"""

from __future__ import annotations

import enum
from pathlib import Path

import attrs

from actors.protocol import ProtocolChoice
from actors.secret import Secret
from sim.config.grammar.distribution import Distribution
from sim.config.grammar.region import Region
from sim.config.grammar.server_model import ServerModel
from sim.config.grammar.shapes import Profile
from sim.config.grammar.threshold import Threshold

__all__ = [
    "AuthMode",
    "Casting",
    "ClientKind",
    "Config",
    "Group",
    "Load",
    "LoginDriver",
    "LoginOptions",
    "Output",
    "Region",
    "ReportFile",
    "ServerModel",
    "StoryOptions",
    "Target",
    "UserOptions",
]


class AuthMode(enum.StrEnum):
    """How users prove who they are to the MCP server."""

    AUTO = "auto"
    OAUTH = "oauth"
    LOGIN_FLOW = "login-flow"
    BASIC = "basic"


class LoginDriver(enum.StrEnum):
    """Who sits in front of the login page."""

    AUTO = "auto"
    BROWSER = "browser"
    HTTP = "http"


class ClientKind(enum.StrEnum):
    """Which MCP transport carries the calls."""

    WIRE = "wire"
    SDK = "sdk"


@attrs.frozen
class Target:
    """The servers of a run. `mcp_url` and `nextcloud_url` None: the built-in stand-in.

    `virtual`: in-process on the virtual clock; no sockets, no login. `login_origins`: origins beside
    Nextcloud's that passwords may be typed into. `plain_http`: secrets may travel in the clear.
    """

    mcp_url: str | None = None
    nextcloud_url: str | None = None
    admin: str = "admin"
    admin_password: Secret = attrs.Factory(lambda: Secret(""))
    ca_file: Path | None = None
    insecure: bool = False
    assume_yes: bool = False
    virtual: bool = False
    login_origins: tuple[str, ...] = ()
    plain_http: bool = False

    @property
    def is_standin(self) -> bool:
        return self.mcp_url is None


@attrs.frozen
class LoginOptions:
    """`auth`, `driver` and the browser; `client_id`/`client_secret` name a static OAuth client."""

    auth: AuthMode = AuthMode.AUTO
    driver: LoginDriver = LoginDriver.AUTO
    browser: str = "chromium"
    headed: bool = False
    client_id: str | None = None
    client_secret: Secret | None = None


@attrs.frozen
class UserOptions:
    """Whose accounts are used.

    Attributes:
        accounts: a file of existing ones, never created or deleted.
        setup_concurrency: how many log in at the same time, and are removed.
        creation_concurrency: how many are created at the same time; more than two make a real
            Nextcloud dead-lock in its address book, and are no faster.
        mail_domain: of the addresses of those who are created: each share makes the server send a mail.
    """

    count: int = 2
    prefix: str = "loadtest"
    accounts: Path | None = None
    setup_concurrency: int = 4
    cleanup: bool = True
    creation_concurrency: int = 2
    mail_domain: str = "benchmark.local"


class Casting(enum.StrEnum):
    """Whom a workflow is cast from: the leading user's own group, or everybody on stage."""

    GROUP = "group"
    ALL = "all"


@attrs.frozen
class Group:
    """Users who behave alike.

    Attributes:
        profile: closed (users on stage) or open (arrivals a second) over time; of this group alone.
        mix: weight of each workflow by name.
        think: pause between two workflows of one user (closed model).
        users: how many the group needs: the peak of a closed profile, the users at hand of an open one.
        region: the name of the region they sit in; None: drawn by the regions' shares.
        cast: whom the workflows that they lead are cast from.
    """

    name: str
    profile: Profile
    mix: dict[str, float]
    think: Distribution
    users: int
    region: str | None = None
    cast: Casting = Casting.GROUP


@attrs.frozen
class Load:
    """What is asked of the server, and when."""

    groups: tuple[Group, ...]
    regions: tuple[Region, ...] = ()
    warmup_s: float = 5.0
    iterations: int | None = None
    call_timeout_s: float = 30.0
    grace_s: float = 10.0
    max_lag_s: float = 5.0
    seed: int = 0


@attrs.frozen
class StoryOptions:
    """What workflows may be told."""

    files: tuple[Path, ...] = ()
    collaborators: int = 3
    file_size: int = 400
    propagation_timeout_s: float = 10.0
    skip_unsupported: bool = False
    allow_violations: bool = False
    fail_fast: bool = False


@attrs.frozen
class ReportFile:
    """A file, and the name of the format in which the results go there."""

    format: str
    path: Path

    def __str__(self) -> str:
        return f"{self.format}:{self.path}"


@attrs.frozen
class Output:
    """Where the results go. `command`: the words that repeat the run, without destinations and secrets."""

    json_file: Path | None = None
    quiet: bool = False
    verbose: bool = False
    ledger: Path | None = None
    reports: tuple[ReportFile, ...] = ()
    command: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[ReportFile, ...]:
        """All that is written."""
        json_file = () if self.json_file is None else (ReportFile("json", self.json_file),)
        return (*json_file, *self.reports)


@attrs.frozen
class Config:
    """One run."""

    target: Target
    login: LoginOptions
    users: UserOptions
    load: Load
    stories: StoryOptions
    output: Output
    client: ClientKind = ClientKind.WIRE
    protocol: ProtocolChoice = ProtocolChoice.AUTO
    thresholds: tuple[Threshold, ...] = ()
    standin_options: tuple[str, ...] = ()
    """Further words for the built-in stand-in's command line (`--fault …`)."""
    server_model: ServerModel = attrs.Factory(ServerModel)
