from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from pipeline.sandbox.running import SandboxThread
from tests.transforms.engine.engines import StartEngine, make_engine
from transforms.engine.engine import Engine


@pytest.fixture
def start_engine() -> Iterator[StartEngine]:
    """Starts engines that are closed after the test: ``start_engine(hosts, **settings)``."""
    engines: list[Engine] = []

    def start(hosts: Sequence[SandboxThread], **settings: Any) -> Engine:
        engines.append(make_engine(hosts, **settings))
        return engines[-1]

    yield start
    for engine in engines:
        engine.close()
