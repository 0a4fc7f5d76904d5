"""`simulate cleanup`: finishes what runs that died could not."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import attrs
import trio

from actors.accounts import OcsAccounts
from actors.errors import SetupError
from actors.login.devices import Devices
from actors.secret import Secret
from sim.exit import ExitCode
from sim.ledger import Ledger, ledger_folder, take_over
from sim.marks import Sweeper
from sim.network import http_client, tls_context
from sim.people import read_accounts
from sim.removal import USER_KIND, Remover, marker_email

CONCURRENCY = 4


@attrs.frozen
class CleanupOptions:
    """What to remove, and with which account.

    Attributes:
        prefix: also remove users named `{prefix}_user_{n}` with the marker e-mail.
        ledger: one file; None takes all of the user's state directory.
        dry_run: only say what would be removed.
    """

    host: str | None
    admin: str
    admin_password: Secret
    prefix: str | None = None
    ledger: Path | None = None
    dry_run: bool = False
    accounts: Path | None = None
    ca_file: Path | None = None
    insecure: bool = False


def run(options: CleanupOptions) -> ExitCode:
    """Do it, and say what was done. Ctrl-C leaves the ledgers as they are."""
    try:
        return trio.run(_run, options)
    except SetupError as error:
        print(f"simulate cleanup: {error}", file=sys.stderr)
        return ExitCode.SETUP_FAILED
    except KeyboardInterrupt:
        print("simulate cleanup: interrupted; start it again to go on", file=sys.stderr)
        return ExitCode.INTERRUPTED


async def _run(options: CleanupOptions) -> ExitCode:
    host = (options.host or "").rstrip("/")
    if options.ledger is not None and not options.ledger.is_file():
        raise SetupError(
            f"--ledger {options.ledger}: there is no such file; nothing was left behind by that run"
        )
    tls = tls_context(options.ca_file, options.insecure)
    async with http_client(host, tls, CONCURRENCY) as http:
        accounts = OcsAccounts(http, options.admin, options.admin_password)
        if options.host and options.admin_password:
            await accounts.check()
        passwords = dict(read_accounts(options.accounts)) if options.accounts else {}
        remaining: list[str] = []
        for path in [options.ledger] if options.ledger else sorted(ledger_folder().glob("*.jsonl")):
            with take_over(path) as ledger:
                if ledger is None:
                    if path.exists():
                        print(f"{path}: its run is still alive, left alone")
                elif ledger.head.nextcloud_url.rstrip("/") != host:
                    print(f"{path}: its run was against {ledger.head.nextcloud_url}, left alone")
                elif options.dry_run:
                    _tell(ledger)
                else:
                    sweeper = Sweeper(http, passwords, ledger.head.mark, Devices(tls, host))
                    result = await Remover(ledger, accounts, http, CONCURRENCY, sweeper).remove_all()
                    print(f"{path}: {result.removed} removed")
                    remaining += result.remaining
                    for name in result.expiring:
                        print(f"OAuth client {name}: never confirmed; if it exists, it expires by itself")
        if options.prefix is not None:
            remaining += await _remove_by_prefix(accounts, options.prefix, options.dry_run)
    if remaining:
        print("Left behind: " + "; ".join(remaining), file=sys.stderr)
        return ExitCode.LEFT_BEHIND
    print("Nothing was removed: this was a dry run." if options.dry_run else "Clean.")
    return ExitCode.OK


def _tell(ledger: Ledger) -> None:
    for entry in ledger.entries:
        print(f"would remove {entry.kind} {entry.name} ({entry.state.value})")


async def _remove_by_prefix(accounts: OcsAccounts, prefix: str, dry_run: bool) -> list[str]:
    """Only whose name matches in full and whose e-mail is the marker: others may have such names too."""
    pattern = re.compile(rf"{re.escape(prefix)}_user_[1-9][0-9]*")
    remaining = []
    for uid in await accounts.search(f"{prefix}_user_"):
        if not pattern.fullmatch(uid) or await accounts.email(uid) != marker_email(uid):
            continue
        if dry_run:
            print(f"would remove {USER_KIND} {uid}")
            continue
        try:
            await accounts.delete(uid)
            print(f"removed {USER_KIND} {uid}")
        except SetupError as error:
            remaining.append(str(error))
    return remaining
