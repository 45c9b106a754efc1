"""Real engines and stores for opt-in tests, in the directory that TRANSLATE_TEST_ENGINES names.

``make test-prism`` and its neighbours install an engine and run its tests.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

VARIABLE = "TRANSLATE_TEST_ENGINES"


def installed(name: str) -> Path:
    """The directory of the engines; skips the test if the engine is not installed there."""
    directory = Path(os.environ.get(VARIABLE, ""))
    if VARIABLE not in os.environ or not (directory / name).exists():
        pytest.skip(f"{VARIABLE} names no directory with {name}: see tests/runners/engines/install.sh")
    return directory
