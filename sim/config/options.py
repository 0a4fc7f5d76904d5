"""Every option of a run: flags, environment, scenario files, schema and help all come from this table.

Rows of the model come by themselves. Here stand the options of which a builder makes something else.
"""

# ruff: noqa: E501 (a table reads best with one row a line)

from __future__ import annotations

from typing import Any

from sim.config import option_types as types
from sim.config.grammar.distribution import Distribution
from sim.config.grammar.shapes import Profile
from sim.config.model import Config, Group, Load, LoginOptions, Output, StoryOptions, Target, UserOptions
from sim.config.option import Option, option, options, rows_of
from sim.config.option import Section as _S

WORKLOADS = ("mixed", "sharing", "collaboration", "baseline")
"""The names of `workflows.repertoire.MIXES`, which takes longer to import than help may take."""

# fmt: off
USERS = option("users", _S.LOAD, types.count(1), "Users on stage, or at hand for --arrivals.", 2, short="-u", grouped=True)
DURATION = option("duration", _S.LOAD, types.duration(zero=False), "How long to measure: 250ms, 30s, 5m30s.", 30.0, short="-d")
STAGE = option("stage", _S.LOAD, types.STAGES, "Ramp to so many users: 30s:50, or 10s:20,30s:20,5s:0.", joined=True, grouped=True)
ARRIVALS = option("arrivals", _S.LOAD, types.ARRIVALS, "Let workflows arrive, ramping to a rate: 2m:20/s.", joined=True, grouped=True)
PROFILE = option("profile", _S.LOAD, types.PROFILE, "A shape by name: spike:base=5,peak=50; with /s it is one of arrivals.", grouped=True)
PACING = option("pacing", _S.LOAD, types.choice(("poisson", "even"), "pacing"), "How arrivals are spread.", "poisson")
THINK = option("think", _S.LOAD, types.DISTRIBUTION, "Pause between workflows: 50ms, exp:2s, uniform:1s-3s, lognormal:2s,0.6 (median, sigma).", Distribution.constant(0.05), grouped=True)
SEED = option("seed", _S.LOAD, types.count(0, 2**63 - 1), "Repeat the draws of another run; random when absent.")
SCENARIO = option("scenario", _S.LOAD, types.READABLE, "Read all this from a TOML file; flags win.", filed=False)
WORKLOAD = option("workload", _S.STORIES, types.choice(WORKLOADS, "workload"), "Which workflows are played.", "mixed", grouped=True)
MIX = option("mix", _S.STORIES, types.MIX, "One's own: note_share=3,baseline=1.", grouped=True)
ARGUMENTS = option("arguments", _S.STORIES, types.READABLE, "What --tools are called with: a recording, or JSON: each tool with a list of arguments.")
URL = option("url", _S.TARGET, types.URL, "The MCP server. Without it and NEXTCLOUD_HOST: a built-in stand-in.")
NEXTCLOUD_HOST = option("nextcloud_host", _S.TARGET, types.URL, "The Nextcloud behind it.", variable="NEXTCLOUD_HOST", flag=False)
NEXTCLOUD_PASSWORD = option("nextcloud_password", _S.TARGET, types.SECRET, "The admin's password.", variable="NEXTCLOUD_PASSWORD", flag=False, filed=False)
THRESHOLD = options("threshold", _S.LIMITS, types.THRESHOLD, "Fail unless it holds: 'note_share: p(95)<500ms', 'errors: rate<1% abort after 30s'.")
DRY_RUN = option("dry_run", _S.LIMITS, types.FLAG, "Print what would be run, as a scenario file, and stop.", False, filed=False)
STANDIN_FAULT = options("standin_fault", _S.VIRTUAL, types.TEXT, "Let the stand-in fail: KIND:PROBABILITY[:PARAM].")
STANDIN_OPTION = options("standin_option", _S.VIRTUAL, types.TEXT, "Let the stand-in be otherwise: NAME=VALUE, as simulate standin --help names them.")
# fmt: on

SHAPES: tuple[Option[Profile | None], ...] = (STAGE, ARRIVALS, PROFILE)
"""Options that say the whole shape of the load. One of them stands for `duration` too."""
OWN: tuple[Option[Any], ...] = (
    *(USERS, DURATION, *SHAPES, PACING, THINK, SEED, SCENARIO),
    *(WORKLOAD, MIX, ARGUMENTS),
    *(URL, NEXTCLOUD_HOST, NEXTCLOUD_PASSWORD),
    *(THRESHOLD, DRY_RUN),
    *(STANDIN_FAULT, STANDIN_OPTION),
)
"""Those above."""
PARTS = (Load, StoryOptions, Group, Target, UserOptions, LoginOptions, Output, Config)
"""Where rows may stand."""
OPTIONS: tuple[Option[Any], ...] = (*OWN, *(row for part in PARTS for _, row in rows_of(part)))
"""The table: all of them, in the order of the help, section by section."""
_BY_NAME = {option.name: option for option in OPTIONS}


def find(name: str) -> Option[Any]:
    """The option of this name, which is one of ours. Raises KeyError."""
    return _BY_NAME[name]
