"""What has been sent comes to its answer, however often somebody says stop."""

import trio

from actors.shelter import Shelter


async def test_cancellation_waits_for_the_answer(autojump_clock):
    shelter, ended = Shelter(), []
    with trio.CancelScope() as outside:
        outside.cancel()
        with shelter.over(10):
            await trio.sleep(3)
            ended.append(trio.current_time())
        await trio.sleep_forever()
    assert ended and outside.cancelled_caught


async def test_the_wait_is_bounded(autojump_clock):
    shelter, began = Shelter(), trio.current_time()
    with trio.CancelScope() as outside:
        outside.cancel()
        with shelter.over(10) as scope:
            await trio.sleep_forever()
        assert scope.cancelled_caught
    assert trio.current_time() == began + 10


async def test_leaving_lets_cancellation_through_at_once_and_from_then_on(autojump_clock):
    shelter, began = Shelter(), trio.current_time()

    async def send() -> None:
        with shelter.over(10):
            await trio.sleep_forever()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(send)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
        shelter.leave()
    with trio.move_on_after(0):
        with shelter.over(10):
            await trio.sleep_forever()
    assert trio.current_time() == began
