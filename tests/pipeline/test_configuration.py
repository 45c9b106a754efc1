"""What a run is configured with, from its options and the files that they name."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.configuration import engine_config, make_recipe, memory_settings, read_translation_settings
from pipeline.options.run import RunOptions
from transforms.engine.deduplicator import NO_MEMORY
from transforms.errors import UsageError
from transforms.sink.output_directory import OutputDirectory

PROMPT = "Translate this French text to English:\n{text}\n"


def options(tmp_path: Path, **more: object) -> RunOptions:
    return RunOptions(input=("/in",), output=str(tmp_path / "out"), **more)  # type: ignore[arg-type]


def test_files_that_are_edited_during_a_run_change_neither_recipe_nor_prompt(tmp_path: Path) -> None:
    glossary, prompt = tmp_path / "terms.csv", tmp_path / "prompt.txt"
    glossary.write_text("source,target\npompe,pump\n")
    prompt.write_text(PROMPT)
    given = options(tmp_path, glossary=str(glossary), prompt_file=str(prompt))
    settings = read_translation_settings(given)
    before = make_recipe(given, settings, ("text",), {})
    glossary.write_text("source,target\npompe,engine\n")
    prompt.write_text(PROMPT.replace("Translate", "Ignore"))
    assert make_recipe(given, settings, ("text",), {"mistral:latest": "ab"}).prompt_text == before.prompt_text
    translator = engine_config(given, settings, {}, NO_MEMORY).translator
    assert translator.glossary.digest() == before.glossary_digest
    assert translator.profiles.profile("mistral").template.fingerprint() == before.prompt_text
    edited = make_recipe(given, read_translation_settings(given), ("text",), {})
    assert edited.glossary_digest != before.glossary_digest
    assert edited.prompt_text != before.prompt_text


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    for name in ("glossary", "prompt_file"):
        with pytest.raises(UsageError, match=rf"--{name} .*nowhere"):
            read_translation_settings(options(tmp_path, **{name: str(tmp_path / "nowhere")}))


def test_a_glossary_without_a_place_in_the_prompt_is_reported(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "terms.csv").write_text("source,target\npompe,pump\n")
    (tmp_path / "prompt.txt").write_text(PROMPT)
    read_translation_settings(
        options(tmp_path, glossary=str(tmp_path / "terms.csv"), prompt_file=str(tmp_path / "prompt.txt"))
    )
    assert "only checked" in caplog.text


def test_the_place_of_the_memory(tmp_path: Path) -> None:
    def place(memory: str, output: str = str(tmp_path / "out")) -> str | None:
        given = options(tmp_path, memory=memory)
        recipe = make_recipe(given, read_translation_settings(given), ("text",), {})
        return memory_settings(given, OutputDirectory(output), recipe).where

    assert place("off") is None
    assert place("auto", "memory://out") is None
    assert str(place("auto")).startswith(str(tmp_path / "out"))
    assert place(str(tmp_path / "own.sqlite")) == str(tmp_path / "own.sqlite")
    (tmp_path / "other.sqlite").write_bytes(b"PAR1" * 100)
    with pytest.raises(UsageError, match="--memory"):
        place(str(tmp_path / "other.sqlite"))
