from __future__ import annotations

import asyncio

import pytest

from pipeline.sandbox.errors import RunnerDied
from pipeline.sandbox.slots import Slots


async def _turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def test_first_come_first_served_on_the_slots_own_schedule() -> None:
    async def run() -> None:
        slots = Slots(1)
        assert slots.take(10.0) == 10.0
        assert slots.take(10.0) is None
        waiting = [asyncio.ensure_future(slots.wait(11.0)), asyncio.ensure_future(slots.wait(30.0))]
        await _turns(1)
        assert slots.waiting == 2
        slots.release(20.0)
        assert await waiting[0] == 20.0  # when the work before it was due to end
        slots.release(25.0)
        assert await waiting[1] == 30.0  # not before it came
        slots.release(31.0)
        assert slots.active == 0

    asyncio.run(run())


@pytest.mark.parametrize("granted", [False, True])
def test_who_leaves_gives_the_place_back(granted: bool) -> None:
    async def run() -> None:
        slots = Slots(1)
        slots.take(0.0)
        first, second = asyncio.ensure_future(slots.wait(1.0)), asyncio.ensure_future(slots.wait(2.0))
        await _turns(1)
        if granted:
            slots.release(5.0)  # it is the first one's turn, but it leaves before it runs again
        first.cancel()
        await _turns(2)
        if not granted:
            slots.release(5.0)
        assert await second == 5.0
        assert first.cancelled()
        assert (slots.active, slots.waiting) == (1, 0)

    asyncio.run(run())


def test_the_number_of_slots_can_change() -> None:
    async def run() -> None:
        slots = Slots(2)
        slots.take(0.0)
        slots.take(0.0)
        waiting = [asyncio.ensure_future(slots.wait(1.0)) for _ in range(3)]
        await _turns(1)
        slots.resize(4, 3.0)
        await _turns(2)
        assert [future.done() for future in waiting] == [True, True, False]
        slots.resize(1, 4.0)
        for _ in range(3):
            slots.release(6.0)
            await _turns(1)
        assert (slots.active, waiting[2].done()) == (1, False)
        slots.release(7.0)
        assert await waiting[2] == 7.0
        slots.release(8.0)
        assert slots.take(9.0) == 9.0
        assert slots.take(9.0) is None

    asyncio.run(run())


def test_everybody_in_the_queue_fails_with_the_runner() -> None:
    async def run() -> None:
        slots = Slots(1)
        slots.take(0.0)
        waiting = [asyncio.ensure_future(slots.wait(1.0)) for _ in range(3)]
        await _turns(1)
        slots.fail(RunnerDied("gone"))
        for future in waiting:
            with pytest.raises(RunnerDied):
                await future
        assert slots.waiting == 0

    asyncio.run(run())
