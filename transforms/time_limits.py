"""A time limit for awaiting that passes on every cancellation.

Before Python 3.12, ``asyncio.wait_for`` drops a cancellation that arrives together with the result: a task that was to
end keeps running, and whoever waits for its end waits forever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def limited(work: Coroutine[Any, Any, T], seconds: float) -> T:
    """Return the result of ``work``, which is cancelled with its caller or at the time limit.

    Raises:
        asyncio.TimeoutError: It took longer than ``seconds``.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait([task], timeout=seconds)
    except asyncio.CancelledError:
        await _end(task)
        raise
    if not task.done():
        await _end(task)
    if task.cancelled():
        raise asyncio.TimeoutError
    return task.result()


async def _end(task: asyncio.Future[Any]) -> None:
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        task.exception()  # nobody waits for it any more, which is no reason for asyncio to warn
