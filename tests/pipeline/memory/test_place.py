"""Where the translation memory of a run is."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.memory.place import default_place, memory_settings
from pipeline.options.run import RunOptions
from transforms.configuration import Configuration, make_recipe, read_translation_settings
from transforms.errors import UsageError
from transforms.sink.output_directory import OutputDirectory


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache directory."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def place(memory: str, output: str, *beam_arguments: str) -> str | None:
    recipe = make_recipe(read_translation_settings(Configuration()), ("text",), {})
    options = RunOptions(memory=memory, beam_arguments=beam_arguments)
    return memory_settings(options, OutputDirectory(output), recipe).where


def test_the_place_of_the_memory(tmp_path: Path) -> None:
    output = str(tmp_path / "out")
    assert place("off", output) is None
    assert place("auto", output) == f"{output}/_state/memory.sqlite"
    assert place(str(tmp_path / "own.sqlite"), output) == str(tmp_path / "own.sqlite")
    (tmp_path / "other.sqlite").write_bytes(b"PAR1" * 100)
    with pytest.raises(UsageError, match="--memory"):
        place(str(tmp_path / "other.sqlite"), output)


@pytest.mark.parametrize(
    ("arguments", "there"),
    [
        ([], True),
        (["--runner=FnApiRunner"], True),
        (["--runner=PrismRunner"], True),
        (["--runner=FlinkRunner", "--environment_type=LOOPBACK"], True),
        (["--runner=FlinkRunner"], False),
        (["--runner=PrismRunner", "--environment_type=EXTERNAL"], False),
        (["--runner=apache_beam.runners.DataflowRunner"], False),
    ],
)
def test_an_output_elsewhere_has_a_memory_in_the_cache_if_all_workers_see_it(
    arguments: list[str], there: bool, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    found = place("auto", "memory://out/english", *arguments)
    if there:
        assert found is not None
        assert Path(found).parent.parent == cache
        assert Path(found).is_file()
        assert found == default_place(OutputDirectory("memory://out/english/"))
    else:
        assert found is None
        assert "name one with --memory redis://host:port/0" in caplog.text


def test_a_cache_that_cannot_be_written_is_a_warning(cache: Path, caplog: pytest.LogCaptureFixture) -> None:
    cache.write_text("a file in the way")
    assert place("auto", "memory://out/english") is None
    assert "running without translation memory" in caplog.text
