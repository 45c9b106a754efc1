from __future__ import annotations

import asyncio

from transforms.fleet.tasks import report_failure


def test_an_exception_is_reported_and_neither_an_end_nor_a_cancellation_is() -> None:
    reported: list[BaseException] = []

    async def fails() -> None:
        raise ValueError("bug")

    async def ends() -> None:
        return

    async def waits() -> None:
        await asyncio.Event().wait()

    async def run() -> None:
        tasks = [report_failure(asyncio.create_task(work()), reported.append) for work in (fails, ends, waits)]
        await asyncio.sleep(0)
        tasks[2].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(run())
    assert [str(error) for error in reported] == ["bug"]
