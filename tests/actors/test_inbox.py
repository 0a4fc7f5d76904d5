"""An inbox: served in order, bounded, and nobody who asks is left without a reply."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from actors.inbox import Envelope, Inbox
from actors.messages import ActorGone, Done, Reply
from tests.support.cast import step


def done(value: object) -> Done:
    return Done(value, 0.0, 0.0)


class Askers:
    """Ask one after another, each in a task of its own, and keep who got what."""

    def __init__(self, inbox: Inbox, nursery: trio.Nursery) -> None:
        self._inbox = inbox
        self._nursery = nursery
        self.replies: dict[str, Reply] = {}
        self.scopes: dict[str, trio.CancelScope] = {}

    async def ask(self, *names: str) -> None:
        for name in names:
            self.scopes[name] = trio.CancelScope()
            self._nursery.start_soon(self._ask, name)
            await wait_all_tasks_blocked()

    async def _ask(self, name: str) -> None:
        with self.scopes[name]:
            self.replies[name] = await self._inbox.ask(step(name))


async def test_steps_are_served_in_the_order_in_which_they_came(
    autojump_clock: trio.testing.MockClock,
) -> None:
    with trio.fail_after(5):
        inbox = Inbox("bob", 2)
        async with trio.open_nursery() as nursery:
            askers = Askers(inbox, nursery)
            await askers.ask("a", "b", "c", "d")
            for name in "abcd":
                envelope = await inbox.next()
                assert envelope is not None
                assert envelope.step.tool == name
                envelope.answer(done(name.upper()))
        assert askers.replies == {name: done(name.upper()) for name in "abcd"}


async def test_an_inbox_has_room_until_its_capacity_is_used() -> None:
    with trio.fail_after(5):
        inbox = Inbox("bob", 2)
        async with trio.open_nursery() as nursery:
            askers = Askers(inbox, nursery)
            rooms = []
            for name in "abc":
                rooms.append(inbox.has_room)
                await askers.ask(name)
            assert rooms == [True, True, False]
            inbox.close()


async def test_closing_answers_everybody_buffered_and_at_the_door_at_once() -> None:
    with trio.fail_after(5):
        inbox = Inbox("bob", 2)
        async with trio.open_nursery() as nursery:
            askers = Askers(inbox, nursery)
            await askers.ask("buffered 1", "buffered 2", "at the door 1", "at the door 2", "at the door 3")
            inbox.close()
        assert len(askers.replies) == 5
        assert set(askers.replies.values()) == {ActorGone("bob")}


@pytest.mark.parametrize("close", [Inbox.close, Inbox.close_entry])
async def test_asking_after_the_close_is_answered_with_gone(close: Callable[[Inbox], None]) -> None:
    inbox = Inbox("bob", 2)
    close(inbox)
    with trio.fail_after(5):
        assert await inbox.ask(step()) == ActorGone("bob")


async def test_a_closed_entry_still_serves_those_inside_and_turns_away_those_at_the_door() -> None:
    with trio.fail_after(5):
        inbox = Inbox("bob", 1)
        async with trio.open_nursery() as nursery:
            askers = Askers(inbox, nursery)
            await askers.ask("inside", "at the door")
            inbox.close_entry()
            envelope = await inbox.next()
            assert envelope is not None
            envelope.answer(done(1))
            assert await inbox.next() is None
        assert askers.replies == {"inside": done(1), "at the door": ActorGone("bob")}


async def test_closing_twice_and_after_closing_the_entry_does_nothing_more() -> None:
    inbox = Inbox("bob", 1)
    for close in (inbox.close_entry, inbox.close, inbox.close, inbox.close_entry):
        close()
    with trio.fail_after(5):
        assert await inbox.ask(step()) == ActorGone("bob")


@pytest.mark.parametrize("capacity", [0, 1, 8])
async def test_a_cancelled_actor_leaves_nobody_without_a_reply(capacity: int) -> None:
    """One step in hand, others buffered, others at the door, whatever the capacity."""
    in_hand = trio.Event()

    async def actor(inbox: Inbox, scope: trio.CancelScope) -> None:
        envelope: Envelope | None = None
        with scope:
            try:
                envelope = await inbox.next()
                in_hand.set()
                await trio.sleep_forever()
            finally:
                assert envelope is not None
                envelope.answer(ActorGone("bob"))
                inbox.close()

    with trio.fail_after(5):
        inbox = Inbox("bob", capacity)
        scope = trio.CancelScope()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(actor, inbox, scope)
            askers = Askers(inbox, nursery)
            await askers.ask(*"abcdefghijkl")
            assert in_hand.is_set()
            assert askers.replies == {}
            scope.cancel()
        assert askers.replies == {name: ActorGone("bob") for name in "abcdefghijkl"}


async def test_a_step_that_was_called_off_in_the_inbox_is_skipped() -> None:
    with trio.fail_after(5):
        inbox = Inbox("bob", 4)
        async with trio.open_nursery() as nursery:
            askers = Askers(inbox, nursery)
            await askers.ask("called off", "wanted")
            askers.scopes["called off"].cancel()
            await wait_all_tasks_blocked()
            envelope = await inbox.next()
            assert envelope is not None
            assert envelope.step.tool == "wanted"
            envelope.answer(done(1))
        assert askers.replies == {"wanted": done(1)}


async def test_a_step_that_was_called_off_at_the_door_never_comes_in() -> None:
    with trio.fail_after(5):
        inbox = Inbox("bob", 1)
        async with trio.open_nursery() as nursery:
            askers = Askers(inbox, nursery)
            await askers.ask("inside", "at the door")
            askers.scopes["at the door"].cancel()
            await wait_all_tasks_blocked()
            envelope = await inbox.next()
            assert envelope is not None
            envelope.answer(done(1))
            inbox.close_entry()
            assert await inbox.next() is None
        assert askers.replies == {"inside": done(1)}


async def test_a_user_learns_that_the_asker_of_the_step_in_hand_has_gone() -> None:
    with trio.fail_after(5):
        inbox = Inbox("bob", 1)
        async with trio.open_nursery() as nursery:
            askers = Askers(inbox, nursery)
            await askers.ask("a")
            envelope = await inbox.next()
            assert envelope is not None
            assert not envelope.called_off
            askers.scopes["a"].cancel()
            await envelope.wait_settled()
            assert envelope.called_off
            envelope.answer(done("nobody listens"))
        assert askers.replies == {}


async def test_the_first_answer_counts() -> None:
    envelope = Envelope(step(), 0.0)
    envelope.answer(done(1))
    envelope.answer(done(2))
    with trio.fail_after(5):
        assert await envelope.reply() == done(1)


async def test_a_step_in_the_users_hand_at_the_close_is_answered_and_not_served() -> None:
    """They have been woken for it, and somebody closes their inbox before they look."""
    with trio.fail_after(5):
        inbox, taken = Inbox("bob", 1), []

        async def serve() -> None:
            taken.append(await inbox.next())

        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve)
            await wait_all_tasks_blocked()
            envelope = Envelope(step(), 0.0)
            inbox._wake(envelope)
            inbox.close()
        assert await envelope.reply() == ActorGone("bob")
        assert taken == [None]


async def test_who_is_cancelled_while_they_wait_for_a_step_takes_none_out() -> None:
    with trio.fail_after(5):
        inbox = Inbox("bob", 1)
        with trio.move_on_after(0):
            await inbox.next()
        async with trio.open_nursery() as nursery:
            askers = Askers(inbox, nursery)
            await askers.ask("a")
            with trio.CancelScope() as scope:
                scope.cancel()
                await inbox.next()
            envelope = await inbox.next()
            assert envelope is not None
            envelope.answer(done(1))
        assert askers.replies == {"a": done(1)}


@pytest.mark.parametrize("is_waited_for", [True, False], ids=["by a user who waits", "by nobody"])
async def test_who_is_cancelled_before_they_ask_has_no_step_taken(is_waited_for: bool) -> None:
    with trio.fail_after(5):
        inbox = Inbox("bob", 4)
        taken: list[str] = []

        async def serve() -> None:
            while (envelope := await inbox.next()) is not None:
                taken.append(envelope.step.tool)
                envelope.answer(done(1))

        async with trio.open_nursery() as nursery:
            if is_waited_for:
                nursery.start_soon(serve)
                await wait_all_tasks_blocked()
            with trio.CancelScope() as scope:
                scope.cancel()
                await inbox.ask(step("never"))
            assert scope.cancelled_caught
            if not is_waited_for:
                nursery.start_soon(serve)
            assert await inbox.ask(step("wanted")) == done(1)
            inbox.close()
        assert taken == ["wanted"]
