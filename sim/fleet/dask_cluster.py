"""A cluster to run shards on, through Dask: processes of this machine, or those of a cluster that exists.

The only module that imports distributed, and only when it is used: it costs half a second, and memory.
Everything here runs in one asyncio loop, in a thread of its own.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from importlib import import_module
from multiprocessing import resource_tracker
from typing import Any

import attrs

from actors.errors import SetupError
from sim.config.options import OPTIONS
from sim.fleet import on_worker
from sim.fleet.release import release
from sim.fleet.shard_engine import Place
from sim.runtime.signals import SIGNALS

CONNECT_S = 15.0
WORDS = {"logging": {"distributed": "critical", "distributed.client": "critical", "bokeh": "critical"}}
"""Read once, when distributed is imported."""
SETTINGS: dict[str, Any] = {
    "distributed.worker.profile.enabled": False,
    "distributed.scheduler.worker-ttl": "5 minutes",
    "distributed.scheduler.reuse-broadcast-comm": True,
    "distributed.scheduler.allowed-failures": 0,
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.tick.limit": "60s",
    "distributed.nanny.pre-spawn-environ.DASK_LOGGING__DISTRIBUTED": "critical",
}
"""Of our own cluster, and of our side of another. No profiler, no words, connections that are used again.
A scheduler that stood still would soon take all for dead: who is silent is seen elsewhere.
"""


@attrs.frozen
class LocalProcesses:
    """So many processes of this machine, for this run alone."""

    count: int


@attrs.frozen
class ExistingCluster:
    """Processes of a cluster that somebody else has started. `count` None: all that are free, and no
    more than `most`.
    """

    address: str
    count: int | None = None
    most: int = 1024


Wanted = LocalProcesses | ExistingCluster


@attrs.frozen
class Processes:
    """They run.

    Attributes:
        call: a function of `on_worker`, in the process at this place, with arguments.
        is_there: whether that process belongs to the cluster; one of our own: lives.
        has_ended: whether that process has, as this machine knows; None: it is none of our own.
        kill: ends it where it is one of our own; whether it is dead.
    """

    places: tuple[Place, ...]
    call: Callable[..., Awaitable[Any]]
    is_there: Callable[[Place], Awaitable[bool]]
    has_ended: Callable[[Place], bool | None]
    kill: Callable[[Place], bool]


@asynccontextmanager
async def open_processes(wanted: Wanted, program: str) -> AsyncIterator[Processes]:
    """As long as the block lasts; they import `program` meanwhile. Raises SetupError, in one line."""
    import dask

    # Its own defaults are to be there before they are changed.
    imported()
    is_own = isinstance(wanted, LocalProcesses)
    with dask.config.set(SETTINGS), quiet(), kept_from_signals():
        opened = local(wanted) if isinstance(wanted, LocalProcesses) else joined(wanted)
        async with opened as client:
            yield await looked_at(client, wanted, program, is_own=is_own)


def imported() -> Any:
    """The package, of which nothing is known to the types."""
    import dask

    with dask.config.set(WORDS):
        return import_module("distributed")


@asynccontextmanager
async def local(wanted: LocalProcesses) -> AsyncIterator[Any]:
    """Processes of our own. Others on this machine could have them run code, so they speak TLS, too.

    Raises SetupError where one of them ends before it is ready.
    """
    distributed = imported()
    security = distributed.Security.temporary()
    cluster = distributed.LocalCluster(
        n_workers=wanted.count,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        protocol="tls://",
        security=security,
        dashboard_address=None,
        scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
        memory_limit=0,
        silence_logs=logging.CRITICAL,
        asynchronous=True,
    )
    problem: BaseException | None = None
    try:
        with without_secrets():
            await cluster
    except (RuntimeError, OSError, TimeoutError) as error:
        problem = error.__cause__ or error
    if problem is not None:
        with suppress(Exception):  # What has come up of it is ended as far as it can be.
            await asyncio.wait_for(cluster.close(), CONNECT_S)
        raise SetupError(f"processes for shards could not be started: {in_one_line(problem)}")
    async with cluster:
        for nanny in cluster.workers.values():
            # Else it starts another process in the place of one that has died.
            nanny.status = distributed.core.Status.closing_gracefully
        async with distributed.Client(cluster, security=security, asynchronous=True) as client:
            yield client


@asynccontextmanager
async def joined(wanted: ExistingCluster) -> AsyncIterator[Any]:
    """Those of a cluster, with the certificates that Dask's own configuration names. Raises SetupError."""
    distributed = imported()
    security = distributed.Security(require_encryption=True)
    if not (security.tls_ca_file and security.tls_client_cert):
        names = ", ".join(
            f"DASK_DISTRIBUTED__COMM__TLS__{n}" for n in ("CA_FILE", "CLIENT__CERT", "CLIENT__KEY")
        )
        raise SetupError(f"--cluster {wanted.address}: no certificate to show there: set {names}")
    try:
        client = await distributed.Client(
            wanted.address, security=security, asynchronous=True, timeout=CONNECT_S, name="simulate"
        )
    except (OSError, ValueError, TypeError) as error:
        raise SetupError(f"--cluster {wanted.address}: {in_one_line(error)}") from None
    try:
        yield client
    finally:
        with suppress(Exception):  # The cluster may have gone; it is not ours.
            await asyncio.wait_for(client.close(), CONNECT_S)  # noqa: ASYNC102 (asyncio has no shields)


