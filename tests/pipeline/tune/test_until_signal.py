from __future__ import annotations

import asyncio
import os
import signal

import pytest

from pipeline.signals import StopRequested
from pipeline.tune.until_signal import run_until_signal


def test_the_result_is_returned_and_handlers_are_as_before() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]

    async def work() -> int:
        return 7

    assert run_until_signal(work()) == 7
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_cancels_the_work_and_its_clean_up_is_awaited(number: signal.Signals, code: int) -> None:
    done: list[str] = []

    async def work() -> None:
        try:
            os.kill(os.getpid(), number)
            await asyncio.Event().wait()
        finally:
            os.kill(os.getpid(), number)  # an impatient user
            await asyncio.sleep(0.01)
            done.append("cleaned up")

    with pytest.raises(StopRequested) as stopped:
        run_until_signal(work())
    assert (stopped.value.code, done) == (code, ["cleaned up"])


def test_errors_of_the_work_are_raised() -> None:
    async def work() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        run_until_signal(work())
