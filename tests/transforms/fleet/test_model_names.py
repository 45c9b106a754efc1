from __future__ import annotations

import pytest

from transforms.fleet.model_names import canonical, is_cloud_model, model_key


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("mistral", "mistral:latest"),
        (" Mistral ", "mistral:latest"),
        ("mistral:7b", "mistral:7b"),
        ("registry.example:5000/library/x", "registry.example:5000/library/x:latest"),
    ],
)
def test_a_model_has_one_key_however_it_is_written(name: str, key: str) -> None:
    assert model_key(name) == key
    assert canonical(key) == key


def test_models_of_ollamas_cloud() -> None:
    assert is_cloud_model("gpt-oss:120b-cloud")
    assert is_cloud_model("X:Cloud")
    assert not is_cloud_model("cloud-model")
