"""What a load makes goes by counting: the garbage collector finds nothing of it.

It looks at everything that is there to find what is not wanted any more, while calls are being measured.
"""

from __future__ import annotations

import gc
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import trio

from actors.login.basic import Nobody
from actors.ports import Person
from actors.secret import Secret
from actors.wire.wire_connector import WireConnector
from tests.support.in_process import Facts, StoreConnector, users_on_stage
from tests.support.raw_server import (
    VALUE,
    RawServer,
    Request,
    http_events,
    http_json,
    raw_server,
    tool_result,
)
from workflows.base import Workflow
from workflows.catalogue import BUILT_IN
from workflows.director import Budget, Director
from workflows.settings import Settings

OURS = ("actors", "workflows", "httptools")


@contextmanager
def what_only_the_collector_finds() -> Iterator[Callable[[], set[str]]]:
    """The types of ours among what was left behind since the block began."""

    def found() -> set[str]:
        gc.collect()
        types = {type(each) for each in gc.garbage}
        return {each.__qualname__ for each in types if each.__module__.partition(".")[0] in OURS}

    gc.collect()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        yield found
    finally:
        gc.set_debug(0)
        gc.garbage.clear()


@pytest.mark.parametrize("wrap", [http_json, http_events])
async def test_a_call_leaves_nothing_for_the_collector(wrap: Callable[..., bytes]) -> None:
    async def serve(stream: trio.SocketStream, request: Request) -> bool:
        await stream.send_all(wrap(tool_result(request)))
        return True

    async with raw_server(serve) as server:
        assert await left_by_calls(server) == set()


async def test_an_answer_that_ends_with_its_connection_leaves_nothing_either() -> None:
    async def serve(stream: trio.SocketStream, request: Request) -> bool:
        whole = http_json(tool_result(request))
        head, _, body = whole.partition(b"\r\n\r\n")
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length")]
        await stream.send_all(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        return False

    async with raw_server(serve) as server:
        assert await left_by_calls(server) == set()


async def left_by_calls(server: RawServer) -> set[str]:
    connector = WireConnector(server.url, 5.0, ssl.create_default_context())
    async with connector.open_session(Person("ann", Secret("secret")), Nobody()) as session:
        await session.call_tool("t", {})
        with what_only_the_collector_finds() as found:
            for _ in range(5):
                assert await session.call_tool("t", {}) == VALUE
            return found()


@pytest.mark.parametrize("story", BUILT_IN, ids=lambda story: story.name)
async def test_a_story_leaves_nothing_for_the_collector(story: Workflow, autojump_clock: object) -> None:
    connector, facts = StoreConnector("ann", "bob", "cleo"), Facts()
    async with users_on_stage(connector, facts, "ann", "bob", "cleo") as (roster, users):
        async with trio.open_nursery() as nursery:
            director = Director(nursery, roster, facts, Settings(), Budget())
            cast = tuple(users[: story.cast_size(3, 3)])
            await director.play(story, cast)
            with what_only_the_collector_finds() as found:
                for _ in range(4):
                    await director.play(story, cast)
                assert found() == set()
