"""Every option of a run: flags, environment, scenario files, schema and help all come from here."""

# ruff: noqa: E501 (a table reads best with one row a line)

from __future__ import annotations

import enum
from typing import Any

import attrs

from actors.protocol import ProtocolChoice
from sim.config import option_types as kinds
from sim.config.grammar.distribution import Distribution, Shape
from sim.config.grammar.server_model import ServerModel
from sim.config.model import AuthMode, Casting, ClientKind, LoginDriver
from sim.config.option_types import Kind

WORKLOADS = ("mixed", "sharing", "collaboration", "baseline")
BROWSERS = ("chromium", "firefox", "webkit")
USUAL_SERVER = ServerModel(4, Distribution(Shape.LOGNORMAL, 0.03, 0.5))
ENVIRONMENT_PREFIX = "SIMULATE_"


class Section(enum.StrEnum):
    """Headings of the help."""

    LOAD = "Load"
    STORIES = "Workflows"
    TARGET = "Servers"
    LOGIN = "Users and their login"
    LIMITS = "Limits and results"
    VIRTUAL = "Virtual time and the built-in stand-in"


@attrs.frozen
class Option:
    """One thing that can be said about a run.

    Attributes:
        name: the key in scenario files; with dashes the flag, in capitals the environment variable.
        default: a value, not a text; None: nothing.
        many: may be said several times; its value is a tuple.
        joined: may be said several times; the texts are read as one, with commas between them.
        short: a one-letter flag, and a second name where the flag has one.
        variable: name of the environment variable where it is not SIMULATE_{NAME}.
        flag: may be said on the command line. Secrets may not: every process list would show them.
        filed: may be said in a scenario file.
        grouped: may be said for one group of users there.
        negated: there is a `--no-` flag.
    """

    name: str
    section: Section
    kind: Kind
    help: str
    default: Any = None
    many: bool = False
    joined: bool = False
    short: str = ""
    variable: str = ""
    flag: bool = True
    filed: bool = True
    grouped: bool = False
    negated: bool = False

    @property
    def switch(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def environment(self) -> str:
        return self.variable or ENVIRONMENT_PREFIX + self.name.upper()

    @property
    def secret(self) -> bool:
        return self.kind is kinds.SECRET


_S = Section
OPTIONS: tuple[Option, ...] = (
    Option("users", _S.LOAD, kinds.count(1), "Users on stage, or at hand for --arrivals.", 2, short="-u", grouped=True),
    Option("duration", _S.LOAD, kinds.duration(zero=False), "How long to measure: 250ms, 30s, 5m30s.", 30.0, short="-d"),
    Option("warmup", _S.LOAD, kinds.duration(), "The same load before, not measured.", 5.0, short="-w"),
    Option("stage", _S.LOAD, kinds.STAGES, "Ramp to so many users: 30s:50, or 10s:20,30s:20,5s:0.", joined=True, grouped=True),
    Option("arrivals", _S.LOAD, kinds.ARRIVALS, "Let workflows arrive, ramping to a rate: 2m:20/s.", joined=True, grouped=True),
    Option("profile", _S.LOAD, kinds.PROFILE, "A shape by name: spike:base=5,peak=50; with /s it is one of arrivals.", grouped=True),
    Option("pacing", _S.LOAD, kinds.choice(("poisson", "even"), "pacing"), "How arrivals are spread.", "poisson"),
    Option("iterations", _S.LOAD, kinds.count(1, 10**9), "End after so many workflows, not after a time."),
    Option("think", _S.LOAD, kinds.DISTRIBUTION, "Pause between workflows: 50ms, exp:2s, uniform:1s-3s, lognormal:2s,0.6 (median, sigma).", Distribution.constant(0.05), grouped=True),
    Option("grace", _S.LOAD, kinds.duration(), "How long running workflows may take to finish at the end.", 10.0),
    Option("max_lag", _S.LOAD, kinds.duration(zero=False), "Drop an arrival that finds no free user within this time.", 5.0),
    Option("call_timeout", _S.LOAD, kinds.duration(zero=False), "The longest one call may take.", 30.0),
    Option("seed", _S.LOAD, kinds.count(0, 2**63 - 1), "Repeat the draws of another run; random when absent."),
    Option("region", _S.LOAD, kinds.REGION, "Where users sit: eu=60%:rtt=20ms,jitter=5ms,loss=0.5%.", many=True),
    Option("scenario", _S.LOAD, kinds.READABLE, "Read all this from a TOML file; flags win.", filed=False),
    Option("workload", _S.STORIES, kinds.choice(WORKLOADS, "workload"), "Which workflows are played.", "mixed", grouped=True),
    Option("mix", _S.STORIES, kinds.MIX, "One's own: note_share=3,baseline=1.", grouped=True),
    Option("workflows", _S.STORIES, kinds.READABLE, "A Python file with workflows of one's own.", many=True),
    Option("collaborators", _S.STORIES, kinds.count(1, 1000), "Most users in one collaborative workflow.", 3),
    Option("file_size", _S.STORIES, kinds.SIZE, "Size of shared files: 400, 64KiB, 1MB.", 400),
    Option("propagation_timeout", _S.STORIES, kinds.duration(zero=False), "How long to look for a share before it counts as stale.", 10.0),
    Option("skip_unsupported", _S.STORIES, kinds.FLAG, "Leave out workflows whose tools the server lacks.", False),
    Option("cast", _S.STORIES, kinds.choice([c.value for c in Casting], "casting", Casting), "Whom a workflow is cast from: the leading user's own group, or all on stage.", Casting.GROUP, grouped=True),
    Option("fail_fast", _S.STORIES, kinds.FLAG, "Stop at the first bug in a workflow of one's own.", False),
    Option("allow_violations", _S.STORIES, kinds.FLAG, "Wrong contents do not set the exit code.", False),
    Option("url", _S.TARGET, kinds.URL, "The MCP server. Without it and NEXTCLOUD_HOST: a built-in stand-in."),
    Option("nextcloud_host", _S.TARGET, kinds.URL, "The Nextcloud behind it.", variable="NEXTCLOUD_HOST", flag=False),
    Option("nextcloud_username", _S.TARGET, kinds.TEXT, "Its admin account.", "admin", variable="NEXTCLOUD_USERNAME", flag=False),
    Option("nextcloud_password", _S.TARGET, kinds.SECRET, "The admin's password.", variable="NEXTCLOUD_PASSWORD", flag=False, filed=False),
    Option("client", _S.TARGET, kinds.choice([c.value for c in ClientKind], "client", ClientKind), "Which MCP client carries the calls: our own, or the SDK's.", ClientKind.WIRE),
    Option("protocol", _S.TARGET, kinds.choice([p.value for p in ProtocolChoice], "protocol", ProtocolChoice), "Generation of MCP: sessions (2025), or none (2026).", ProtocolChoice.AUTO),
    Option("ca_file", _S.TARGET, kinds.READABLE, "Trust the authorities in this file."),
    Option("insecure", _S.TARGET, kinds.FLAG, "Do not check certificates.", False),
    Option("plain_http", _S.TARGET, kinds.FLAG, "Send passwords and tokens to other hosts without encryption (http).", False),
    Option("yes", _S.TARGET, kinds.FLAG, "Do not ask before loading a host that is not this one.", False, filed=False),
    Option("user_prefix", _S.LOGIN, kinds.PREFIX, "Users are named NAME_user_1, NAME_user_2, …", "loadtest"),
    Option("mail_domain", _S.LOGIN, kinds.MAIL_DOMAIN, "Domain of their addresses: each share makes the server send a mail.", "benchmark.local"),
    Option("accounts", _S.LOGIN, kinds.READABLE, "Use existing accounts: a user name and password a line."),
    Option("setup_concurrency", _S.LOGIN, kinds.count(1, 1000), "Users logged in at the same time, and created (2, if nothing is said).", 4),
    Option("cleanup", _S.LOGIN, kinds.FLAG, "Remove the users at the end.", True, negated=True),
    Option("auth", _S.LOGIN, kinds.choice([a.value for a in AuthMode], "authentication", AuthMode), "How users prove who they are.", AuthMode.AUTO),
    Option("login", _S.LOGIN, kinds.choice([d.value for d in LoginDriver], "login", LoginDriver), "Who fills in the login page.", LoginDriver.AUTO),
    Option("browser", _S.LOGIN, kinds.choice(BROWSERS, "browser"), "Which browser.", "chromium"),
    Option("headed", _S.LOGIN, kinds.FLAG, "Show the browser.", False),
    Option("login_origin", _S.LOGIN, kinds.ORIGIN, "Passwords may be typed there too, beside NEXTCLOUD_HOST: https://sso.example.org.", many=True),
    Option("client_id", _S.LOGIN, kinds.TEXT, "An OAuth client that exists, with redirect URI http://127.0.0.1:33418/callback; its secret: SIMULATE_CLIENT_SECRET."),
    Option("client_secret", _S.LOGIN, kinds.SECRET, "Secret of that OAuth client.", flag=False, filed=False),
    Option("threshold", _S.LIMITS, kinds.THRESHOLD, "Fail unless it holds: 'note_share: p(95)<500ms', 'errors: rate<1% abort after 30s'.", many=True),
    Option("output", _S.LIMITS, kinds.FILE, "Write the results there, as JSON.", short="-o"),
    Option("report", _S.LIMITS, kinds.REPORT, "Write them there in another format: text:run.txt, markdown:run.md; - is standard output.", many=True),
    Option("ledger", _S.LIMITS, kinds.FILE, "Where to note what was created; default: the user's state directory."),
    Option("quiet", _S.LIMITS, kinds.FLAG, "Print nothing but errors.", False),
    Option("verbose", _S.LIMITS, kinds.FLAG, "Log more, to stderr.", False, short="-v"),
    Option("dry_run", _S.LIMITS, kinds.FLAG, "Print what would be run, as a scenario file, and stop.", False, filed=False),
    Option("virtual", _S.VIRTUAL, kinds.FLAG, "Run on a virtual clock against the stand-in, in this process.", False),
    Option("server_model", _S.VIRTUAL, kinds.SERVER_MODEL, "Its speed: servers=4,service=lognormal:30ms,0.5,TOOL=exp:10ms.", USUAL_SERVER),
    Option("standin_fault", _S.VIRTUAL, kinds.TEXT, "Let the stand-in fail: KIND:PROBABILITY[:PARAM].", many=True),
    Option("standin_option", _S.VIRTUAL, kinds.TEXT, "Let the stand-in be otherwise: NAME=VALUE, as simulate standin --help names them.", many=True),
)  # fmt: skip
"""All of them, in the order of the help."""


def find(name: str) -> Option:
    """The option of this name, which is one of ours."""
    return next(option for option in OPTIONS if option.name == name)
