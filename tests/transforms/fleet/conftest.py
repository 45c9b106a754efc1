"""The event loop of the fleet's tests, and supervisors without pauses."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from transforms.fleet.host import host_supervisor


@pytest.fixture(scope="package", autouse=True)
def loop_of_the_engine() -> Iterator[None]:
    """Make asyncio create loops of the engine's kind: uvloop's where that is installed."""
    before = asyncio.get_event_loop_policy()
    if find_spec("uvloop") is not None:
        import uvloop

        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    yield
    asyncio.set_event_loop_policy(before)


@pytest.fixture
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let supervisors ask again at once for a host that is not ready."""
    monkeypatch.setattr(host_supervisor, "FIRST_RETRY_SECONDS", 0.002)
    monkeypatch.setattr(host_supervisor, "MISSING_MODEL_RETRY_SECONDS", 0.002)


@pytest.fixture
def quick_patrols(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let supervisors look at their hosts all the time."""
    monkeypatch.setattr(host_supervisor, "PATROL_SECONDS", 0.002)
