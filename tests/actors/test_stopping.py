"""Stopping at every moment of a call: what was sent is finished, what was not never is, all are answered."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import attrs
import pytest
import trio

from actors.errors import CallError, Outcome
from actors.lifecycle import State
from actors.messages import ActorGone, Done, Failed, Reply, Step
from actors.offered_tool import OfferedTool
from actors.roster import CLOSING_S, Roster, open_roster
from actors.shelter import Shelter
from actors.user import User
from tests.support.in_process import Facts, NoCredentials, person

WRITE = Step("w", "create", "nc_notes_create_note", {}, 1)
READ = Step("w", "read", "nc_notes_get_note", {}, 1)
DOWN = CallError(Outcome.TRANSPORT_ERROR, "down", status=503)
CALL_S, PREPARE_S, OPEN_S = 10.0, 3.0, 0.5


@attrs.define
class Server:
    """Sessions on it take their time to get ready and to answer; what was begun, and what was finished."""

    prepare_s: float = 0.0
    call_s: float = CALL_S
    error: CallError | None = None
    begun: int = 0
    finished: int = 0
    closed: int = 0
    protocol: str = "fake"

    @asynccontextmanager
    async def open_session(self, person: object, credentials: object) -> AsyncIterator[Server]:
        await trio.sleep(OPEN_S)
        try:
            yield self
        finally:
            self.closed += 1

    async def prepare(self, traceparent: str = "", bound_s: float = math.inf) -> None:
        await trio.sleep(self.prepare_s)

    async def call_tool(self, name: str, arguments: Mapping[str, object]) -> object:
        self.begun += 1
        await trio.sleep(self.call_s)
        self.finished += 1
        if self.error is not None:
            raise self.error
        return {}

    async def read_resource(self, uri: str) -> object:
        return await self.call_tool(uri, {})

    async def list_tools(self) -> dict[str, OfferedTool]:
        return {}


class Scene:
    """One user, one asker, and everything that can end."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.facts = Facts()
        self.shelter = Shelter()
        self.asker = trio.CancelScope()
        self.block = trio.CancelScope()
        self.outer = trio.CancelScope()
        self.replies: list[Reply] = []
        self.user: User
        self.roster: Roster

    async def ask(self, step: Step = WRITE) -> None:
        with self.asker:
            self.replies.append(await self.user.ask(step))


@asynccontextmanager
async def scene(server: Server) -> AsyncIterator[Scene]:
    """A user on stage; the block's end waits until all have gone."""
    it = Scene(server)
    with trio.fail_after(600), it.outer:
        async with trio.open_nursery() as askers:
            with it.block:
                async with open_roster(server, it.facts, seed=1, shelter=it.shelter) as it.roster:
                    it.user = it.roster.enter(person("ann"), NoCredentials())
                    assert await it.user.wait_on_stage()
                    askers.start_soon(it.ask)
                    yield it
    assert it.user.state is State.GONE
    assert server.closed >= 1


async def reach(moment: str, it: Scene) -> None:
    await trio.sleep(1)
    assert it.server.begun == (moment == "sent")


def end(how: str, it: Scene) -> None:
    match how:
        case "the asker is cancelled":
            it.asker.cancel()
        case "the roster closes":
            it.roster.close()
        case "the block is cancelled":
            it.block.cancel()
        case "and everything around it":
            it.block.cancel()
            it.outer.cancel()
        case "the user leaves":
            it.user.leave()


ENDS = (
    "the asker is cancelled",
    "the roster closes",
    "the block is cancelled",
    "and everything around it",
    "the user leaves",
)


@pytest.mark.parametrize("how", ENDS)
async def test_what_was_sent_comes_to_its_answer_whatever_ends(autojump_clock: object, how: str) -> None:
    server = Server()
    async with scene(server) as it:
        await reach("sent", it)
        end(how, it)
        if how == "the user leaves":
            await it.roster.wait_until(lambda roster: not len(roster))
    assert (server.begun, server.finished) == (1, 1)
    (call,) = it.facts.calls
    assert (call.outcome, call.finished - call.started) == (Outcome.OK, CALL_S)
    assert it.roster.unanswered == frozenset()
    if how in ("the asker is cancelled", "and everything around it"):
        assert it.replies == []
    else:
        assert [type(reply) for reply in it.replies] == [Done]


