"""Ports of this machine."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

START_SECONDS = 120.0
POLL_SECONDS = 0.2


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def wait_for_port(port: int, programs: Mapping[Path, subprocess.Popen[bytes]]) -> None:
    """Wait until something listens on a port.

    Args:
        port: The port.
        programs: What is waited for, by the file of its log.

    Raises:
        RuntimeError: A program has ended, or nothing listens after two minutes.
    """
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        for log, process in programs.items():
            if process.poll() is not None:
                end = log.read_text("utf-8", "replace")[-2000:]
                raise RuntimeError(f"{log.stem} ended with {process.returncode}: {end}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(POLL_SECONDS)
    raise RuntimeError(f"nothing listens on port {port} after {START_SECONDS:.0f} s; see {[*programs]}")
