from __future__ import annotations

from pathlib import Path

import pytest

from transforms.sink.output_directory import OutputDirectory


@pytest.fixture
def output(tmp_path: Path) -> OutputDirectory:
    """A new output on the local disk."""
    made = OutputDirectory(str(tmp_path / "out"))
    made.prepare()
    return made