async def looked_at(client: Any, wanted: Wanted, program: str, *, is_own: bool) -> Processes:
    """Its processes, of which each can run a shard of this very release. Raises SetupError."""

    async def listed() -> dict[str, Any]:
        found: dict[str, Any] = (await client.scheduler.identity(n_workers=-1))["workers"]
        return found

    async def call(place: Place, function: Callable[..., Any], *args: object) -> Any:
        answers = await client.run(function, *args, workers=[place.name])
        return answers[place.name]

    async def is_there(place: Place) -> bool:
        return lives(place.pid) if is_own else place.name in await listed()

    def has_ended(place: Place) -> bool | None:
        return not lives(place.pid) if is_own else None

    def kill(place: Place) -> bool:
        return is_own and killed(place.pid)

    names = sorted(await listed())
    try:
        about = await client.run(on_worker.about, program, workers=names, on_error="return")
    except OSError as error:
        raise SetupError(f"the cluster does not answer: {in_one_line(error)}") from None
    return Processes(chosen(about, wanted), call, is_there, has_ended, kill)


def chosen(about: dict[str, Any], wanted: Wanted) -> tuple[Place, ...]:
    """As many places as are wanted, of processes that answered so. Raises SetupError."""
    ours, places = release(), []
    for name, told in about.items():
        if isinstance(told, Exception):
            raise SetupError(
                f"{name} cannot run a shard: {in_one_line(told)} (is the same release installed there?)"
            )
        if told["versions"] != ours:
            theirs = in_words(told["versions"])
            raise SetupError(
                f"{told['host']} runs {theirs}, and this is {in_words(ours)}: they must be the same"
            )
        if not told["busy"]:
            places.append(Place(name, str(told["host"]), int(told["pid"])))
    count = wanted.count or len(places)
    if isinstance(wanted, ExistingCluster):
        count = min(count, wanted.most)
    if not places or len(places) < count:
        free = f"{len(places)} free processes for {max(1, count)} shards"
        raise SetupError(f"{free}: start more workers, or say fewer --shards")
    return tuple(places[:count])


def lives(pid: int) -> bool:
    """Whether a process that we have started has not ended; its number may be another's by now.

    Whoever waits for its end is left to see it.
    """
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
    except ChildProcessError:
        return False


def killed(pid: int) -> bool:
    """End a process of our own at once; it is dead afterwards."""
    if lives(pid):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return True


def in_words(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in sorted(versions.items(), reverse=True))


def in_one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__


@contextmanager
def quiet() -> Iterator[None]:
    """What Dask and its loop have to say of a process that ends is said by us, in one line."""
    loggers = [logging.getLogger(name) for name in ("distributed", "tornado", "asyncio")]
    before = [(each, each.level) for each in loggers]
    for each in loggers:
        each.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for each, level in before:
            each.setLevel(level)


@contextmanager
def kept_from_signals() -> Iterator[None]:
    """What this thread starts has the signals blocked that a terminal, or a service's end, sends to all.

    Processes inherit the mask of the thread that starts them. What a signal means is decided by the
    coordinator, which hears of it in its main thread.
    """
    # Starting it unblocks some of them again, in the thread that does (CPython, `resource_tracker`).
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def without_secrets() -> Iterator[None]:
    """The environment that processes are started with names no passwords."""
    names = [option.environment for option in OPTIONS if option.secret]
    taken = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(taken)
