from __future__ import annotations

import pytest

from transforms.errors import UsageError
from transforms.text.prompt_families import DEFAULT_CHUNK_CHARS, DEFAULT_SAMPLING, FAMILIES, family_of
from transforms.text.prompts import from_file, render
from transforms.text.voice import VoiceChoice, Voices


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
def test_the_family_of_a_model_is_found_in_its_name(model: str, family: str) -> None:
    assert family_of(model) is FAMILIES[family]


def test_prompts_stand_as_their_makers_wrote_them() -> None:
    def prompt(model: str) -> str:
        return render(VoiceChoice(4096).voice(model).template, "Bonjour {nom}").prompt

    assert prompt("translategemma").endswith("French text into English:\n\n\nBonjour {nom}")
    assert prompt("tower-plus") == (
        "Translate the following French source text to English:\nFrench: Bonjour {nom}\nEnglish: "
    )
    assert prompt("seed-x") == "Translate the following French sentence into English:\nBonjour {nom} <en>"
    assert VoiceChoice(4096).voice("seed-x").template.raw
    assert VoiceChoice(4096).voice("eurollm").template.system == ""
    assert VoiceChoice(4096).voice("translategemma").template.system is None


def test_what_the_user_gives_comes_before_the_familys() -> None:
    plain, hunyuan = VoiceChoice(4096).voice("mistral"), VoiceChoice(4096).voice("hy-mt2")
    assert (plain.sampling, plain.chunk_chars) == (DEFAULT_SAMPLING, DEFAULT_CHUNK_CHARS)
    assert hunyuan.sampling == {"temperature": 0.7, "top_k": 20, "top_p": 0.6, "repeat_penalty": 1.05}
    given = VoiceChoice(4096, family="simple", chunk_chars=500, sampling={"temperature": 0.1}).voice("hy-mt2")
    assert given.template is FAMILIES["simple"].template
    assert (given.sampling["temperature"], given.chunk_chars) == (0.1, 500)
    own = from_file("Into English: {text}", "mine.txt")
    assert VoiceChoice(4096, own=own).voice("hy-mt2").template is own


def test_a_wish_that_a_models_prompt_has_no_place_for_is_refused() -> None:
    assert "British" in (VoiceChoice(4096, spelling="british").voice("mistral").template.system or "")
    with pytest.raises(UsageError, match="the prompt hy-mt2 of hy-mt2 has none"):
        VoiceChoice(4096, domain="reviews").voice("hy-mt2")


def test_room_for_texts_shrinks_to_what_a_model_really_counts_and_never_grows() -> None:
    voices = Voices(VoiceChoice(4096))
    before = voices.of("mistral").budget
    assert not voices.counted(voices.of("mistral"), 100, before.overhead_tokens + 100)
    assert voices.of("mistral").budget is before
    assert voices.counted(voices.of("mistral"), 100, before.overhead_tokens + 160)
    assert not voices.counted(voices.of("mistral"), 100, before.overhead_tokens + 190)
    assert not voices.counted(voices.of("mistral"), 100, 50)
    after = voices.of("mistral").budget
    assert after.overhead_tokens == before.overhead_tokens + 90
    assert after.max_source_tokens == before.max_source_tokens - 30
    assert voices.of("qwen3").budget == before
    voices.counted(voices.of("mistral"), 100, 4000)
    assert voices.of("mistral").budget.max_source_tokens == 64
