from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline.sandbox.settings import HostSettings
from transforms.errors import UsageError


def test_settings_survive_their_way_through_json() -> None:
    settings = HostSettings().changed(
        {"faults": ["hang", {"kind": "echo", "marker": "x"}], "models": ["a", "b"], "sigma": 1}
    )
    assert HostSettings().changed(json.loads(settings.as_json())) == settings


@pytest.mark.parametrize("version", ["0.33.0", "0.33.0-rc2"])
def test_versions_compare_as_numbers(version: str) -> None:
    assert HostSettings(version=version).version_numbers == (0, 33, 0)


@pytest.mark.parametrize(
    "changes",
    [{"sigma": -0.1}, {"trained_context": 3}, {"translations": [["a"]]}, {"repeat_abort_characters": 1}, {"hang": 1}],
)
def test_invalid_settings_are_refused_by_name(changes: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=next(iter(changes))):
        HostSettings().changed(changes)


def test_translations_are_pairs() -> None:
    assert HostSettings().changed({"translations": [["un", "one"]]}).translations == (("un", "one"),)
