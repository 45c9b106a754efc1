"""Run one simulated host until a signal arrives; also the child process of ``SandboxProcess``."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import threading

from pipeline.sandbox.host import SandboxHost
from pipeline.sandbox.settings import HostSettings
from pipeline.sandbox.translate import translate
from transforms.errors import UsageError


def serve(settings: HostSettings, port: int = 0, control_port: int = 0, until_stdin_closes: bool = False) -> None:
    """Run a host until SIGTERM or SIGINT. Print a JSON line with ``url`` and ``control`` once it listens.

    Args:
        settings: The host's settings.
        port: Port of Ollama's HTTP on loopback; 0 picks a free one.
        control_port: Control port on loopback; 0 picks a free one.
        until_stdin_closes: Also stop at the end of standard input, and ignore SIGINT: the parent process handles
            Ctrl-C and may still need the host for a clean shutdown.

    Raises:
        UsageError: A port is in use or can't be opened.
    """
    asyncio.run(_serve(SandboxHost(settings, port, control_port), until_stdin_closes))


async def _serve(host: SandboxHost, until_stdin_closes: bool) -> None:
    translate("Bonjour.")  # reads the lexicon, which would otherwise delay the first answers
    loop = asyncio.get_running_loop()
    end = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, end.set)
    if until_stdin_closes:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        # A daemon thread, because a blocking read would delay the exit on SIGTERM.
        threading.Thread(target=_wait_for_end_of_stdin, args=(loop, end), daemon=True).start()
    else:
        loop.add_signal_handler(signal.SIGINT, end.set)
    try:
        try:
            await host.start()
        except OSError as error:
            raise UsageError(f"the simulated host can't listen: {error.strerror or error}") from error
        print(json.dumps({"url": host.url, "control": host.control_url}), flush=True)
        await end.wait()
    finally:
        await host.stop()


def _wait_for_end_of_stdin(loop: asyncio.AbstractEventLoop, end: asyncio.Event) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    loop.call_soon_threadsafe(end.set)


def main() -> None:
    """Entry point of the child process."""
    parser = argparse.ArgumentParser(
        description="Run one simulated Ollama host. Its answers are not real translations."
    )
    parser.add_argument("--settings", default="{}", help="JSON object with fields of HostSettings")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--until_stdin_closes", action="store_true")
    arguments = parser.parse_args()
    try:
        serve(
            HostSettings().changed(json.loads(arguments.settings)),
            arguments.port,
            until_stdin_closes=arguments.until_stdin_closes,
        )
    except UsageError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
