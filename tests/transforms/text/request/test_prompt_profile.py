from __future__ import annotations

import pytest

from transforms.errors import UsageError
from transforms.text.request.prompt_families import DEFAULT_CHUNK_CHARS, DEFAULT_SAMPLING, FAMILIES, family_of
from transforms.text.request.prompt_profile import ProfileChoice, PromptProfiles
from transforms.text.request.prompts import from_file, render


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("mistral", "general"),
        ("qwen3:8b", "general"),
        ("gemma3:12b", "general"),
        ("aya-expanse:8b", "general"),
        ("translategemma:4b", "translategemma"),
        ("hf.co/someone/TranslateGemma-12b-GGUF:Q4_K_M", "translategemma"),
        ("hy-mt2:7b", "hy-mt2"),
        ("tencent/Hunyuan-MT2-7B", "hy-mt2"),
        ("hunyuan-mt:7b", "hy-mt"),
        ("HY-MT1.5-1.8B", "hy-mt"),
        ("tower-plus:9b", "tower-plus"),
        ("Tower+-9B", "tower-plus"),
        ("towerinstruct:7b", "tower-instruct"),
        ("eurollm_9b_instruct", "eurollm"),
        ("seed-x-ppo:7b", "seed-x"),
    ],
)
def test_a_model_name_determines_its_family(model: str, family: str) -> None:
    assert family_of(model) is FAMILIES[family]


def test_prompts_match_their_makers_wording() -> None:
    def prompt(model: str) -> str:
        return render(ProfileChoice(4096).profile(model).template, "Bonjour {nom}").prompt

    assert prompt("translategemma").endswith("French text into English:\n\n\nBonjour {nom}")
    assert prompt("tower-plus") == (
        "Translate the following French source text to English:\nFrench: Bonjour {nom}\nEnglish: "
    )
    assert prompt("seed-x") == "Translate the following French sentence into English:\nBonjour {nom} <en>"
    assert ProfileChoice(4096).profile("seed-x").template.raw
    assert ProfileChoice(4096).profile("eurollm").template.system == ""
    assert ProfileChoice(4096).profile("translategemma").template.system is None


def test_user_settings_take_precedence_over_the_family() -> None:
    plain, hunyuan = ProfileChoice(4096).profile("mistral"), ProfileChoice(4096).profile("hy-mt2")
    assert (plain.sampling, plain.chunk_chars) == (DEFAULT_SAMPLING, DEFAULT_CHUNK_CHARS)
    assert hunyuan.sampling == {"temperature": 0.7, "top_k": 20, "top_p": 0.6, "repeat_penalty": 1.05}
    given = ProfileChoice(4096, family="simple", chunk_chars=500, sampling={"temperature": 0.1}).profile("hy-mt2")
    assert given.template is FAMILIES["simple"].template
    assert (given.sampling["temperature"], given.chunk_chars) == (0.1, 500)
    own = from_file("Into English: {text}", "mine.txt")
    assert ProfileChoice(4096, own=own).profile("hy-mt2").template is own


def test_instructions_are_refused_if_the_prompt_has_no_place_for_them() -> None:
    assert "British" in (ProfileChoice(4096, spelling="british").profile("mistral").template.system or "")
    with pytest.raises(UsageError, match="the prompt hy-mt2 of hy-mt2 has none"):
        ProfileChoice(4096, domain="reviews").profile("hy-mt2")


def test_token_counts_of_hosts_shrink_the_budget_and_never_grow_it() -> None:
    profiles = PromptProfiles(ProfileChoice(4096))
    before = profiles.of("mistral").budget
    assert not profiles.counted(profiles.of("mistral"), 100, before.overhead_tokens + 100)
    assert profiles.of("mistral").budget is before
    assert profiles.counted(profiles.of("mistral"), 100, before.overhead_tokens + 160)
    assert not profiles.counted(profiles.of("mistral"), 100, before.overhead_tokens + 190)
    assert not profiles.counted(profiles.of("mistral"), 100, 50)
    after = profiles.of("mistral").budget
    assert after.overhead_tokens == before.overhead_tokens + 90
    assert after.max_source_tokens == before.max_source_tokens - 30
    assert profiles.of("qwen3").budget == before
    profiles.counted(profiles.of("mistral"), 100, 4000)
    assert profiles.of("mistral").budget.max_source_tokens == 64
