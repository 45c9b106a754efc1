from __future__ import annotations

import pytest

from transforms.text.request.prompt_families import FAMILIES, family_of
from transforms.text.request.prompts import TEXT


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("mistral", "general"),
        ("gemma3:12b", "general"),
        ("translategemma:4b", "translategemma"),
        ("someone/Translate-Gemma-12B:Q4_K_M", "translategemma"),
        ("hf.co/tencent/Hunyuan-MT-7B-GGUF", "hy-mt"),
        ("hy-mt2:7b", "hy-mt2"),
        ("hunyuan_mt_2", "hy-mt2"),
        ("Tower+:9b", "tower-plus"),
        ("towerinstruct:13b", "tower-instruct"),
        ("eurollm:9b", "eurollm"),
        ("seed-x-ppo:7b", "seed-x"),
        ("towers/mistral:tower", "general"),  # neither path nor tag counts
    ],
)
def test_a_model_has_the_family_of_its_name(model: str, family: str) -> None:
    assert family_of(model) is FAMILIES[family]


def test_every_prompt_holds_the_text_once() -> None:
    for family in FAMILIES.values():
        assert family.template.user.count(TEXT) == 1
        assert family.chunk_chars >= 500
