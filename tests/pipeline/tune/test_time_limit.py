from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pipeline.tune import time_limit
from pipeline.tune.time_limit import TimeIsUp, TimeLimit


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time_limit, "time", clock)
    return clock


def test_nothing_begins_that_would_not_end_in_time(clock: Clock) -> None:
    limit = TimeLimit(100.0)

    async def work(seconds: float) -> float:
        clock.now += seconds
        return seconds

    async def do() -> None:
        assert await limit.run(lambda: work(40.0)) == 40.0
        assert await limit.run(lambda: work(10.0)) == 10.0
        assert await limit.run(lambda: work(15.0)) == 15.0
        with pytest.raises(TimeIsUp):  # 35 seconds are left, and 40 may be needed
            await limit.run(lambda: work(1.0))

    asyncio.run(do())
    assert clock.now == 65.0


def test_work_is_cancelled_at_the_limit(tmp_path: Path) -> None:
    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            (tmp_path / "cleaned up").touch()

    with pytest.raises(TimeIsUp):
        asyncio.run(TimeLimit(0.4).run(work))
    assert (tmp_path / "cleaned up").exists()


def test_windows_are_short_in_a_short_limit() -> None:
    assert [TimeLimit(seconds).window_seconds for seconds in (1.0, 60.0, 1800.0)] == [0.3, 1.0, 20.0]
    assert TimeLimit(1800.0, windows=240).window_seconds == 7.5
