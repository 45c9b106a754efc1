"""Where the translation memory of a run is."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.memory_place import memory_settings
from pipeline.options.run import RunOptions
from transforms.configuration import Configuration, make_recipe, read_translation_settings
from transforms.errors import UsageError
from transforms.sink.output_directory import OutputDirectory


def test_the_place_of_the_memory(tmp_path: Path) -> None:
    def place(memory: str, output: str = str(tmp_path / "out")) -> str | None:
        recipe = make_recipe(read_translation_settings(Configuration()), ("text",), {})
        return memory_settings(RunOptions(memory=memory), OutputDirectory(output), recipe).where

    assert place("off") is None
    assert place("auto", "memory://out") is None
    assert str(place("auto")).startswith(str(tmp_path / "out"))
    assert place(str(tmp_path / "own.sqlite")) == str(tmp_path / "own.sqlite")
    (tmp_path / "other.sqlite").write_bytes(b"PAR1" * 100)
    with pytest.raises(UsageError, match="--memory"):
        place(str(tmp_path / "other.sqlite"))
