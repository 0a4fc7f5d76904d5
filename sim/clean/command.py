"""`simulate cleanup`: finishes what runs that died could not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import attrs
import trio

from actors.accounts import OcsAccounts
from actors.cloud_client import http_client, tls_context
from actors.errors import SetupError
from actors.events import Event, Removed
from actors.login.app_passwords import Devices
from actors.ports import Accounts
from actors.secret import Secret
from actors.text import harmless
from sim.clean.by_prefix import MarkedUsers, held_by_living
from sim.clean.ledger import (
    Ledger,
    NeverBegun,
    StillAlive,
    discard_never_begun,
    take_over,
)
from sim.clean.ledger_file import SECRET_SUFFIX, ledger_folder, with_shards
from sim.clean.ledger_text import Entry
from sim.clean.marker import MAIL_DOMAIN, place_of
from sim.clean.remover import Remover
from sim.clean.telling import say, say_error, silent
from sim.clean.thing import Means
from sim.config.accounts_file import read_accounts
from sim.runtime.exit import ExitCode

CONCURRENCY = 4


@attrs.frozen
class CleanupOptions:
    """What to remove, and with which account.

    Attributes:
        prefix: also remove users named `{prefix}_user_{n}` with a marker address.
        ledger: of one run, with those of its shards; None takes all of the user's state directory.
        dry_run: only say what would be removed.
        mail_domain: of those addresses, where the run had another than the usual one.
        verbose: tell of each thing.
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
    mail_domain: str = MAIL_DOMAIN
    verbose: bool = False


def run(options: CleanupOptions) -> ExitCode:
    """Do it, and say what was done. Ctrl-C leaves the ledgers as they are."""
    try:
        return trio.run(_run, options)
    except SetupError as error:
        say_error(f"simulate cleanup: {error}")
        return ExitCode.SETUP_FAILED
    except (KeyboardInterrupt, BaseExceptionGroup) as error:
        # Nurseries on its way may have wrapped it in groups.
        if isinstance(error, BaseExceptionGroup) and error.split(KeyboardInterrupt)[1] is not None:
            raise
        say_error("simulate cleanup: interrupted; start it again to go on")
        return ExitCode.INTERRUPTED


async def _run(options: CleanupOptions) -> ExitCode:
    paths = _ledgers(options)
    passwords = dict(read_accounts(options.accounts)) if options.accounts else {}
    tls = tls_context(options.ca_file, options.insecure)
    host = (options.host or "").rstrip("/")
    async with http_client(host, tls, CONCURRENCY) as http:
        accounts = OcsAccounts(http, options.admin, options.admin_password, say)
        if options.admin_password:
            await accounts.check()

        def means(ledger: Ledger) -> Means:
            admin = accounts if options.admin_password else None
            spared = held_by_living({*paths, *_in_folder()} - {ledger.path}, host)
            tell = say if options.verbose else silent
            return Means(ledger, admin, http, Devices(tls, host), passwords, spared, tell)

        cleanup = CleanupWork(options, host, paths, means)
        for path in paths:
            await cleanup.take(path)
        if options.prefix is not None:
            await cleanup.remove_by_prefix(accounts, options.prefix)
        if options.ledger is None:
            cleanup.forget_orphans(ledger_folder())
    return cleanup.end()


