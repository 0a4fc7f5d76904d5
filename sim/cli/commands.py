"""What each command does. Everything beyond reading options is imported inside."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.cli.parser import GroupedHelp, table_options
from sim.config.layers import Layer, as_toml, defaults, from_environment, from_flags, merge, read_value
from sim.config.options import OPTIONS, Section, find
from sim.config.usage import UsageError
from sim.exit import ExitCode

if TYPE_CHECKING:
    from sim.config.build_load import Stories
    from sim.config.model import Config

NEXTCLOUD = ("nextcloud_host", "nextcloud_username", "nextcloud_password")
CLEANUP_OPTIONS = ("ledger", "accounts", "ca_file", "insecure", "plain_http", "mail_domain", "verbose")
"""Options of a run that its clean-up has too."""
SEED_END = 2**32
STANDIN_HELP = (
    "Run the stand-in for Nextcloud and its MCP server by itself: "
    "the password of its administrator comes from NEXTCLOUD_PASSWORD, "
    "the token that opens /standin/* from SIMULATE_LEVER_TOKEN."
)

Flags = dict[str, Any]


def all_commands() -> list[click.Command]:
    """All but the main job."""
    return [
        _command("cleanup", cleanup, _cleanup_options(), "Remove what runs left behind."),
        StandinCommand(
            "standin", callback=standin, help=STANDIN_HELP, short_help=STANDIN_HELP.partition(":")[0]
        ),
        _command(
            "profile", profile, table_options(), "Draw the load that these options plan, without running it."
        ),
        _command(
            "doctor",
            doctor,
            doctor_options(),
            "Check step by step whether a run can start, with two users.",
        ),
        _command(
            "tools", tools, doctor_options(), "List the tools of a server, and which workflows use them."
        ),
        _command("schema", schema, [], "Print the JSON Schema of scenario files."),
        _command("workflows", workflows, _files(required=False), "List the workflows: roles, steps, tools."),
        _command(
            "try", try_, [*_files(), *table_options()], "Play a file's workflow once, printing every step."
        ),
    ]


def simulate(flags: Flags) -> int:
    """The main job."""
    layer = read_settings(flags)
    config = make_config(layer)
    if flags.get("dry_run"):
        click.echo(as_toml(layer), nl=False)
        return ExitCode.OK
    _check_account(layer)
    _consent(config)
    _say_seed(config)
    from sim import app

    return int(app.run(config))


def cleanup(**flags: Any) -> int:
    """`simulate cleanup`."""
    options = [find(name) for name in CLEANUP_OPTIONS]
    said = {name: setting.value for name, setting in from_flags(flags, options).settings.items()}
    admin = {name: setting.value for name, setting in _nextcloud(os.environ).items()}
    prefix = flags["prefix"]
    if prefix is not None:
        prefix = read_value(find("user_prefix"), [prefix], "--prefix").value
    if not admin.get("nextcloud_host") or not (admin.get("nextcloud_password") or said.get("accounts")):
        raise UsageError("cleanup: where? Set NEXTCLOUD_HOST, NEXTCLOUD_USERNAME and NEXTCLOUD_PASSWORD")
    from actors.secret import Secret
    from sim.clean import command as cleaner
    from sim.config.build import why_in_the_clear
    from sim.live.logs import logged
    from sim.runtime import signals

    host, agreed = admin["nextcloud_host"], said.get("plain_http", False)
    if problem := why_in_the_clear("nextcloud_host", host, plain_http=agreed):
        raise UsageError(f"NEXTCLOUD_HOST: {problem}")
    signals.give_back()
    wanted = cleaner.CleanupOptions(
        host=host,
        admin=admin.get("nextcloud_username", "admin"),
        admin_password=admin.get("nextcloud_password", Secret("")),
        prefix=prefix,
        ledger=said.get("ledger"),
        dry_run=flags["dry_run"],
        accounts=said.get("accounts"),
        ca_file=said.get("ca_file"),
        insecure=said.get("insecure", False),
        mail_domain=said.get("mail_domain", find("mail_domain").default),
        verbose=said.get("verbose", False),
    )
    with logged(flags["verbose"]):
        return int(cleaner.run(wanted))


def doctor(**flags: Any) -> int:
    """`simulate doctor`."""
    layer = read_settings({**flags, "users": "2", "quiet": True})
    config = make_config(layer)
    _check_account(layer)
    _consent(config)
    from sim.app import carry_out
    from sim.cli.doctor import Doctor

    return int(carry_out(Doctor(config), config))


def tools(**flags: Any) -> int:
    """`simulate tools`."""
    layer = read_settings({**flags, "users": "2", "quiet": True})
    config = make_config(layer)
    _check_account(layer)
    _consent(config)
    from sim.app import carry_out
    from sim.cli.offer import Offer

    return int(carry_out(Offer(config), config))


def doctor_options() -> list[click.Parameter]:
    """Those on servers, logins and workflows: it brings a load of its own."""
    sections = (Section.TARGET, Section.LOGIN, Section.STORIES)
    names = [option.name for option in OPTIONS if option.section in sections and option.name != "users"]
    return table_options((*names, "call_timeout", "standin_fault", "standin_option", "ledger"))


class StandinCommand(click.Command):
    """Its options are the stand-in's own, read only when it is called."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        from sim.config.standin_options import standin_params

        return [*standin_params(), *super().get_params(ctx)]


