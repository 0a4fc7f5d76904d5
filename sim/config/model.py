"""Everything a run was asked to do, as frozen values, checked once before anything is created.

Durations are seconds, sizes bytes, probabilities 0..1. The command line, the environment and
scenario files are read elsewhere; what reaches these classes is already parsed.

A field that is one option's value is that option's row: `row(heading, type, help, default)`. Options of
which a builder makes something else stand in `sim.config.options`, which also has the whole table.
"""

# ruff: noqa: E501, RUF009 (a table reads best with one row a line; a row is a field of attrs)

from __future__ import annotations

import enum
from pathlib import Path

import attrs

from actors.protocol import ProtocolChoice
from actors.secret import Secret
from sim.config import option_types as types
from sim.config.grammar.distribution import Distribution
from sim.config.grammar.region import Region
from sim.config.grammar.report_file import ReportFile
from sim.config.grammar.server_model import USUAL_SERVER, ServerModel
from sim.config.grammar.shapes import Profile
from sim.config.grammar.threshold import Threshold
from sim.config.known_arguments import KnownArguments
from sim.config.option import Section as _S
from sim.config.option import row, rows
from sim.config.share import ShareOfCrowd
from sim.config.sought import Sought
from sim.config.standin_words import StandinWords

__all__ = [
    "AuthMode",
    "Casting",
    "ClientKind",
    "Config",
    "Group",
    "Load",
    "LoginDriver",
    "LoginOptions",
    "OnLost",
    "Output",
    "Region",
    "ReportFile",
    "ServerModel",
    "StandinWords",
    "StoryOptions",
    "Target",
    "UserOptions",
]

BROWSERS = ("chromium", "firefox", "webkit")


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


class OnLost(enum.StrEnum):
    """What becomes of a run when one of its shards is lost."""

    DEGRADE = "degrade"
    STOP = "stop"


class Casting(enum.StrEnum):
    """Whom a workflow is cast from: the leading user's own group, or everybody on stage."""

    GROUP = "group"
    ALL = "all"


# fmt: off
@attrs.frozen
class Target:
    """The servers of a run. `mcp_url` and `nextcloud_url` None: the built-in stand-in.

    `virtual`: in-process on the virtual clock; no sockets, no login. `login_origins`: origins beside
    Nextcloud's that passwords may be typed into. `plain_http`: secrets may travel in the clear.
    """

    mcp_url: str | None = None
    nextcloud_url: str | None = None
    admin: str = row(_S.TARGET, types.TEXT, "Its admin account.", "admin", name="nextcloud_username", variable="NEXTCLOUD_USERNAME", flag=False)
    admin_password: Secret = attrs.Factory(lambda: Secret(""))
    ca_file: Path | None = row(_S.TARGET, types.READABLE, "Trust the authorities in this file.")
    insecure: bool = row(_S.TARGET, types.FLAG, "Do not check certificates.", False)
    assume_yes: bool = row(_S.TARGET, types.FLAG, "Do not ask before loading a host that is not this one.", False, name="yes", filed=False)
    virtual: bool = row(_S.VIRTUAL, types.FLAG, "Run on a virtual clock against the stand-in, in this process.", False)
    login_origins: tuple[str, ...] = rows(_S.LOGIN, types.ORIGIN, "Passwords may be typed there too, beside NEXTCLOUD_HOST: https://sso.example.org.", name="login_origin")
    plain_http: bool = row(_S.TARGET, types.FLAG, "Send passwords and tokens to other hosts without encryption (http).", False)

    @property
    def is_standin(self) -> bool:
        return self.mcp_url is None


@attrs.frozen
class LoginOptions:
    """`auth`, `driver` and the browser; `client_id`/`client_secret` name a static OAuth client."""

    auth: AuthMode = row(_S.LOGIN, types.member(AuthMode, "authentication"), "How users prove who they are.", AuthMode.AUTO)
    driver: LoginDriver = row(_S.LOGIN, types.member(LoginDriver, "login"), "Who fills in the login page.", LoginDriver.AUTO, name="login")
    browser: str = row(_S.LOGIN, types.choice(BROWSERS, "browser"), "Which browser.", "chromium")
    headed: bool = row(_S.LOGIN, types.FLAG, "Show the browser.", False)
    client_id: str | None = row(_S.LOGIN, types.TEXT, "An OAuth client that exists, with redirect URI http://127.0.0.1:33418/callback; its secret: SIMULATE_CLIENT_SECRET.")
    client_secret: Secret | None = row(_S.LOGIN, types.SECRET, "Secret of that OAuth client.", flag=False, filed=False)


