"""What is made from a configuration and the files that it names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from transforms.configuration import Configuration, engine_config, make_recipe, read_translation_settings
from transforms.errors import UsageError

PROMPT = "Translate this French text to English:\n{text}\n"


def test_files_that_are_edited_during_a_run_change_neither_recipe_nor_prompt(tmp_path: Path) -> None:
    glossary, prompt = tmp_path / "terms.csv", tmp_path / "prompt.txt"
    glossary.write_text("source,target\npompe,pump\n")
    prompt.write_text(PROMPT)
    given = Configuration(glossary=str(glossary), prompt_file=str(prompt))
    settings = read_translation_settings(given)
    before = make_recipe(settings, ("text",), {})
    glossary.write_text("source,target\npompe,engine\n")
    prompt.write_text(PROMPT.replace("Translate", "Ignore"))
    assert make_recipe(settings, ("text",), {"mistral:latest": "ab"}).prompt_text == before.prompt_text
    translator = engine_config(settings, {}).translator
    assert translator.glossary.digest() == before.glossary_digest
    assert translator.profiles.profile("mistral").template.fingerprint() == before.prompt_text
    edited = make_recipe(read_translation_settings(given), ("text",), {})
    assert edited.glossary_digest != before.glossary_digest
    assert edited.prompt_text != before.prompt_text


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    for name in ("glossary", "prompt_file"):
        missing: dict[str, Any] = {name: str(tmp_path / "nowhere")}
        with pytest.raises(UsageError, match=rf"--{name} .*nowhere"):
            read_translation_settings(replace(Configuration(), **missing))


def test_a_glossary_without_a_place_in_the_prompt_is_reported(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "terms.csv").write_text("source,target\npompe,pump\n")
    (tmp_path / "prompt.txt").write_text(PROMPT)
    read_translation_settings(
        Configuration(glossary=str(tmp_path / "terms.csv"), prompt_file=str(tmp_path / "prompt.txt"))
    )
    assert "only checked" in caplog.text
