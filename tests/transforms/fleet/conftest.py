"""The tests of the fleet run on the kind of event loop that the engine has: uvloop's where that is installed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from importlib.util import find_spec

import pytest


@pytest.fixture(scope="package", autouse=True)
def loop_of_the_engine() -> Iterator[None]:
    """Make asyncio create loops of that kind."""
    before = asyncio.get_event_loop_policy()
    if find_spec("uvloop") is not None:
        import uvloop

        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    yield
    asyncio.set_event_loop_policy(before)
