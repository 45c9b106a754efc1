"""Keep the event loop responsive, whatever the size of a text or of an answer.

While the loop works on one large text, no answer is read: hosts would be blamed for late answers, and a stop would have
to wait. So work on large texts is done in threads, and a text of many chunks is sent a few chunks at a time.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from transforms.waiting import in_daemon_thread

T = TypeVar("T")
Item = TypeVar("Item")

LARGE_CHARS = 50_000
"""Work on shorter texts takes less time than a switch of threads would delay other texts by."""

_AT_ONCE = threading.BoundedSemaphore(4)
"""For large texts that are worked on, as each takes several times its size."""

CHUNKS_AT_ONCE = 256
"""Chunks of one text in flight. More of them than that would be prepared in one go, which takes the loop seconds."""


async def call(chars: int, function: Callable[..., T], *args: Any) -> T:
    """Call a function that does not use the event loop; in a thread if its texts have many characters in all."""
    if chars <= LARGE_CHARS:
        return function(*args)
    # Not asyncio's own threads: the process waits for them at its end, even if their work is given up.
    return await asyncio.wrap_future(in_daemon_thread(partial(_take_turns, function, *args), "large text"))


def _take_turns(function: Callable[..., T], *args: Any) -> T:
    with _AT_ONCE:
        return function(*args)


async def gather_few(function: Callable[[Item], Awaitable[T]], items: Sequence[Item]) -> list[T]:
    """The results of ``function`` for all items, in order; at most ``CHUNKS_AT_ONCE`` calls are in progress."""
    if len(items) == 1:
        return [await function(items[0])]
    results: dict[int, T] = {}
    remaining = iter(enumerate(items))

    async def work() -> None:
        for index, item in remaining:
            results[index] = await function(item)

    await asyncio.gather(*(work() for _ in range(min(CHUNKS_AT_ONCE, len(items)))))
    return [results[index] for index in range(len(items))]
