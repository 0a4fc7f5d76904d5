"""`simulate record`: what people do with an MCP server, written down while a proxy passes it on."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import click

from sim import __version__
from sim.cli.parser import TableOption, command, table_options
from sim.config.layers import defaults, from_environment, from_flags
from sim.config.merged import Merged, merge
from sim.config.model import Target
from sim.config.option import Option, option_of
from sim.config.options import NEXTCLOUD_HOST, URL
from sim.config.usage import UsageError
from sim.runtime.exit import ExitCode

if TYPE_CHECKING:
    import socket

    from sim.recording.pen import Pen
    from sim.recording.recording_proxy import Recorded, RecordingProxy, Wanted

MAX_PORT = 65_535
MAX_CLIENTS = 1000
MAX_WAIT_S = 0.0005
_TARGET = attrs.fields(Target)
OF_TARGET: tuple[Option[Any], ...] = (
    *(option_of(_TARGET.ca_file), option_of(_TARGET.insecure), option_of(_TARGET.plain_http)),
    option_of(_TARGET.login_origins),
)
WHAT_IS_SENT = "all that people read and write, and what they log in with,"
HELP = (
    "Record what people's MCP clients do: a proxy on this machine passes everything on to --url, and writes "
    "down who called what. Point any MCP client at the address that it prints; Ctrl-C ends it."
)


def record_command() -> click.Command:
    """For click."""
    url = TableOption(attrs.evolve(URL, help="The MCP server that is recorded."))
    own: list[click.Parameter] = [
        click.Option(["--port"], type=click.IntRange(0, MAX_PORT), default=0, metavar="N", help="[any]"),
        click.Option(["--output", "-o"], metavar="FILE", help="A new file. [recording-TIME.jsonl]"),
        url,
    ]
    return command("record", record, [*own, *table_options(o.name for o in OF_TARGET)], HELP)


def record(*, port: int, output: str | None, **flags: Any) -> int:
    """Until a signal comes. Raises UsageError."""
    import trio

    from sim.recording.pen import CannotRecord, Pen
    from sim.runtime import signals

    wanted = wanted_of(flags)
    path = Path(output) if output is not None else Path(time.strftime("recording-%Y%m%d-%H%M%S.jsonl"))
    taken = take(port)
    try:
        pen = Pen(path, say)
    except CannotRecord as error:
        taken.close()
        raise UsageError(f"--output {path}: {error}") from None
    allow_many_files()
    # While lines are put into words, what passes waits for the interpreter no longer than this.
    sys.setswitchinterval(MAX_WAIT_S)
    proxy = made(wanted, taken, pen)
    # Signals that come when it has ended change nothing: what waits to be written is written.
    with signals.keep_for_a_run() as outside:
        recorded = trio.run(serve_until_told, proxy, path, outside.take)
        return farewell(path, recorded, whole=pen.close(), lost=pen.lost)


def wanted_of(flags: dict[str, Any]) -> Wanted:
    """What is asked for. Raises UsageError."""
    from actors.cloud_client import tls_context
    from actors.errors import SetupError
    from sim.recording.recording_proxy import Wanted

    options = (URL, NEXTCLOUD_HOST, *OF_TARGET)
    merged = merge([defaults(lambda: 0), from_environment(os.environ, options), from_flags(flags, options)])
    url = checked(merged)
    ca_file, insecure = merged[option_of(_TARGET.ca_file)], merged[option_of(_TARGET.insecure)]
    if insecure:
        say("WARNING: certificates are not checked: whoever is in between reads passwords and tokens")
    try:
        tls = tls_context(ca_file, insecure)
    except SetupError as error:
        raise UsageError(str(error)) from None
    host = merged[NEXTCLOUD_HOST]
    origins = (*merged[option_of(_TARGET.login_origins)], *((host,) if host else ()))
    return Wanted(url, f"simulate {__version__}", tls, origins)


def checked(merged: Merged) -> str:
    """The endpoint. Raises UsageError where it is not said what to record, or others could read it."""
    from sim.config.build_target import why_in_the_clear

    url = merged[URL]
    if url is None:
        raise UsageError("record: which MCP server? Say --url https://…/mcp")
    if merged[option_of(_TARGET.ca_file)] is not None and merged[option_of(_TARGET.insecure)]:
        advice = "certificates are not checked, so --ca-file has no use; leave one out"
        raise merged.error(_TARGET.insecure, advice)
    agreed = merged[option_of(_TARGET.plain_http)]
    if problem := why_in_the_clear(url, WHAT_IS_SENT, plain_http=agreed):
        raise merged.error(URL, problem)
    return url


def take(port: int) -> socket.socket:
    """The address that clients will talk to. Raises UsageError."""
    from sim.live.page.serving import CannotListen, listen

    try:
        return listen("127.0.0.1", port)
    except CannotListen as error:
        raise UsageError(f"--port {port}: {error}") from None


def made(wanted: Wanted, taken: socket.socket, pen: Pen) -> RecordingProxy:
    """The proxy that writes with this pen."""
    from sim.recording.recording_proxy import RecordingProxy

    return RecordingProxy(wanted, taken, pen.write, say)


async def serve_until_told(
    proxy: RecordingProxy, path: Path, kept: Callable[[], Collection[signal.Signals]]
) -> Recorded:
    """The first signal ends it in order, the second at once. `kept` gives those that came before."""
    import trio

    from sim.runtime.signal_source import received_signals

    stopping = trio.Event()
    with trio.open_signal_receiver(*received_signals()) as received, trio.CancelScope() as everything:

        async def watch() -> None:
            async for _ in received:
                if stopping.is_set():
                    everything.cancel()
                stopping.set()

        if kept():
            stopping.set()
        recorded: list[Recorded] = []
        async with trio.open_nursery() as nursery:
            nursery.start_soon(watch)
            click.echo(f"Point MCP clients at {proxy.url} (Ctrl-C ends the recording {path})")
            sys.stdout.flush()
            recorded.append(await proxy.serve(stopping))
            nursery.cancel_scope.cancel()
    return recorded[0] if recorded else proxy.recorded


def farewell(path: Path, recorded: Recorded, *, whole: bool, lost: int) -> ExitCode:
    """One line that says what there is, and what to do with it."""
    calls = f"{recorded.calls} call{'' if recorded.calls == 1 else 's'}"
    people = f"{recorded.people} {'person' if recorded.people == 1 else 'people'}"
    if not whole:
        missing = f", {lost} lines are missing" if lost else ", and the disk took not all of it"
        click.echo(f"{path}: {calls} of {people}{missing}", err=True)
        return ExitCode.NOT_WRITTEN
    then = f"simulate recording workflow {path}" if recorded.calls else "nobody called anything"
    click.echo(f"{path}: {calls} of {people}; next: {then}")
    return ExitCode.OK


def say(text: str) -> None:
    """A line for the person at the terminal."""
    click.echo(text, err=True)


def allow_many_files() -> None:
    """Two connections a client; where the limit is lower it stays, and the last ones are refused."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * MAX_CLIENTS + 200
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
