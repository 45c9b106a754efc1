"""One worker process: runs the graph over the tasks that the launcher gives it, one after the other.

It has no signal handling of its own, as the launcher starts it with SIGINT and SIGTERM blocked. It ends when the
launcher says so, and at once when the launcher is gone: nothing is sent after that.
"""

from __future__ import annotations

import logging
import os
import queue
import socket
import sys
import threading
from collections.abc import Iterator
from logging.handlers import QueueHandler
from typing import Any

from pipeline.console import logs
from pipeline.process_limits import calm_collector, switch_threads_often
from pipeline.workers.messages import Channel, Figures, Finished, NextTask, Setup, Stop
from transforms.engine.engine import live_engines, live_snapshot
from transforms.errors import RunFailed, TranslateError
from transforms.fleet.host.sharing import Share, change
from transforms.sink.fence import close_fences
from transforms.sink.published import take_published
from transforms.source.read_tasks import ReadTask

LOG = logging.getLogger(__name__)

FIGURES_SECONDS = 1.0


def main() -> None:
    """Run the worker whose socket is the standard input, until its end."""
    try:
        worker = Worker(Channel(socket.socket(fileno=sys.stdin.fileno())))
    except EOFError:  # the launcher is gone already
        os._exit(1)
    worker.run()
    sys.stderr.flush()
    os._exit(0)  # Beam's threads need not be waited for


class Worker:
    """The side of this process.

    Args:
        channel: To the launcher.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._tasks: queue.SimpleQueue[ReadTask | None] = queue.SimpleQueue()
        self._setup: Setup = channel.receive()
        logs.configure(level=self._setup.options.log_level)
        logging.getLogger().handlers = [_Sender(channel)]
        change(Share(self._setup.number, self._setup.workers))
        self._end = threading.Event()
        threading.Thread(target=self._listen, name="launcher", daemon=True).start()

    def run(self) -> None:
        """Translate until there are no tasks left, and tell the launcher how it ended."""
        error: TranslateError | None = None
        try:
            self._translate()
        except TranslateError as failure:
            error = failure
        except Exception as failure:
            LOG.exception("unexpected error in a worker process, please report this bug")
            error = RunFailed(f"a worker process failed: {type(failure).__name__}: {failure}; finished parts are kept")
        self._channel.send(Finished(error))

    def _translate(self) -> None:
        # Late, so that the launcher is listened to while Beam is imported.
        from pipeline.workers import job

        calm_collector()
        switch_threads_often()
        reporting = threading.Thread(target=self._report, name="figures", daemon=True)
        reporting.start()
        try:
            job.translate(self._setup, self._assigned)
        finally:
            self._end.set()
            reporting.join()
            close_fences()
            self._send_figures()
            for engine in live_engines():
                engine.close()

    def _assigned(self) -> Iterator[ReadTask]:
        """Yield the tasks of this worker; each is asked for when the one before it has been read."""
        while self._channel.send(NextTask()) and (task := self._tasks.get()) is not None:
            yield task

    def _report(self) -> None:
        while not self._end.wait(FIGURES_SECONDS):
            self._send_figures()

    def _send_figures(self) -> None:
        self._channel.send(Figures(live_snapshot(), take_published(self._setup.run_id)))

    def _listen(self) -> None:
        """Take what the launcher sends, until it is gone, which ends this process at once."""
        while True:
            try:
                message: Any = self._channel.receive()
            except EOFError:
                os._exit(1)
            if isinstance(message, Stop):
                self._stop()
            elif isinstance(message, Share):
                change(message)
            else:
                self._tasks.put(message)

    def _stop(self) -> None:
        engines = live_engines()
        if not engines:
            os._exit(0)  # nothing was sent yet
        for engine in engines:
            engine.stop()
        self._tasks.put(None)


class _Sender(QueueHandler):
    """Sends log records to the launcher, which formats them, counts repetitions and shows them."""

    def __init__(self, channel: Channel) -> None:
        super().__init__(channel)  # type: ignore[arg-type]  # only enqueue uses it
        self.addFilter(logs.is_relevant)

    def enqueue(self, record: logging.LogRecord) -> None:
        """Send a record, whose message holds its arguments and traceback by now."""
        self.queue.send(record)  # type: ignore[attr-defined]