@attrs.frozen
class UserOptions:
    """Whose accounts are used.

    Attributes:
        accounts: a file of existing ones, never created or deleted.
        listed: what stands in it, where the file itself is elsewhere: log-in names and passwords.
        setup_concurrency: how many log in at the same time, and are removed.
        creation_concurrency: how many are created at the same time; more than two make a real
            Nextcloud dead-lock in its address book, and are no faster.
        mail_domain: of the addresses of those who are created: each share makes the server send a mail.
    """

    count: int = 2
    listed: tuple[tuple[str, Secret], ...] = ()
    prefix: str = row(_S.LOGIN, types.PREFIX, "Users are named NAME_user_1, NAME_user_2, …", "loadtest", name="user_prefix")
    accounts: Path | None = row(_S.LOGIN, types.READABLE, "Use existing accounts: a user name and password a line.")
    setup_concurrency: int = row(_S.LOGIN, types.count(1, 1000), "Users logged in at the same time, and created (2, if nothing is said).", 4)
    cleanup: bool = row(_S.LOGIN, types.FLAG, "Remove the users at the end.", True, negated=True)
    creation_concurrency: int = 2
    mail_domain: str = row(_S.LOGIN, types.MAIL_DOMAIN, "Domain of their addresses: each share makes the server send a mail.", "benchmark.local")


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
    cast: Casting = row(_S.STORIES, types.member(Casting, "casting"), "Whom a workflow is cast from: the leading user's own group, or all on stage.", Casting.GROUP, grouped=True)


@attrs.frozen
class Load:
    """What is asked of the server, and when.

    Attributes:
        iterations: it ends after so many workflows.
        share: which part of the crowd of several processes this is; all else here is of this part alone.
    """

    groups: tuple[Group, ...]
    regions: tuple[Region, ...] = rows(_S.LOAD, types.REGION, "Where users sit: eu=60%:rtt=20ms,jitter=5ms,loss=0.5%.", name="region")
    warmup_s: float = row(_S.LOAD, types.duration(), "The same load before, not measured.", 5.0, short="-w")
    iterations: int | None = row(_S.LOAD, types.count(1, 10**9), "End after so many workflows, not after a time.")
    call_timeout_s: float = row(_S.LOAD, types.duration(zero=False), "The longest one call may take.", 30.0)
    grace_s: float = row(_S.LOAD, types.duration(), "How long running workflows may take to finish at the end.", 10.0)
    max_lag_s: float = row(_S.LOAD, types.duration(zero=False), "Drop an arrival that finds no free user within this time.", 5.0)
    shards: int = row(_S.LOAD, types.SHARDS, "Drive the crowd from so many processes; auto: one a core.", 1)
    cluster: str | None = row(_S.LOAD, types.CLUSTER, "Drive it from the processes of a Dask cluster: tls://HOST:8786.")
    on_lost: OnLost = row(_S.LOAD, types.member(OnLost, "way"), "When a shard is lost: go on without it, or stop.", OnLost.DEGRADE)
    seed: int = 0
    share: ShareOfCrowd = ShareOfCrowd()


