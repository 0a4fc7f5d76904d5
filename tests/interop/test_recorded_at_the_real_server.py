"""Two people's clients at the real server, recorded by the proxy: what is written is played by many there."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import trio
from mcp.client.session import ClientSession
from mcp.client.streamable_http import streamable_http_client

from actors.answer import Json
from actors.errors import CallError
from actors.tool_results import read_tool_result
from sim.recording.document import Recording, gathered
from sim.recording.story.story_text import workflow_text
from tests.interop.servers import Case, real_server
from tests.recording.sittings import SITTINGS, Sitting
from tests.support.processes import running_standin, simulate
from tests.support.recorder import recording

pytestmark = [
    pytest.mark.interop,
    # The SDK's client leaves generators of its HTTP client to the collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]

CASE = Case("0.202.1", "multi_user_basic")
UIDS = {"alice": "user_1", "bob": "user_2"}
"""Those who are at the stand-in from the start, and have their names for passwords."""


class SittingOverTheWire(Sitting):
    """The same people, each with a session of the SDK's own client."""

    def __init__(self, sessions: dict[str, ClientSession]) -> None:
        self._sessions = sessions

    async def at_once(self, who: str, tool: str, **arguments: Json) -> Any:
        given = {
            key: UIDS.get(value, value) if key == "share_with" else value for key, value in arguments.items()
        }
        result = await self._sessions[who].call_tool(tool, given)
        texts = [block.text for block in result.content if hasattr(block, "text")]
        try:
            return read_tool_result(tool, result.structured_content, texts, bool(result.is_error))
        except CallError:
            return None


@asynccontextmanager
async def session_of(url: str, uid: str) -> AsyncIterator[ClientSession]:
    async with httpx2.AsyncClient(auth=httpx2.BasicAuth(uid, uid), timeout=60) as http:
        async with streamable_http_client(url, http_client=http) as (reads, writes, *_):
            async with ClientSession(reads, writes) as session:
                await session.initialize()
                await session.list_tools()
                yield session


async def recorded(url: str, session: Callable[[Sitting], Awaitable[None]]) -> Recording:
    """What the proxy writes down of `session` at the server."""
    async with recording(url) as recorder:
        async with session_of(recorder.url, "user_1") as alice, session_of(recorder.url, "user_2") as bob:
            await session(SittingOverTheWire({"alice": alice, "bob": bob}))
    return gathered(recorder.lines)


async def test_what_was_recorded_at_the_real_server_is_played_by_twenty_there(tmp_path: Path) -> None:
    with running_standin(people=2) as standin, real_server(CASE, standin, tmp_path) as url:
        with trio.fail_after(300):
            for session in SITTINGS:
                text = workflow_text(await recorded(url, session), session.__name__)
                (tmp_path / f"{session.__name__}.py").write_text(text, "utf-8")
        before = standin.leftovers()  # the people themselves, and what they threw away
        names = [session.__name__ for session in SITTINGS]
        files = [word for name in names for word in ("--workflows", f"{name}.py")]
        mix = ",".join(f"{name}=1" for name in names)
        load = (
            "--users",
            "20",
            "--iterations",
            "200",
            "--duration",
            "600",
            "--warmup",
            "0",
            "--think",
            "0.2s",
        )
        words = ("--url", url, "--auth", "basic", *files, "--mix", mix, *load, "--output", "run.json")
        finished = await trio.to_thread.run_sync(
            lambda: simulate(words, standin.environment, tmp_path, timeout_s=500)
        )
        assert finished.returncode == 0, finished.stdout[-3000:] + finished.stderr[-2000:]
        result = json.loads((tmp_path / "run.json").read_text())
        assert result["summary"]["total_workflows"] == 200
        assert {name: result["workflows"][name]["failed_executions"] for name in names} == dict.fromkeys(
            names, 0
        )
        assert standin.leftovers() == before