class CleanupWork:
    """Works through ledgers, one after another; nothing that one of them holds stops the others."""

    def __init__(
        self, options: CleanupOptions, host: str, paths: list[Path], means: Callable[[Ledger], Means]
    ) -> None:
        self._options = options
        self._host = host
        self._paths = paths
        self._means = means
        self._is_asked_for = options.ledger is not None
        self._left: list[str] = []
        self._alone: list[str] = []

    async def take(self, path: Path) -> None:
        """Remove what this ledger names, and say so."""
        try:
            with take_over(path, is_only_looked_at=self._options.dry_run) as ledger:
                await self._work_off(path, ledger)
        except StillAlive as error:
            self._skip(str(error))
        except NeverBegun as error:
            if self._options.dry_run or self._options.ledger is not None:
                self._leave_alone(f"{error}, left alone")
            else:
                with suppress(SetupError, OSError):  # somebody else has taken it meanwhile
                    discard_never_begun(path)
        except FileNotFoundError:
            self._leave_alone(f"{path}: has gone meanwhile")
        except (SetupError, OSError, ValueError) as error:
            self._miss(f"{path}: {error}" if str(path) not in str(error) else str(error))

    async def _work_off(self, path: Path, ledger: Ledger) -> None:
        if ledger.head.passing:
            # Its server has gone with the run.
            if self._options.dry_run:
                say(f"{path}: its stand-in has gone, and all that it names; would be forgotten")
            else:
                ledger.forget_all()
        elif place_of(ledger.head.nextcloud_url) != place_of(self._host):
            self._skip(f"{path}: its run was against {ledger.head.nextcloud_url}, left alone")
        elif self._options.dry_run:
            for entry in ledger.entries:
                say(f"would remove {_name(entry)} ({entry.state.value})")
        else:
            await self._remove(path, ledger)
        if ledger.damaged:
            self._miss(f"{path}: line {ledger.damaged[0]} cannot be read; what else it named is not known")

    async def _remove(self, path: Path, ledger: Ledger) -> None:
        emit = tell_removed if self._options.verbose else tell_nothing
        result = await Remover(self._means(ledger), CONCURRENCY, emit).remove_all()
        say(f"{path}: {result.removed} removed")
        for name in result.expiring:
            say(f"OAuth client {harmless(name)}: never confirmed; if it exists, it expires by itself")
        for note in result.notes:
            say(note)
        self._left += result.remaining

    async def remove_by_prefix(self, accounts: Accounts, prefix: str) -> None:
        """Users of that prefix whose ledger has gone."""
        spared = held_by_living({*self._paths, *_in_folder()}, self._host)
        users = MarkedUsers(accounts, prefix, self._options.mail_domain, spared)
        await users.remove(self._options.dry_run)
        self._left += users.left
        self._alone += users.alone

    def forget_orphans(self, folder: Path) -> None:
        """Files with secrets whose ledger has gone."""
        for path in sorted(folder.glob(f"*{SECRET_SUFFIX}")):
            ledger = folder / f"{path.name.partition('.jsonl')[0]}.jsonl"
            if ledger.exists() or ledger.is_symlink():
                continue
            if self._options.dry_run:
                say(f"would forget {path}: its ledger has gone")
                continue
            with suppress(OSError):  # it is of no use to anybody
                path.unlink()

    def end(self) -> ExitCode:
        """Say how it ended; "Clean" only when all that was asked for is done."""
        if self._left:
            say_error("Left behind: " + "; ".join(self._left))
            return ExitCode.LEFT_BEHIND
        if self._options.dry_run:
            say("Nothing was removed: this was a dry run.")
        elif self._alone:
            say(f"Done. Left alone, as said above: {len(self._alone)}.")
        else:
            say("Clean.")
        return ExitCode.OK

    def _skip(self, text: str) -> None:
        """A whole ledger: a failure only where it was asked for by name."""
        if self._is_asked_for:
            self._miss(text)
        else:
            self._leave_alone(text)

    def _leave_alone(self, text: str) -> None:
        self._alone.append(text)
        say(text)

    def _miss(self, text: str) -> None:
        text = harmless(text)
        self._left.append(text)
        say(text)


def tell_removed(event: Event) -> None:
    """A line for each thing that is gone."""
    if isinstance(event, Removed) and event.ok:
        say(harmless(f"  [{event.done}/{event.of}] removed {event.kind} {event.name}"))


def tell_nothing(event: Event) -> None:
    """Not verbose."""


def _ledgers(options: CleanupOptions) -> list[Path]:
    """Those that are to be worked off. Raises SetupError where one is named that is not there."""
    if options.ledger is None:
        return _in_folder()
    found = with_shards(options.ledger)
    if not found:
        raise SetupError(
            f"--ledger {options.ledger}: there is no such file; nothing was left behind by that run"
        )
    return found


def _in_folder() -> list[Path]:
    try:
        return sorted(ledger_folder().glob("*.jsonl"))
    except OSError as error:
        raise SetupError(f"the ledgers in {ledger_folder()} cannot be read: {error.strerror}") from None


def _name(entry: Entry) -> str:
    return harmless(f"{entry.kind} {entry.name}")