@attrs.frozen
class StoryOptions:
    """What workflows may be told.

    Attributes:
        tools: weights of tools that are called without a story; None: none are.
        tools_may_write: also those that are not known to change nothing.
        arguments: what such tools are called with; what is not in it is made from their schemas.
    """

    files: tuple[Path, ...] = rows(_S.STORIES, types.READABLE, "A Python file with workflows of one's own.", name="workflows")
    tools: dict[str, float] | None = row(_S.STORIES, types.TOOLS, "Call tools without a story too, or alone: nc_calendar_list_events=3,nc_contacts_list=1.")
    tools_may_write: bool = row(_S.STORIES, types.FLAG, "Of --tools, call also those that may change something.", False)
    collaborators: int = row(_S.STORIES, types.count(1, 1000), "Most users in one collaborative workflow.", 3)
    file_size: int = row(_S.STORIES, types.SIZE, "Size of shared files: 400, 64KiB, 1MB.", 400)
    propagation_timeout_s: float = row(_S.STORIES, types.duration(zero=False), "How long to look for a share before it counts as stale.", 10.0)
    skip_unsupported: bool = row(_S.STORIES, types.FLAG, "Leave out workflows whose tools the server lacks.", False)
    allow_violations: bool = row(_S.STORIES, types.FLAG, "Wrong contents do not set the exit code.", False)
    fail_fast: bool = row(_S.STORIES, types.FLAG, "Stop at the first bug in a workflow of one's own.", False)
    arguments: KnownArguments = KnownArguments()


@attrs.frozen
class Output:
    """Where the results go. `command`: the words that repeat the run, without destinations and secrets."""

    json_file: Path | None = row(_S.LIMITS, types.FILE, "Write the results there, as JSON.", name="output", short="-o")
    quiet: bool = row(_S.LIMITS, types.FLAG, "Print nothing but errors.", False)
    verbose: bool = row(_S.LIMITS, types.FLAG, "Log more, to stderr.", False, short="-v")
    ledger: Path | None = row(_S.LIMITS, types.FILE, "Where to note what was created; default: the user's state directory.")
    reports: tuple[ReportFile, ...] = rows(_S.LIMITS, types.REPORT, "Write them there in another format: text:run.txt, markdown:run.md; - is standard output.", name="report")
    live: bool = row(_S.LIMITS, types.FLAG, "Serve the report while the run goes on; its address is printed.", False)
    live_host: str = row(_S.LIMITS, types.ADDRESS, "Serve it there; beyond this machine it only shows, and wants --yes.", "127.0.0.1")
    live_port: int | None = row(_S.LIMITS, types.count(1, 65535), "Serve it at this port, not at any that is free.")
    serve_for_s: float = row(_S.LIMITS, types.duration(), "Go on serving the report for so long after the run.", 0.0, name="serve_for")
    metrics_token_file: Path | None = row(_S.LIMITS, types.READABLE, "Who sends the token in this file may read /metrics there.")
    history: bool = row(_S.LIMITS, types.FLAG, "Keep the results in the history.", True, negated=True)
    history_limit: int = row(_S.LIMITS, types.count(1, 100_000), "Results kept in the history, beside pinned ones and baselines.", 200)
    label: str | None = row(_S.LIMITS, types.LABEL, "A name for this run and others like it, to compare by.")
    trace_share: float = row(_S.LIMITS, types.PERCENTAGE, "Ask servers to record the calls of so many workflows as traces: 1%.", 0.0, name="trace")
    command: tuple[str, ...] = ()

    @property
    def has_page(self) -> bool:
        """Whether the report is served: one of the options about that was given."""
        asked = (self.live, self.live_port is not None, self.serve_for_s > 0, self.metrics_token_file is not None)
        return any(asked) or self.live_host != "127.0.0.1"

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
    client: ClientKind = row(_S.TARGET, types.member(ClientKind, "client"), "Which MCP client carries the calls: our own, or the SDK's.", ClientKind.WIRE)
    protocol: ProtocolChoice = row(_S.TARGET, types.member(ProtocolChoice, "protocol"), "Generation of MCP: sessions (2025), or none (2026).", ProtocolChoice.AUTO)
    thresholds: tuple[Threshold, ...] = ()
    sought: Sought | None = None
    """What is searched for, instead of a load that is followed."""
    standin_options: StandinWords = StandinWords()
    """What the built-in stand-in was told (`fault=…`), and the options that it makes."""
    server_model: ServerModel = row(_S.VIRTUAL, types.SERVER_MODEL, "Its speed: servers=4,service=lognormal:30ms,0.5,TOOL=exp:10ms.", USUAL_SERVER)

    @property
    def crowd(self) -> int:
        """How many users there are, of all shards together."""
        return sum(self.load.share.crowd) or self.users.count
