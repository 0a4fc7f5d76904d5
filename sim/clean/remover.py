"""Removing what a ledger names: last created first, each by itself, and named when it cannot be done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress

import attrs
import trio

from actors.call_errors import reason_of
from actors.errors import SimulateError
from actors.events import Emit, Removed
from actors.ocs import Denied
from actors.text import harmless
from sim.clean.cleanup_result import CleanupResult
from sim.clean.ledger_text import Entry, EntryState
from sim.clean.removed import possibly_left, remaining
from sim.clean.thing import Expires, Hopeless, Means, SeenAgain, Thing
from sim.clean.things import all_things

GIVE_UP_S = 30.0
"""How long after the last removal that worked the clean-up goes on trying."""

TRY_S = 60.0
"""The longest that one try may wait for an answer: where passwords from an address were refused, Nextcloud
makes each request from there wait, up to 25 s (brute-force protection), and then begins with its work."""

LATE_TRY_S = 5.0
"""The same once it has given up: what was never tried is tried all the same."""

MAX_LATE_FAILURES = 8
"""So many of those in a row, and the server answers nobody."""

INITIAL_PAUSE_S, MAX_PAUSE_S = 0.5, 5.0
VOID_S = 15.0
"""How long after the last one that worked things are tried that become void by themselves."""

VOID_CONCURRENCY = 2
"""So many of those at a time: each has its server ask Nextcloud, which takes long under load; one that is cut
off goes on there, and makes the home of a user anew who has been removed meanwhile."""

LOOK_BACK_S, LOOK_BACK_UNSURE_S = 1.0, 6.0
"""When it is looked whether a user came back; later where a creation or a call was never answered."""

KIND_USER = "user"


class Remover:
    """Removes the entries of one ledger. Run it in a shielded scope: it bounds itself.

    Args:
        concurrency: how many things are removed at the same time.
        emit: told of each that is gone, and at the end of each that is not; what it raises is passed over.
        unanswered: users one of whose calls was never answered, asked for once everything is removed.
    """

    def __init__(
        self,
        means: Means,
        concurrency: int,
        emit: Emit = lambda event: None,
        unanswered: Callable[[], Iterable[str]] = tuple,
        things: Mapping[str, Thing] | None = None,
    ) -> None:
        self._means = means
        self._ledger = means.ledger
        self._limit = trio.CapacityLimiter(concurrency)
        self._emit = emit
        self._unanswered = unanswered
        self._things = all_things() if things is None else things
        self._removed = 0
        self._of = 0
        self._last_success = 0.0
        self._late_failures = 0
        self._is_unsure = False
        self._cut_off: set[str] = set()
        self._failure = ""
        self._reasons: dict[tuple[str, str], str] = {}
        self._denied: dict[str, str] = {}
        self._expiring: list[str] = []
        self._gone: list[Entry] = []
        self._notes: list[str] = []

    async def remove_all(self) -> CleanupResult:
        """Remove everything; what is left after `GIVE_UP_S` without progress is named.

        Nothing but cancellation gets out of here.
        """
        entries = list(reversed(self._ledger.entries))
        self._of = len(entries)
        self._last_success = trio.current_time()
        void = [entry for entry in entries if self._goes_first(entry)]
        await self._insist(void, VOID_S, trio.CapacityLimiter(VOID_CONCURRENCY))
        self._last_success = trio.current_time()
        await self._insist([entry for entry in entries if not self._goes_first(entry)])
        await self._look_back()
        self._pass_over_void()
        if self._ledger.trouble:
            self._notes.append(f"{self._ledger.trouble} (removing went on without it)")
        for entry in self._ledger.entries:
            self._tell(entry, self._reasons.get(entry.key, ""), ok=False)
        unanswered = possibly_left({*self._asked_unanswered(), *self._cut_off})
        left = remaining(self._ledger, self._reasons, self._things) + unanswered
        return CleanupResult(
            self._removed, left, tuple(self._expiring), self._failure, tuple(dict.fromkeys(self._notes))
        )

    async def _insist(
        self, entries: list[Entry], patience_s: float = GIVE_UP_S, limit: trio.CapacityLimiter | None = None
    ) -> None:
        """Rounds over what is left, until all is gone or nothing has worked for `patience_s`."""
        limit = limit or self._limit
        pause_s, left = INITIAL_PAUSE_S, await self._round(entries, limit)
        while left and trio.current_time() + pause_s <= self._last_success + patience_s:
            await trio.sleep(pause_s)
            pause_s = min(MAX_PAUSE_S, pause_s * 2)
            left = await self._round(left, limit)

    async def _round(self, entries: Sequence[Entry], limit: trio.CapacityLimiter) -> list[Entry]:
        """Try each once, begun in this order; those that another try may help."""
        left: list[Entry] = []

        async def one(entry: Entry, turn: trio.Event) -> None:
            async with limit:
                # Trio shuffles what is started together: each begins before the next one is started.
                turn.set()
                if await self._try(entry):
                    left.append(entry)

        async with trio.open_nursery() as nursery:
            for entry in entries:
                begun = trio.Event()
                nursery.start_soon(one, entry, begun)
                await begun.wait()
        return left

    async def _try(self, entry: Entry) -> bool:
        """One removal, which stands alone: no failure of it reaches another. Whether to try again."""
        waited_s = trio.current_time() - self._last_success
        if self._goes_first(entry) and waited_s > VOID_S:
            self._reasons.setdefault(entry.key, self._failure or f"no answer within {VOID_S:g} s")
            return False
        is_late = waited_s > GIVE_UP_S
        if is_late and self._late_failures >= MAX_LATE_FAILURES:
            self._reasons.setdefault(entry.key, self._failure or "no answer")
            return False
        thing = self._things.get(entry.kind)
        if thing is None:
            self._fail(entry, f"a release that knows what {harmless(entry.kind)!r} is has to remove it")
            return False
        try:
            try_s = LATE_TRY_S if is_late else TRY_S
            with trio.fail_after(try_s) as scope:
                self._check_denied(entry)
                await thing.remove(entry, self._means_with(scope, try_s))
        except Expires:
            self._expiring.append(entry.name)
            self._ledger.removed(entry.kind, entry.name)
            return False
        except Denied as error:
            self._denied[error.account] = str(error)
            self._fail(entry, str(error))
            return False
        except Hopeless as error:
            self._fail(entry, str(error))
            return False
        except Exception as error:
            # Whatever it is, the other removals go on, and this one is tried again, or named.
            self._fail(entry, _told(error))
            self._late_failures += is_late
            self._is_unsure = True
            if self._goes_first(entry) and isinstance(error, trio.TooSlowError):
                self._cut_off.add(entry.name)
            return True
        self._tick_off(entry)
        return False

    def _means_with(self, scope: trio.CancelScope, try_s: float) -> Means:
        """The means of one try, whose bound begins anew with each answer."""

        def answered() -> None:
            scope.deadline = trio.current_time() + try_s

        def progressed() -> None:
            self._last_success = trio.current_time()
            answered()

        return attrs.evolve(self._means, progressed=progressed, answered=answered)

    def _check_denied(self, entry: Entry) -> None:
        """A password that was refused once is not shown again: that only trips brute-force protection."""
        uid = entry.name.rpartition("/")[0] or entry.name
        for account in {entry.details.get("login", uid), *self._admins(entry)} & self._denied.keys():
            raise Denied(account, self._denied[account])

    def _admins(self, entry: Entry) -> set[str]:
        return {self._ledger.head.admin} if entry.kind == KIND_USER else set()

    def _tick_off(self, entry: Entry) -> None:
        self._ledger.removed(entry.kind, entry.name)
        self._reasons.pop(entry.key, None)
        self._gone.append(entry)
        self._is_unsure = self._is_unsure or entry.state is EntryState.INTENDED
        self._cut_off.discard(entry.name)
        self._removed += 1
        self._late_failures = 0
        self._last_success = trio.current_time()
        self._tell(entry, ok=True)

    def _tell(self, entry: Entry, reason: str = "", *, ok: bool) -> None:
        event = Removed(entry.kind, entry.name, ok, reason, self._removed, self._of)
        with suppress(Exception):  # telling is never a reason to stop removing
            self._emit(event)

    def _fail(self, entry: Entry, reason: str) -> None:
        self._failure = harmless(reason)
        self._reasons[entry.key] = self._failure

    async def _look_back(self) -> None:
        """Some seconds later: a server goes on with creations whose caller has left."""
        users = [entry for entry in self._gone if isinstance(self._things.get(entry.kind), SeenAgain)]
        if not users:
            return
        is_unsure = self._is_unsure or bool(self._asked_unanswered())
        await trio.sleep(LOOK_BACK_UNSURE_S if is_unsure else LOOK_BACK_S)
        for kind, thing in self._things.items():
            gone = [entry for entry in users if entry.kind == kind]
            if gone and isinstance(thing, SeenAgain):
                await self._remove_again(thing, kind, gone)

    async def _remove_again(self, thing: SeenAgain, kind: str, entries: list[Entry]) -> None:
        try:
            with trio.fail_after(TRY_S):
                back = await thing.back(entries, self._means)
        except Exception as error:
            # Each was seen to be gone; only this second look is missing.
            self._notes.append(f"whether a {kind} came back could not be looked at: {_told(error)}")
            return
        for entry in back:
            with suppress(SimulateError):  # what cannot be noted is removed all the same
                self._ledger.intend(entry.kind, entry.name, **entry.details)
            self._removed -= 1
        await self._insist([entry for entry in self._ledger.entries if entry.key in {e.key for e in back}])

    def _asked_unanswered(self) -> tuple[str, ...]:
        with suppress(Exception):  # asked of the load, which may have broken
            return tuple(self._unanswered())
        return ()

    def _goes_first(self, entry: Entry) -> bool:
        thing = self._things.get(entry.kind)
        return thing is not None and thing.goes_first

    def _pass_over_void(self) -> None:
        """What became void with the users is no longer of interest once all of them are gone."""
        void = [entry for entry in self._ledger.entries if self._goes_first(entry)]
        if not void:
            return
        why = self._reasons.get(void[0].key) or f"no answer within {VOID_S:g} s"
        self._notes.append(f"the MCP server may still keep app passwords that are void now: {why}")
        if not remaining(self._ledger, things=self._things):
            for entry in void:
                self._ledger.removed(entry.kind, entry.name)


def _told(error: BaseException) -> str:
    if isinstance(error, trio.TooSlowError):
        return "no answer in time"
    if isinstance(error, SimulateError):
        return harmless(str(error))
    return harmless(f"{type(error).__name__}: {reason_of(error)}")
