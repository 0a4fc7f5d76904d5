"""`simulate serve`: a stored result as its page, for a browser on this machine."""

from __future__ import annotations

import math
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.cli.parser import command
from sim.config.grammar.duration import parse_duration
from sim.config.grammar.piece import GrammarError
from sim.config.usage import UsageError
from sim.runtime.exit import ExitCode

if TYPE_CHECKING:
    import socket

MAX_PORT = 65_535


def serve_command() -> click.Command:
    """For click."""
    params: list[click.Parameter] = [
        click.Argument(["file"], metavar="FILE"),
        click.Option(["--port"], type=click.IntRange(0, MAX_PORT), default=0, metavar="N", help="[any]"),
        click.Option(["--for", "time"], metavar="DURATION", help="End after this time; else Ctrl-C does."),
    ]
    return command("serve", serve, params, "Serve a stored result as a page, on this machine alone.")


def serve(file: str, port: int, time: str | None) -> int:
    """Until the time is over, or a signal comes. Raises UsageError."""
    import trio

    from sim.cli.report_command import read_result
    from sim.live.page.serving import CannotListen, listen
    from sim.report.html.html_report import html_report
    from sim.runtime import signals

    try:
        seconds = math.inf if time is None else parse_duration(time, zero=False)
    except GrammarError as error:
        raise UsageError(f"--for: {error}") from None
    html = html_report(read_result(Path(file)))
    try:
        taken = listen("127.0.0.1", port)
    except CannotListen as error:
        raise UsageError(f"--port {port}: {error}") from None
    signals.give_back()
    trio.run(serve_page, html, taken, seconds)
    return ExitCode.OK


async def serve_page(html: str, taken: socket.socket, seconds: float) -> None:
    """Serve one document at an address that was taken."""
    import trio

    from sim.live.page.gate import Gate
    from sim.live.page.serving import serving
    from sim.live.page.site import Site

    document = html.encode()

    async def page() -> bytes:
        return document

    gate = Gate(*taken.getsockname()[:2])
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as received:
        async with serving(Site(gate, page).app(), taken):
            click.echo(f"Report: {gate.address} (Ctrl-C ends it)")
            with trio.move_on_after(seconds):
                await anext(aiter(received))
