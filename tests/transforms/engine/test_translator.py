"""One text from source to result, against real loopback hosts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pipeline.sandbox.faults import Fault
from tests.conftest import MakeHost
from tests.transforms.engine.engines import SENTENCE, StartEngine, bodies, make_settings, translate
from transforms.engine import translator
from transforms.engine.translator import TranslatorSettings
from transforms.text.flags import HARD
from transforms.text.request.prompt_profile import ProfileChoice

SPANISH = (
    "El técnico ha cambiado la bomba y ha comprobado la presión de la caldera. Los vecinos no tienen agua desde ayer, "
    "pero el ascensor funciona y la puerta está abierta."
)
PARAGRAPH = " ".join(
    f"Le technicien a remplacé la pompe numéro {number} et contrôlé la pression de la chaudière." for number in range(6)
)


def test_white_space_around_a_text_stays_where_it_is(sandbox_host: MakeHost, start_engine: StartEngine) -> None:
    (result,) = translate(start_engine([sandbox_host()]), "  Le rapport est prêt.\r\nLa pompe aussi.\r\n")
    translation = result.outcome.translation or ""
    assert translation.startswith("  ")
    assert translation.endswith("\r\n")
    assert translation.count("\r\n") == 2


def test_a_long_text_goes_out_in_pieces_that_fit_and_comes_back_whole(
    sandbox_host: MakeHost, start_engine: StartEngine
) -> None:
    host = sandbox_host(record_requests=True)
    text = "\n\n".join(f"Paragraphe {number}. {SENTENCE * 6}" for number in range(30))
    (result,) = translate(start_engine([host]), text)
    outcome = result.outcome
    assert outcome.status == "ok"
    assert outcome.chunks == outcome.attempts == len(result.requests.attempts) > 5
    assert len((outcome.translation or "").split("\n\n")) == 30
    for number, paragraph in enumerate((outcome.translation or "").split("\n\n")):
        assert str(number) in paragraph
    for request in host.stats(with_requests=True)["requests"]:
        body = request["body"]
        tokens = (len(body["system"]) + len(body["prompt"])) / 3.3
        assert tokens + body["options"]["num_predict"] <= 2048
        assert body["options"]["num_ctx"] == 2048
        assert body["truncate"] is False


def test_a_piece_is_shown_what_stands_before_it_and_only_the_piece_is_translated(
    sandbox_host: MakeHost, start_engine: StartEngine
) -> None:
    host = sandbox_host(record_requests=True)
    paragraphs = [f"Le rapport {number} décrit la panne. Il est prêt. {PARAGRAPH}" for number in range(4)]
    choice = ProfileChoice(1024, chunk_chars=700, context_chars=120)
    engine = start_engine([host], translator=TranslatorSettings(choice, "mistral", 7))
    (result,) = translate(engine, "\n\n".join(paragraphs))
    (alone,) = translate(engine, "La pompe est réparée.")
    assert (result.outcome.status, alone.outcome.status) == ("ok", "ok")
    prompts = sorted((body["prompt"] for body in bodies(host)[:-1]), key=lambda prompt: prompt.startswith("<context>"))
    assert not prompts[0].startswith("<context>")
    for prompt in prompts[1:]:
        context, _, source = prompt.removeprefix("<context>\n").partition("\n</context>\n<source>\n")
        assert 0 < len(context) <= 120
        assert context in "\n\n".join(paragraphs)
        assert source.endswith("\n</source>")
    assert bodies(host)[-1]["prompt"] == "<source>\nLa pompe est réparée.\n</source>"
    assert len({body["system"] for body in bodies(host)}) == 1
    for number in range(4):
        assert (result.outcome.translation or "").count(f"report {number} ") == 1


def test_each_text_gets_the_model_that_it_names(sandbox_host: MakeHost, start_engine: StartEngine) -> None:
    host = sandbox_host(models=["mistral", "qwen3:8b"], record_requests=True)
    engine = start_engine([host], any_model=True)
    models = ["qwen3:8b", None, "gpt-oss:120b-cloud", "nothing"]
    results = translate(engine, *[f"Le rapport {number} est prêt." for number in range(4)], models=models)
    assert [result.outcome.status for result in results] == ["ok", "ok", "failed", "failed"]
    assert [result.outcome.model for result in results] == ["qwen3:8b", "mistral", "gpt-oss:120b-cloud", "nothing"]
    assert "cloud" in (results[2].outcome.error or "")
    assert (results[3].outcome.error or "").startswith("model_missing: no host has the model 'nothing'")
    sent = {request["body"]["model"] for request in host.stats(with_requests=True)["requests"]}
    assert sent == {"qwen3:8b", "mistral"}


@pytest.mark.parametrize(
    ("policy", "status", "calls"), [("pass_through", "skipped", 0), ("fail", "failed", 0), ("translate", "ok", 2)]
)
def test_texts_that_are_not_french(
    policy: Any, status: str, calls: int, sandbox_host: MakeHost, start_engine: StartEngine
) -> None:
    host = sandbox_host()
    texts = [
        "The technician replaced the pump and checked the pressure of the boiler this morning.",
        SPANISH,
    ]
    settings = replace(make_settings(), english=policy, other_language=policy, checks="off")
    engine = start_engine([host], translator=settings)
    results = translate(engine, *texts)
    assert [result.outcome.status for result in results] == [status] * 2
    assert host.stats()["calls"] == calls
    if policy != "translate":
        assert [result.outcome.flags[0] for result in results] == ["src_english", "src_other_language"]
    if policy == "pass_through":
        assert [result.outcome.translation for result in results] == texts


def test_a_short_spanish_text_is_passed_through_with_lingua(sandbox_host: MakeHost, start_engine: StartEngine) -> None:
    host = sandbox_host()
    choice = ProfileChoice(2048)
    engine = start_engine([host], translator=TranslatorSettings(choice, "mistral", 7, langid="lingua"))
    spanish, french = translate(engine, "Fuga de agua en el sótano, urgente.", "Fuite d'eau au sous-sol, urgent.")
    assert (spanish.outcome.status, list(spanish.outcome.flags)) == ("skipped", ["src_other_language"])
    assert (french.outcome.status, host.stats()["calls"]) == ("ok", 1)


def test_a_piece_without_words_is_not_sent(sandbox_host: MakeHost, start_engine: StartEngine) -> None:
    host = sandbox_host(record_requests=True)
    paragraph = SENTENCE * 17
    text = f"{paragraph}\n\n{'12 34 56 78 ' * 80}\n\n{paragraph}"
    (result,) = translate(start_engine([host], num_ctx=1024), text)
    assert "12 34 56 78 " * 80 in (result.outcome.translation or "").replace("\n", "")
    for request in host.stats(with_requests=True)["requests"]:
        assert "technicien" in request["body"]["prompt"] or "pompe" in request["body"]["prompt"]


def test_nearly_all_rows_end_well_on_a_host_that_spoils_a_tenth_of_first_answers(
    sandbox_host: MakeHost, start_engine: StartEngine
) -> None:
    kinds = ("echo", "chinese", "refusal", "loop", "empty", "wrong_number", "partly_french", "cut", "preamble", "note")
    host = sandbox_host(faults=[Fault(kind, 0.01, first_try_only=True) for kind in kinds])
    texts = [f"Le rapport {number} décrit la panne de la pompe principale du bâtiment." for number in range(1000)]
    seeded = HARD | {"number_missing", "number_added", "length_ratio"}
    results = translate(start_engine([host]), *texts)
    assert sum(host.stats()["text_faults"].values()) > 60
    assert sum(result.outcome.status in ("ok", "warn") for result in results) >= 990
    assert sum(not seeded & set(result.outcome.flags) for result in results) >= 990


def test_the_language_of_a_very_long_text_is_not_identified(
    sandbox_host: MakeHost, start_engine: StartEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = sandbox_host()
    engine = start_engine([host])
    english = "The technician replaced the pump and checked the pressure of the boiler this morning."
    monkeypatch.setattr(translator, "MAX_IDENTIFIED_CHARS", len(english))
    assert translate(engine, english)[0].outcome.status == "skipped"
    assert translate(engine, f"{english} ")[0].outcome.status != "skipped"
    assert host.stats()["calls"] > 0
