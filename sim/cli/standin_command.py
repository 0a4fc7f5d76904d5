"""`simulate standin`: the stand-in by itself."""

from __future__ import annotations

import os
from typing import Any

import click

from sim.config.options import NEXTCLOUD_PASSWORD
from sim.config.usage import UsageError
from sim.runtime.exit import ExitCode

HELP = (
    "Run the stand-in for Nextcloud and its MCP server by itself: "
    "the password of its administrator comes from NEXTCLOUD_PASSWORD, "
    "the token that opens /standin/* from SIMULATE_LEVER_TOKEN."
)


class StandinCommand(click.Command):
    """Its options are the stand-in's own, read only when it is called."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        from sim.config.standin_options import standin_params

        return [*standin_params(), *super().get_params(ctx)]


def standin_command() -> click.Command:
    """For click."""
    return StandinCommand("standin", callback=standin, help=HELP, short_help=HELP.partition(":")[0])


def standin(**values: Any) -> int:
    """Serves until it is ended. Raises UsageError where it cannot."""
    from sim.config.standin_options import COMMAND, standin_options
    from sim.standin.levers import HEADER
    from sim.standin.serve import Address, serve

    password = os.environ.get(NEXTCLOUD_PASSWORD.environment)
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
