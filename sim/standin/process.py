"""Starting the stand-in as a child process, and ending it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import cattrs
import trio

from sim.standin.behaviour import StandinOptions

START_S = 20.0
END_S = 5.0


class StandinFailed(Exception):
    """The stand-in did not start; the text ends with what it said."""


@attrs.frozen
class StandinProcess:
    """A running stand-in: Nextcloud's URL, its MCP endpoint, its process id, what opens its levers."""

    url: str
    mcp_url: str
    pid: int
    lever_token: str = attrs.field(repr=False)


@asynccontextmanager
async def open_standin(options: StandinOptions) -> AsyncIterator[StandinProcess]:
    """A stand-in in a process and session of its own, so that a terminal's Ctrl-C does not reach it.

    Raises StandinFailed when it is not ready within `START_S` seconds. Leaving, also when cancelled,
    closes its standard input, at which it ends, and kills it after `END_S` seconds. Should this
    process die, the pipe closes by itself.
    """
    root = Path(__file__).parents[2]
    settings = json.dumps(cattrs.unstructure(options), default=sorted)
    process = await trio.lowlevel.open_process(
        [sys.executable, "-m", "sim.standin"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=root,
        env=os.environ | {"SIMULATE_STANDIN": settings, "PYTHONPATH": str(root)},
        start_new_session=True,
    )
    try:
        ready = await _ready_line(process)
        async with trio.open_nursery() as nursery:
            # Its standard error is read, so that it never blocks on a full pipe.
            nursery.start_soon(_discard, process)
            try:
                yield StandinProcess(ready["url"], ready["mcp_url"], ready["pid"], ready["lever_token"])
            finally:
                nursery.cancel_scope.cancel()
    finally:
        with trio.CancelScope(shield=True):
            await _end(process)


async def _ready_line(process: trio.Process) -> Any:
    assert process.stdout is not None and process.stderr is not None
    said = b""
    with trio.move_on_after(START_S):
        while b"\n" not in said and (more := await process.stdout.receive_some()):
            said += more
    if b"\n" not in said:
        with trio.move_on_after(1):
            said = bytes(await process.stderr.receive_some())
        text = said.decode(errors="replace").strip().rpartition("\n")[2]
        raise StandinFailed(f"the built-in stand-in did not start: {text or 'no ready line'}")
    return json.loads(said)


async def _discard(process: trio.Process) -> None:
    assert process.stderr is not None
    async for _ in process.stderr:
        pass


async def _end(process: trio.Process) -> None:
    assert process.stdin is not None
    await process.stdin.aclose()
    with trio.move_on_after(END_S):
        await process.wait()
    if process.returncode is None:
        process.kill()
        await process.wait()
