"""`simulate capacity`: how many users a server carries."""

from __future__ import annotations

from typing import Any

import attrs
import click

from sim.cli.command_line import repeated_command
from sim.cli.configured import agreed, read_settings, read_stories, say_assumptions
from sim.cli.parser import TableOption, command, table_options
from sim.config import option_types as types
from sim.config.layers import read_value
from sim.config.model import Config
from sim.config.option import Option, Section, option, options
from sim.config.options import ARRIVALS, DRY_RUN, DURATION, OPTIONS, PROFILE, STAGE, THRESHOLD, USERS
from sim.config.sought import SearchBy

LIMIT = options(
    "limit", Section.LIMITS, types.THRESHOLD, "What must hold: 'calls: p(95)<1s', 'errors: rate<1%', …"
)
MAX_USERS = option("max_users", Section.LOAD, types.count(1), "No more users than these.", 500)
WITHIN = option("within", Section.LOAD, types.duration(zero=False), "The best answer after so long.", 1200.0)
BY = option(
    "by", Section.LOAD, types.choice([by.value for by in SearchBy], "way"), "What is raised.", "users"
)
OWN: tuple[Option[Any], ...] = (LIMIT, MAX_USERS, WITHIN, BY)
USUAL_LIMITS = ("calls: p(95)<1s", "errors: rate<1%", "violations: count==0")
SAYS_THE_LOAD = {each.name for each in (USERS, DURATION, STAGE, ARRIVALS, PROFILE, THRESHOLD, DRY_RUN)}
"""Options of a run that a search answers itself, or has another word for."""


def capacity_command() -> click.Command:
    """For click."""
    names = [o.name for o in OPTIONS if o.name not in {*SAYS_THE_LOAD, "iterations"}]
    params: list[click.Parameter] = [*map(TableOption, OWN), *table_options(names)]
    return command(
        "capacity", capacity, params, "Find the most users that a server carries within its limits."
    )


def capacity(**flags: Any) -> int:
    """Raises UsageError."""
    own = {each.name: flags.pop(each.name) for each in OWN}
    config = sought_config(flags, own)
    if not config.output.quiet:
        click.echo(f"Seed {config.load.seed}", err=True)
    words = repeated_command(flags, config.load.seed)
    said = [word for each in OWN for word in words_of(each, own[each.name])]
    output = attrs.evolve(config.output, command=(words[0], "capacity", *said, *words[1:]))
    from sim import app

    return int(app.run(attrs.evolve(config, output=output)))


def sought_config(flags: dict[str, Any], own: dict[str, Any]) -> Config:
    """The run that searches. Raises UsageError."""
    from sim.config.build_sought import with_search

    by, max_users = SearchBy(value_of(BY, own)), value_of(MAX_USERS, own)
    for text in own[LIMIT.name]:
        read_value(LIMIT, [text], LIMIT.switch)
    merged = read_settings({**flags, THRESHOLD.name: own[LIMIT.name]})
    limits = own[LIMIT.name] if merged[THRESHOLD] else USUAL_LIMITS
    load: dict[str, Any] = {}
    if not merged.groups:
        load[USERS.name] = str(max_users)
        load[ARRIVALS.name] = ("60s:1/s",) if by is SearchBy.ARRIVALS else ()
    merged = read_settings({**flags, THRESHOLD.name: limits, **load})
    config = agreed(merged)
    if not config.output.quiet:
        say_assumptions(merged, config)
    roles = read_stories(config.stories).roles_min
    return with_search(config, by, max_users, value_of(WITHIN, own), roles)


def value_of(own: Option[Any], said: dict[str, Any]) -> Any:
    """Raises UsageError."""
    text = said[own.name]
    return own.default if text is None else read_value(own, [text], own.switch).value


def words_of(own: Option[Any], said: Any) -> list[str]:
    """As it was said."""
    texts = said if isinstance(said, tuple) else () if said is None else (said,)
    return [word for text in texts for word in (own.switch, text)]
