"""Background tasks that nothing awaits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


def report_failure(task: asyncio.Task[None], report: Callable[[BaseException], None]) -> asyncio.Task[None]:
    """Reports an exception that ends ``task``, which would otherwise vanish; returns the task."""

    def ended(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            report(error)

    task.add_done_callback(ended)
    return task
