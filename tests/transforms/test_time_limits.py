"""Time limits: the result, the limit, and a cancellation at any moment."""

from __future__ import annotations

import asyncio

import pytest

from transforms.time_limits import limited


async def answer(ended: list[str]) -> int:
    try:
        await asyncio.sleep(0)
        return 7
    finally:
        ended.append("ended")


async def forever(ended: list[str]) -> int:
    try:
        await asyncio.Event().wait()
        return 7
    finally:
        ended.append("ended")


def test_the_result_and_the_error_of_the_work_are_passed_on() -> None:
    async def failing() -> None:
        raise ValueError("broken")

    assert asyncio.run(limited(answer([]), 10)) == 7
    with pytest.raises(ValueError, match="broken"):
        asyncio.run(limited(failing(), 10))


def test_work_that_takes_too_long_is_cancelled() -> None:
    ended: list[str] = []
    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(limited(forever(ended), 0.01))
    assert ended == ["ended"]


def test_work_ends_with_its_caller() -> None:
    async def run() -> list[str]:
        ended: list[str] = []
        caller = asyncio.ensure_future(limited(forever(ended), 10))
        await asyncio.sleep(0.01)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        return ended

    assert asyncio.run(run()) == ["ended"]


def test_a_cancellation_at_any_moment_ends_a_loop_of_limited_work() -> None:
    async def loop() -> None:
        while True:
            await limited(answer([]), 10)

    async def run(turns: int) -> None:
        caller = asyncio.ensure_future(loop())
        for _ in range(turns):
            await asyncio.sleep(0)
        caller.cancel()
        done, _ = await asyncio.wait([caller], timeout=10)
        assert done, f"it keeps running after a cancellation in turn {turns}"
        assert caller.cancelled()

    for turns in range(20):
        asyncio.run(run(turns))
