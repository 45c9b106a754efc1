"""Tasks that nobody waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


def told(task: asyncio.Task[None], tell: Callable[[BaseException], None]) -> asyncio.Task[None]:
    """The task; an error that ends it is told, since what it was to do would be waited for without an end."""

    def ended(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            tell(error)

    task.add_done_callback(ended)
    return task
