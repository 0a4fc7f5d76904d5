"""`simulate cleanup`: what runs left behind."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import attrs
import click

from sim.cli.parser import command, table_options
from sim.config.layers import defaults, from_environment, from_flags, read_value
from sim.config.merged import Merged, merge
from sim.config.model import Output, Target, UserOptions
from sim.config.option import Option, option_of
from sim.config.options import NEXTCLOUD_HOST, NEXTCLOUD_PASSWORD
from sim.config.usage import UsageError

if TYPE_CHECKING:
    from sim.clean.command import CleanupOptions

_TARGET, _USERS, _OUTPUT = attrs.fields(Target), attrs.fields(UserOptions), attrs.fields(Output)
ADMIN = (NEXTCLOUD_HOST, option_of(_TARGET.admin), NEXTCLOUD_PASSWORD)
OF_A_RUN: tuple[Option[Any], ...] = (
    *(option_of(_OUTPUT.ledger), option_of(_OUTPUT.verbose)),
    *(option_of(_USERS.accounts), option_of(_USERS.mail_domain)),
    *(option_of(_TARGET.ca_file), option_of(_TARGET.insecure), option_of(_TARGET.plain_http)),
)
"""Options of a run that its clean-up has too."""


def cleanup_command() -> click.Command:
    """For click."""
    own: list[click.Parameter] = [
        click.Option(
            ["--prefix"], metavar="NAME", help="Also users NAME_user_N whose e-mail is the simulator's."
        ),
        click.Option(["--dry-run"], is_flag=True, help="Only say what would be removed."),
    ]
    shared = table_options(option.name for option in OF_A_RUN)
    return command("cleanup", cleanup, [*own, *shared], "Remove what runs left behind.")


def cleanup(*, prefix: str | None, dry_run: bool, **flags: Any) -> int:
    """Raises UsageError."""
    around = from_environment(os.environ, (*ADMIN, *OF_A_RUN))
    merged = merge([defaults(lambda: 0), around, from_flags(flags, OF_A_RUN)])
    if prefix is not None:
        prefix = read_value(option_of(_USERS.prefix), [prefix], "--prefix").value
    check_place(merged)
    from sim.clean import command as cleaner
    from sim.live.logs import logged
    from sim.runtime import signals

    signals.give_back()
    wanted = cleanup_options(merged, prefix, dry_run=dry_run)
    with logged(wanted.verbose):
        return int(cleaner.run(wanted))


def check_place(merged: Merged) -> None:
    """Raises UsageError where it is not said whose account removes things where, or others could read it."""
    from sim.config.build_target import OF_ADMIN, why_in_the_clear

    host, accounts = merged[NEXTCLOUD_HOST], merged[option_of(_USERS.accounts)]
    if host is None or not (merged[NEXTCLOUD_PASSWORD] or accounts):
        raise UsageError("cleanup: where? Set NEXTCLOUD_HOST, NEXTCLOUD_USERNAME and NEXTCLOUD_PASSWORD")
    if problem := why_in_the_clear(host, OF_ADMIN, plain_http=merged[option_of(_TARGET.plain_http)]):
        raise merged.error(NEXTCLOUD_HOST, problem)


def cleanup_options(merged: Merged, prefix: str | None, *, dry_run: bool) -> CleanupOptions:
    """What the room that removes is told."""
    from actors.secret import Secret
    from sim.clean.command import CleanupOptions

    return CleanupOptions(
        host=merged[NEXTCLOUD_HOST],
        admin=merged[option_of(_TARGET.admin)],
        admin_password=merged[NEXTCLOUD_PASSWORD] or Secret(""),
        prefix=prefix,
        ledger=merged[option_of(_OUTPUT.ledger)],
        dry_run=dry_run,
        accounts=merged[option_of(_USERS.accounts)],
        ca_file=merged[option_of(_TARGET.ca_file)],
        insecure=merged[option_of(_TARGET.insecure)],
        mail_domain=merged[option_of(_USERS.mail_domain)],
        verbose=merged[option_of(_OUTPUT.verbose)],
    )