def standin(**values: Any) -> int:
    """`simulate standin`."""
    from sim.config.standin_options import COMMAND, standin_options
    from sim.standin.levers import HEADER
    from sim.standin.serve import Address, serve

    password = os.environ.get(find("nextcloud_password").environment)
    token = os.environ.get("SIMULATE_LEVER_TOKEN", "")
    options = standin_options(values, COMMAND, password, token)

    def announce(address: Address) -> None:
        click.echo(
            f"The stand-in serves {address.mcp_url} as well as a Nextcloud. To point an MCP server at it:"
        )
        click.echo(f"export NEXTCLOUD_HOST={address.url}")
        click.echo(f"export NEXTCLOUD_USERNAME={options.admin}")
        if password is None:
            click.echo(f"export NEXTCLOUD_PASSWORD={options.admin_password}  # since none was given here")
        if not token:
            click.echo(f"Its levers (/standin/…) want the header {HEADER}: {address.lever_token}")

    try:
        serve(options, announce)
    except OSError as error:
        raise UsageError(f"standin: port {options.port} of {options.host}: {error.strerror}") from error
    return ExitCode.OK


def profile(**flags: Any) -> int:
    """`simulate profile`."""
    from sim.cli.drawing import draw_load

    config = make_config(read_settings(flags))
    click.echo(draw_load(config.load, read_stories(config.stories.files)), nl=False)
    return ExitCode.OK


def schema() -> int:
    """`simulate schema`."""
    import json

    from sim.config.schema import scenario_schema

    click.echo(json.dumps(scenario_schema(), indent=2, ensure_ascii=False))
    return ExitCode.OK


def workflows(file: str | None) -> int:
    """`simulate workflows`."""
    from sim.cli import stories

    return int(stories.list_workflows([] if file is None else [_file(file)]))


def try_(file: str, **flags: Any) -> int:
    """`simulate try`."""
    path = _file(file)
    layer = read_settings({**flags, "workflows": (file, *(flags.get("workflows") or ()))})
    config = make_config(layer)
    _check_account(layer)
    _consent(config)
    _say_seed(config)
    from sim.cli import stories

    return int(stories.try_workflow(config, path))


def read_settings(flags: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> Layer:
    """Defaults, file, environment, flags, merged. Raises UsageError."""
    said, around = from_flags(flags), from_environment(environment)
    layers = [defaults(lambda: secrets.randbelow(SEED_END))]
    named = said.settings.get("scenario") or around.settings.get("scenario")
    if named is not None:
        from sim.config.scenario import read_scenario

        layers.append(read_scenario(named.value))
    return merge([*layers, around, said])


def make_config(layer: Layer) -> Config:
    """Raises UsageError."""
    from sim.config.build import build_config

    return build_config(layer, read_stories)


def read_stories(files: Sequence[Path]) -> Stories:
    """What the floor below knows of workflows. Raises UsageError."""
    from sim.config.build_load import Stories
    from workflows.base import BadWorkflow
    from workflows.catalogue import catalogue
    from workflows.repertoire import MIXES

    try:
        known = catalogue(files)
    except BadWorkflow as error:
        raise UsageError(f"--workflows {' '.join(str(error).split())}") from error
    return Stories(
        mixes=MIXES,
        roles_min={name: workflow.roles_min for name, workflow in known.items()},
        steps={name: len(workflow.steps) for name, workflow in known.items()},
        step_names={name: tuple(workflow.steps) for name, workflow in known.items()},
    )


def _command(
    name: str, callback: Callable[..., int], params: Iterable[click.Parameter], help_text: str
) -> click.Command:
    return GroupedHelp(name, callback=callback, params=list(params), help=help_text, short_help=help_text)


def _cleanup_options() -> list[click.Parameter]:
    return [
        click.Option(
            ["--prefix"], metavar="NAME", help="Also users NAME_user_N whose e-mail is the simulator's."
        ),
        click.Option(["--dry-run"], is_flag=True, help="Only say what would be removed."),
        *table_options(CLEANUP_OPTIONS),
    ]


def _files(*, required: bool = True) -> list[click.Parameter]:
    return [click.Argument(["file"], required=required, metavar="FILE")]


def _file(text: str) -> Path:
    path: Path = read_value(find("workflows"), [text], "FILE").value[0]
    return path


def _nextcloud(environment: Mapping[str, str]) -> Mapping[str, Any]:
    only = {find(name).environment: environment.get(find(name).environment, "") for name in NEXTCLOUD}
    return from_environment(only).settings


def _consent(config: Config) -> None:
    """Ask before a host that is not this one is loaded. Raises UsageError when the answer is no."""
    from sim.cli.consent import ask

    ask(config, sys.stdin, sys.stderr)


def _check_account(layer: Layer) -> None:
    """Raises UsageError where an account is named and no server: it would drive the stand-in unnoticed."""
    said = layer.settings
    if "url" in said or "nextcloud_host" in said or said["virtual"].value:
        return
    for name in ("nextcloud_password", "nextcloud_username"):
        if name in said and said[name].value != find(name).default:
            raise UsageError(
                f"{said[name].origin}: an account on which Nextcloud? Set NEXTCLOUD_HOST; "
                "or unset NEXTCLOUD_USERNAME and NEXTCLOUD_PASSWORD for a run against the built-in stand-in"
            )


def _say_seed(config: Config) -> None:
    """Before what is imported next, which takes a while."""
    if not config.output.quiet:
        click.echo(f"Seed {config.load.seed}", err=True)
