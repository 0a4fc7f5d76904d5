"""`python -m tests.bench.worker USERS AUTHORITY [KIND URL]…`: our client in a process of its own.

Each line that it reads is a place in the list of kinds and a number of calls. It makes about as many, and
answers with a line of JSON: calls, CPU seconds of this process, and peak memory. Sessions are opened once.
Kinds, each with all that the one before has: `bare` (sessions alone; `sdk`: those of the SDK's client;
`httpx`: none), `actor` (users with inboxes), `recorded`, and `whole:MIX` (director, stories, checks) with a
named mix or a workflow. AUTHORITY is a file of certificates, or "".
"""

from __future__ import annotations

import json
import resource
import ssl
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random
from typing import Any

import httpx
import trio

from actors.events import Call, Event, Phase
from actors.login.token_answer import TokenAnswer
from actors.login.tokens import Tokens
from actors.messages import Done, Step
from actors.ports import Connector, Person, ToolSession
from actors.roster import open_roster
from actors.sdk.sdk_connector import SdkConnector
from actors.secret import Secret
from actors.wire.wire_connector import WireConnector
from sim.runtime.collection import rare_collection
from tests.bench.requests import BODY, HEADERS, SEARCH, SEARCH_TOOL, token
from tests.support.tallying import Recorder
from workflows.catalogue import BUILT_IN
from workflows.director import Budget, Company, Director
from workflows.repertoire import MIXES, Mix
from workflows.settings import Settings

TIMEOUT_S = 60.0

Act = Callable[[int], Awaitable[int]]
"""Makes about so many calls; how many it were."""


async def credentials(uid: str) -> Tokens:
    async def obtain(_: str | None) -> TokenAnswer:
        return TokenAnswer(Secret(token(uid)), None, 3600.0)

    return Tokens(uid, "", obtain)


@asynccontextmanager
async def bare(connector: Connector, users: int) -> AsyncIterator[Act]:
    """Sessions, with nothing above them; each is held by a task of its own."""
    sessions: list[ToolSession] = []
    async with trio.open_nursery() as nursery:

        async def hold(number: int, task_status: trio.TaskStatus[None]) -> None:
            person = Person(f"user_{number}", Secret(""))
            async with connector.open_session(person, await credentials(person.uid)) as session:
                sessions.append(session)
                task_status.started()
                await trio.sleep_forever()

        for number in range(users):
            await nursery.start(hold, number)

        async def act(calls: int) -> int:
            async def work(session: ToolSession) -> None:
                for _ in range(calls // users):
                    assert "results" in await session.call_tool(SEARCH_TOOL, SEARCH)

            return await together(sessions, work, calls)

        yield act
        nursery.cancel_scope.cancel()


async def together(those: list[Any], work: Callable[[Any], Awaitable[None]], calls: int) -> int:
    async with trio.open_nursery() as nursery:
        for each in those:
            nursery.start_soon(work, each)
    return calls // len(those) * len(those)


@asynccontextmanager
async def posting(url: str, users: int) -> AsyncIterator[Act]:
    """httpx, with a client for each user, looking at nothing but the status."""
    async with AsyncExitStack() as stack:
        clients: list[httpx.AsyncClient] = []
        for number in range(users):
            headers = {**HEADERS, "Authorization": f"Bearer {token(f'user_{number}')}"}
            client = httpx.AsyncClient(trust_env=False, headers=headers)
            clients.append(await stack.enter_async_context(client))

        async def act(calls: int) -> int:
            async def work(client: httpx.AsyncClient) -> None:
                for _ in range(calls // users):
                    assert (await client.post(url, json=BODY)).status_code == 200

            return await together(clients, work, calls)

        yield act


@asynccontextmanager
async def acting(connector: Connector, users: int, recorder: Recorder | None = None) -> AsyncIterator[Act]:
    """Users who are asked for one step after another; what they measure is forgotten, or recorded."""
    emit = recorder or (lambda event: None)
    async with open_roster(connector, emit, seed=1, call_bound_s=TIMEOUT_S) as roster:
        await enter_all(roster, users)
        crowd = list(roster)

        async def act(calls: int) -> int:
            async def work(user: Any) -> None:
                for number in range(calls // users):
                    step = Step("bench", f"call_{number % 10}", SEARCH_TOOL, SEARCH, number)
                    assert isinstance(await user.ask(step), Done)

            made = await together(crowd, work, calls)
            if recorder is not None:
                recorder.hub.close_window()  # where it is all counted
            return made

        yield act


async def enter_all(roster: Any, users: int) -> None:
    for number in range(users):
        uid = f"user_{number}"
        assert await roster.enter(Person(uid, Secret("")), await credentials(uid)).wait_on_stage()


@asynccontextmanager
async def whole(connector: Connector, users: int, mix: str) -> AsyncIterator[Act]:
    """A run without think time, checks and recording included."""
    recorder, known = Recorder(phase=Phase.MEASURED), {workflow.name: workflow for workflow in BUILT_IN}
    weights = MIXES.get(mix, {mix: 1})
    made = 0

    def emit(event: Event) -> None:
        nonlocal made
        recorder(event)
        made += type(event) is Call

    async with open_roster(connector, emit, seed=1, call_bound_s=TIMEOUT_S) as roster:
        await enter_all(roster, users)

        async def act(calls: int) -> int:
            before = made
            async with trio.open_nursery() as nursery:
                director = Director(nursery, roster, emit, Settings(), Budget())
                company = Company(Mix({known[name]: w for name, w in weights.items()}), no_pause, Random(1))
                for user in roster:
                    director.give_initiative(user, company)
                while made - before < calls:  # noqa: ASYNC110 (as a watch would look)
                    await trio.sleep(0.01)
                director.close()
                await director.wait_idle()
            recorder.hub.close_window()  # where it is all counted
            return made - before

        yield act
        assert recorder.errors == 0


def no_pause(_: Random) -> float:
    return 0.0


def way(kind: str, url: str, users: int, tls: ssl.SSLContext) -> Any:
    """The context manager that gives the `Act` of a kind."""
    connector = (SdkConnector if kind == "sdk" else WireConnector)(url, TIMEOUT_S, tls)
    ways: dict[str, Callable[[], Any]] = {
        "bare": lambda: bare(connector, users),
        "sdk": lambda: bare(connector, users),
        "httpx": lambda: posting(url, users),
        "actor": lambda: acting(connector, users),
        "recorded": lambda: acting(connector, users, Recorder(phase=Phase.MEASURED)),
        "whole": lambda: whole(connector, users, kind.partition(":")[2]),
    }
    return ways[kind.partition(":")[0]]()


async def main() -> None:
    users, authority, *words = sys.argv[1:]
    tls = ssl.create_default_context(cafile=authority or None)
    async with AsyncExitStack() as stack:
        ways = [way(kind, url, int(users), tls) for kind, url in zip(words[::2], words[1::2], strict=True)]
        acts: list[Act] = [await stack.enter_async_context(each) for each in ways]
        with rare_collection():
            while line := await trio.to_thread.run_sync(sys.stdin.readline):
                place, wanted = map(int, line.split())
                cpu = time.process_time()
                calls = await acts[place](wanted)
                spent = time.process_time() - cpu
                peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
                print(json.dumps({"calls": calls, "cpu_s": spent, "peak_kib": peak}), flush=True)


if __name__ == "__main__":
    trio.run(main)
