"""An event loop whose work is cancelled by SIGTERM or Ctrl-C, and whose clean-up is awaited."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar, cast

from pipeline.exit_codes import ExitCode
from pipeline.signals import CODES, StopRequested

T = TypeVar("T")


def run_until_signal(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in an event loop of its own; the first signal cancels it, and further ones are ignored.

    With the process's usual handler, ``StopRequested`` would be raised in whichever task happens to run, which may
    swallow it. Clean-up must not take long, as only SIGKILL ends it.

    Raises:
        StopRequested: A signal arrived.
    """
    received: list[ExitCode] = []

    async def run() -> T | None:
        loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work)

        def stop(code: ExitCode) -> None:
            if not received:
                received.append(code)
                task.cancel()

        previous = {number: signal.getsignal(number) for number in CODES}
        for number, code in CODES.items():
            loop.add_signal_handler(number, stop, code)
        try:
            return await task
        except asyncio.CancelledError:
            if not received:
                raise
            return None
        finally:
            for number, handler in previous.items():
                loop.remove_signal_handler(number)
                signal.signal(number, handler)

    result = asyncio.run(run())
    if received:
        raise StopRequested(received[0])
    return cast("T", result)