@pytest.mark.parametrize("how", ENDS[:-1])
async def test_what_was_not_sent_never_is_and_leaves_no_trace(autojump_clock: object, how: str) -> None:
    server = Server(prepare_s=PREPARE_S)
    async with scene(server) as it:
        await reach("being prepared", it)
        end(how, it)
    assert server.begun == 0
    assert it.facts.calls == []
    assert it.replies == ([ActorGone("ann")] if it.replies else [])
    assert bool(it.replies) is (how in ("the roster closes", "the block is cancelled"))


@pytest.mark.parametrize("how", ENDS[1:4])
async def test_steps_behind_the_one_that_was_sent_are_answered_at_once_and_never_made(
    autojump_clock: object, how: str
) -> None:
    server = Server()
    replies: list[tuple[float, Reply]] = []

    async def ask() -> None:
        replies.append((trio.current_time(), await it.user.ask(WRITE)))
        replies[-1] = (trio.current_time(), replies[-1][1])

    async with trio.open_nursery() as nursery:
        async with scene(server) as it:
            await trio.sleep(1)
            for _ in range(3):
                nursery.start_soon(ask)
            await trio.sleep(1)
            end(how, it)
    assert server.begun == 1
    assert [reply for _, reply in replies] == [ActorGone("ann")] * 3


async def test_a_user_who_leaves_serves_what_lies_in_the_inbox(autojump_clock: object) -> None:
    server = Server(prepare_s=PREPARE_S)
    async with scene(server) as it:
        await reach("being prepared", it)
        it.user.leave()
        await it.roster.wait_until(lambda roster: not len(roster))
    assert [type(reply) for reply in it.replies] == [Done]


async def test_a_pause_after_a_failure_ends_at_once_when_the_roster_closes(autojump_clock: object) -> None:
    server = Server(call_s=0.1, error=DOWN)
    async with scene(server) as it:
        await trio.sleep(1)
        for _ in range(6):
            await it.user.ask(WRITE)
        replies: list[Reply] = []

        async def ask() -> None:
            replies.append(await it.user.ask(WRITE))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask)
            await trio.sleep(0.05)
            closed = trio.current_time()
            it.roster.close()
        assert replies == [ActorGone("ann")]
        await it.roster.wait_until(lambda roster: not len(roster))
        assert trio.current_time() == closed
    assert server.begun == 7


async def test_leaving_the_shelter_cuts_the_call_and_names_its_user(autojump_clock: object) -> None:
    server = Server()
    async with scene(server) as it:
        await reach("sent", it)
        sent = trio.current_time() - 1
        it.block.cancel()
        it.shelter.leave()
    assert (server.begun, server.finished) == (1, 0)
    assert [call.outcome for call in it.facts.calls] == [Outcome.INTERRUPTED]
    assert it.replies == [ActorGone("ann")]
    assert it.roster.unanswered_since == {"ann": sent}


async def test_a_call_whose_session_has_no_time_out_is_given_up_at_the_bound(autojump_clock: object) -> None:
    server = Server(call_s=trio.current_time() + 1e6)
    facts = Facts()
    with trio.fail_after(100):
        async with open_roster(server, facts, seed=1, call_bound_s=20) as roster:
            ann = roster.enter(person("ann"), NoCredentials())
            reply = await ann.ask(WRITE)
            assert isinstance(reply, Failed)
            assert reply.error.reason == "timeout"
            assert roster.unanswered == {"ann"}


async def test_who_enters_a_closed_roster_never_comes_on_stage(autojump_clock: object) -> None:
    server = Server()
    with trio.fail_after(60):
        async with open_roster(server, Facts(), seed=1) as roster:
            roster.close()
            ann = roster.enter(person("ann"), NoCredentials())
            assert not await ann.wait_on_stage()
    assert server.closed == 0


async def test_what_hangs_before_a_call_is_cut_off_after_a_while(autojump_clock: object) -> None:
    class Stubborn(Server):
        async def prepare(self, traceparent: str = "", bound_s: float = math.inf) -> None:
            with trio.CancelScope(shield=True):
                await trio.sleep(CLOSING_S - 1)
            await trio.sleep_forever()

    server = Stubborn()
    async with scene(server) as it:
        await trio.sleep(1)
        begun = trio.current_time()
    assert trio.current_time() - begun <= CLOSING_S
    assert it.replies == [ActorGone("ann")]
    assert server.begun == 0
