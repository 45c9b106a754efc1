"""Fixtures for all tests.

sandbox_host    makes stand-in Ollama hosts: real HTTP, in threads of the test process, closed after the test
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Protocol

import pytest

from pipeline.sandbox.running import SandboxThread
from pipeline.sandbox.settings import HostSettings


class MakeHost(Protocol):
    """Makes a stand-in host from fields of ``HostSettings``: ``sandbox_host(num_parallel=2, faults=["busy_503"])``."""

    def __call__(self, **settings: Any) -> SandboxThread: ...


@pytest.fixture
def sandbox_host() -> Iterator[MakeHost]:
    """Each call starts one more host: ``.url``, ``.control(**changes)``, ``.stats(with_requests=False)``."""
    with ExitStack() as hosts:

        def make(**settings: Any) -> SandboxThread:
            return hosts.enter_context(SandboxThread(HostSettings().changed(settings)))

        yield make
