"""Fixtures for tests on real engines, which are opt-in: TRANSLATE_TEST_ENGINES names the directory that
``engines/install.sh`` filled, and ``make test-prism`` or ``make test-flink`` installs and runs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from pipeline.sandbox.running import SandboxProcess
from pipeline.sandbox.settings import HostSettings

VARIABLE = "TRANSLATE_TEST_ENGINES"


def installed(name: str) -> Path:
    """The directory of the engines; skips the test if the engine is not installed there."""
    directory = Path(os.environ.get(VARIABLE, ""))
    if VARIABLE not in os.environ or not (directory / name).exists():
        pytest.skip(f"{VARIABLE} names no directory with {name}: see tests/runners/engines/install.sh")
    return directory


@pytest.fixture
def engine_hosts() -> Iterator[list[SandboxProcess]]:
    """Three simulated hosts with 4, 4 and 2 slots."""
    with ExitStack() as running:
        yield [
            running.enter_context(SandboxProcess(HostSettings(num_parallel=slots, tokens_per_second=400.0)))
            for slots in (4, 4, 2)
        ]
