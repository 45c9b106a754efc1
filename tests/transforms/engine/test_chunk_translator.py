"""One chunk against real loopback hosts: what is sent, and sent again, and which answer is used."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from pipeline.sandbox.answering import tokens_of
from pipeline.sandbox.faults import Fault
from tests.conftest import MakeHost
from tests.transforms.engine.engines import SENTENCE, StartEngine, bodies, make_settings, translate
from transforms.engine import chunk_translator
from transforms.engine.translator import TranslatorSettings
from transforms.fleet.faults import Failure
from transforms.fleet.fleet import Fleet
from transforms.text import flags
from transforms.text.candidates import Candidate
from transforms.text.request.glossary import parse_glossary
from transforms.text.request.prompt_profile import ProfileChoice

PARAGRAPH = "Le technicien a remplacé la pompe du bâtiment principal et contrôlé la pression de la chaudière. " * 6


def faulty(*faults: Fault) -> dict[str, Any]:
    return {"faults": list(faults), "record_requests": True}


def test_a_cut_answer_is_asked_for_again_with_more_room_and_another_seed(
    sandbox_host: MakeHost, start_engine: StartEngine
) -> None:
    host = sandbox_host(record_requests=True, faults=[Fault("length", first_try_only=True)])
    (result,) = translate(start_engine([host]), SENTENCE)
    assert (result.outcome.status, result.outcome.attempts) == ("ok", 2)
    assert [attempt.failure for attempt in result.requests.attempts] == [Failure.OUTPUT_TRUNCATED, None]
    first, second = (request["body"]["options"] for request in host.stats(with_requests=True)["requests"])
    assert second["num_predict"] > first["num_predict"]
    assert second["seed"] != first["seed"]
    assert second["temperature"] > first["temperature"]
    assert second["num_ctx"] == first["num_ctx"], "another context would load the model again"


def test_repairs_come_before_texts_that_have_no_answer_yet(sandbox_host: MakeHost, start_engine: StartEngine) -> None:
    host = sandbox_host(record_requests=True, faults=[Fault("length", marker="vanne", first_try_only=True)])
    engine = start_engine([host], slots=1)
    cut, others = "La vanne fuit. " + SENTENCE * 10, [f"{SENTENCE * 9}Rapport {number}." for number in range(5)]
    results = translate(engine, *others, cut)
    assert {result.outcome.status for result in results} == {"ok"}
    assert ["vanne" in body["prompt"] for body in bodies(host)] == [True, True, *[False] * 5]
    pieces = sandbox_host(record_requests=True, faults=[Fault("length", marker="La vanne fuit. Le technicien")])
    translate(start_engine([pieces], slots=1), *others, SENTENCE * 10 + "La vanne fuit. " + SENTENCE)
    new = ["Rapport" in body["prompt"] for body in bodies(pieces)]
    assert sum(new[:7]) == 1, "the one that was sent while the text was split"


def test_an_empty_answer_is_asked_for_again_and_else_is_a_failure(
    sandbox_host: MakeHost, start_engine: StartEngine
) -> None:
    once = Fault("empty", marker="pompe", first_try_only=True)
    results = translate(
        start_engine([sandbox_host(faults=[once, Fault("empty", marker="vanne")])]), SENTENCE, "La vanne fuit un peu."
    )
    assert [result.outcome.status for result in results] == ["ok", "failed"]
    assert results[1].outcome.translation is None
    assert (results[1].outcome.error or "").startswith("empty_output: ")
    assert results[1].outcome.flags == ["empty_output"]


def test_a_leaked_thought_is_stripped_and_flagged(sandbox_host: MakeHost, start_engine: StartEngine) -> None:
    (result,) = translate(start_engine([sandbox_host(faults=[Fault("think_leak")])]), SENTENCE)
    assert result.outcome.status == "warn"
    assert result.outcome.flags == ["think_stripped"]
    assert "think" not in (result.outcome.translation or "")


def test_a_model_with_less_context_than_asked_for_gets_smaller_pieces(
    sandbox_host: MakeHost, start_engine: StartEngine
) -> None:
    host = sandbox_host(trained_context=500)
    (result,) = translate(start_engine([host]), SENTENCE * 24)
    assert result.outcome.status == "ok"
    assert Failure.INPUT_TOO_LONG in {attempt.failure for attempt in result.requests.attempts}
    assert (result.outcome.translation or "").count(".") == 24


def test_a_second_model_is_tried_where_the_first_failed(sandbox_host: MakeHost, start_engine: StartEngine) -> None:
    spoilt = Fault("empty", marker="vanne")
    host, second = sandbox_host(faults=[spoilt]), sandbox_host(models=["qwen3:8b"])
    engine = start_engine([host, second], fallback_model="qwen3:8b")
    results = translate(engine, SENTENCE, "La vanne fuit un peu.")
    assert [result.outcome.status for result in results] == ["ok", "ok"]
    assert [result.outcome.model for result in results] == ["mistral", "qwen3:8b"]
    assert [list(result.outcome.flags) for result in results] == [[], ["fallback_used"]]
    assert results[1].outcome.host == second.url
    assert results[0].outcome.model_digest != results[1].outcome.model_digest
    assert results[1].outcome.attempts == 3


def test_a_text_that_both_models_fail_at_says_so(sandbox_host: MakeHost, start_engine: StartEngine) -> None:
    host = sandbox_host(models=["mistral", "qwen3:8b"], faults=[Fault("empty")])
    engine = start_engine([host], fallback_model="qwen3:8b")
    (result,) = translate(engine, SENTENCE)
    assert result.outcome.status == "failed"
    assert (result.outcome.error or "").count("empty_output") == 2
    assert "with qwen3:8b" in (result.outcome.error or "")


def test_a_bad_answer_is_asked_for_again_elsewhere(sandbox_host: MakeHost, start_engine: StartEngine) -> None:
    good, bad = sandbox_host(), sandbox_host(faults=[Fault("echo", marker="pompe")])
    engine = start_engine([bad, good])
    while {view.state for view in engine.hosts()} != {"healthy"}:
        translate(engine, "Le rapport est prêt.")
    results = [translate(engine, f"{SENTENCE}Rapport {number}.")[0] for number in range(10)]
    assert bad.stats()["calls"] > 0
    for result in results:
        assert result.outcome.status == "ok"
        assert result.outcome.host == good.url
        assert result.outcome.attempts == 1 + result.requests.repair_requests
        answered = [attempt.host for attempt in result.requests.attempts if attempt.failure is None]
        assert result.requests.repaired == bool(result.requests.repair_requests) == (answered[0] == bad.url)


def test_a_second_try_has_another_seed_some_temperature_and_a_penalty(
    sandbox_host: MakeHost, start_engine: StartEngine
) -> None:
    host = sandbox_host(**faulty(Fault("chinese", first_try_only=True)))
    (result,) = translate(start_engine([host]), SENTENCE)
    assert (result.outcome.status, result.outcome.attempts) == ("ok", 2)
    assert (result.requests.repair_requests, result.requests.repaired) == (1, True)
    first, second = (request["body"]["options"] for request in host.stats(with_requests=True)["requests"])
    assert first["temperature"] == 0.0 < second["temperature"]
    assert first["repeat_penalty"] == 1.0 < second["repeat_penalty"]
    assert (first["seed"] + 1, first["num_ctx"]) == (second["seed"], second["num_ctx"])


def test_what_stays_wrong_is_failed_and_kept_for_review(sandbox_host: MakeHost, start_engine: StartEngine) -> None:
    (result,) = translate(start_engine([sandbox_host(faults=[Fault("echo")])]), SENTENCE)
    outcome = result.outcome
    assert (outcome.status, outcome.translation, outcome.origin) == ("failed", None, None)
    assert (outcome.error or "").startswith("untranslated: ")
    assert "untranslated" in outcome.flags
    assert result.candidate == SENTENCE


def test_a_doubtful_answer_is_tried_once_more_and_the_better_one_stays(
    sandbox_host: MakeHost, start_engine: StartEngine
) -> None:
    text = "Le rapport 4711 décrit la panne de la pompe numéro 12."
    (better,) = translate(start_engine([sandbox_host(faults=[Fault("wrong_number", first_try_only=True)])]), text)
    assert (better.outcome.status, better.outcome.attempts, better.requests.repaired) == ("ok", 2, True)
    (same,) = translate(start_engine([sandbox_host(faults=[Fault("wrong_number")])]), text)
    assert (same.outcome.status, same.outcome.attempts, same.requests.repaired) == ("warn", 2, False)
    assert {"number_missing", "number_added"} & set(same.outcome.flags)
    assert same.outcome.translation


def test_a_long_text_with_bad_answers_is_tried_in_smaller_pieces(
    sandbox_host: MakeHost, start_engine: StartEngine
) -> None:
    text = " ".join(f"Le technicien a remplacé la pompe numéro {number} du bâtiment." for number in range(18))
    host = sandbox_host(faults=[Fault("loop", marker=text)])
    (result,) = translate(start_engine([host]), text)
    assert result.outcome.status == "ok"
    assert result.outcome.attempts in (4, 5), "two for the whole, one for each piece"
    assert (result.outcome.translation or "").count(".") == 18
    assert result.outcome.chunks == result.outcome.attempts - 2
    assert result.outcome.flags == ["chunked"]


@pytest.mark.parametrize(
    ("checks", "status", "attempts"), [("off", "ok", 1), ("flag", "warn", 1), ("repair", "failed", 2)]
)
def test_checks_may_only_report_or_be_off(
    checks: Any, status: str, attempts: int, sandbox_host: MakeHost, start_engine: StartEngine
) -> None:
    settings = replace(make_settings(), checks=checks)
    engine = start_engine([sandbox_host(faults=[Fault("echo")])], translator=settings)
    (result,) = translate(engine, SENTENCE)
    assert (result.outcome.status, result.outcome.attempts) == (status, attempts)
    assert ("untranslated" in result.outcome.flags) == (checks != "off")


def test_long_runs_are_not_sent_and_come_back(sandbox_host: MakeHost, start_engine: StartEngine) -> None:
    host = sandbox_host(record_requests=True, repeat_abort_characters=31)
    text = f"{SENTENCE}Signature : {'.' * 60}"
    (result,) = translate(start_engine([host]), text)
    assert result.outcome.status == "ok"
    assert "src_runs_masked" in result.outcome.flags
    assert "." * 60 in (result.outcome.translation or "")
    assert "." * 10 not in host.stats(with_requests=True)["requests"][0]["body"]["prompt"]


def test_terms_of_the_glossary_are_in_the_prompt_where_they_occur_and_misses_are_flagged(
    sandbox_host: MakeHost, start_engine: StartEngine
) -> None:
    host = sandbox_host(record_requests=True)
    glossary = parse_glossary("source,target\npompe,zorblax\nvanne,valve\n", "terms.csv")
    profiles = ProfileChoice(2048, chunk_chars=1000, has_glossary=True)
    engine = start_engine([host], translator=replace(make_settings(), profiles=profiles, glossary=glossary))
    results = translate(engine, SENTENCE, "Le rapport est prêt.")
    assert [result.outcome.status for result in results] == ["warn", "ok"]
    assert results[0].outcome.flags == ["glossary_miss"]
    assert results[0].outcome.attempts == 2
    systems = [request["body"]["system"] for request in host.stats(with_requests=True)["requests"]]
    assert sum("zorblax" in system for system in systems) == 2
    assert not any("valve" in system for system in systems)


def test_no_prompt_is_over_the_context_of_a_model_that_adds_many_tokens_of_its_own(
    sandbox_host: MakeHost, start_engine: StartEngine
) -> None:
    host = sandbox_host(record_requests=True, hidden_tokens=400, version="0.24.0")
    engine = start_engine([host], num_ctx=1024)
    (first,) = translate(engine, "La pompe est remplacée.")
    text = "\n\n".join(f"Paragraphe {number}. {PARAGRAPH}" for number in range(12))
    (result,) = translate(engine, text)
    assert (first.outcome.status, result.outcome.status) == ("ok", "ok")
    assert [attempt.failure for attempt in result.requests.attempts] == [None] * (len(bodies(host)) - 1)
    for body in bodies(host):
        prompt_tokens = 400 + tokens_of(body["system"]) + tokens_of(body["prompt"])
        assert prompt_tokens + body["options"]["num_predict"] <= 1024


def test_terms_reach_hy_mt2_in_the_words_it_was_trained_on(sandbox_host: MakeHost, start_engine: StartEngine) -> None:
    host = sandbox_host(record_requests=True, models=["hy-mt2:7b"])
    glossary = parse_glossary("pompe,circulation pump\nvanne,valve", "terms.csv")
    settings = TranslatorSettings(
        ProfileChoice(2048, has_glossary=True), "hy-mt2:7b", 7, checks="off", glossary=glossary
    )
    engine = start_engine([host], translator=settings)
    translate(engine, "La pompe est réparée.")
    (body,) = bodies(host)
    assert "system" not in body
    assert body["prompt"].startswith("Reference the following translations:\npompe translates to circulation pump\n\nT")
    assert body["prompt"].endswith("without any additional explanation:\n\nLa pompe est réparée.")


def test_the_answer_of_a_doubtful_host_is_replaced_by_another_hosts(
    sandbox_host: MakeHost, start_engine: StartEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    doubtful, good = sandbox_host(), sandbox_host()
    monkeypatch.setattr(Fleet, "checked", lambda fleet, answer, source, accepted: answer.host == doubtful.url)
    engine = start_engine([doubtful, good])
    while {view.state for view in engine.hosts()} != {"healthy"}:
        translate(engine, "Le rapport est prêt.")
    results = translate(engine, *[f"{SENTENCE}Rapport {number}." for number in range(40)])
    assert {(result.outcome.status, result.outcome.host) for result in results} == {("ok", good.url)}
    assert doubtful.stats()["calls"] > 0
    assert {result.requests.repair_requests for result in results} == {0, 1}


def test_a_prompt_that_a_host_truncated_silently_is_sent_again_in_smaller_pieces(
    sandbox_host: MakeHost, start_engine: StartEngine
) -> None:
    host = sandbox_host(version="0.12.0", hidden_tokens=780, record_requests=True)
    text = " ".join(f"Le rapport {number} décrit la panne de la pompe." for number in range(10, 20))
    (result,) = translate(start_engine([host], num_ctx=1024), text)
    assert len(bodies(host)[0]["prompt"]) > len(text), "the whole text fits, as far as one can tell before"
    assert result.outcome.status == "ok"
    assert result.outcome.attempts == len(bodies(host)) > 2
    assert result.outcome.chunks == result.outcome.attempts - 1, "the whole was tried first"
    assert "chunked" in result.outcome.flags
    for number in range(10, 20):
        assert f"report {number} " in (result.outcome.translation or "")


def numbered(count: int) -> str:
    return " ".join(f"Le technicien a remplacé la pompe numéro {number} du bâtiment." for number in range(count))


def test_pieces_of_a_rejected_chunk_are_not_split_again(sandbox_host: MakeHost, start_engine: StartEngine) -> None:
    host = sandbox_host(faults=[Fault("echo")], record_requests=True)
    (result,) = translate(start_engine([host], num_ctx=4096), numbered(26))
    lengths = [len(body["prompt"]) for body in bodies(host)]
    assert result.outcome.status == "failed"
    assert lengths.count(max(lengths)) == 2
    assert len(lengths) in (6, 8), "two requests for the whole, two for each of two or three pieces"


def test_good_pieces_are_rejected_if_the_whole_is_not_good(
    sandbox_host: MakeHost, start_engine: StartEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = Candidate("", (flags.UNTRANSLATED,))
    monkeypatch.setattr(chunk_translator, "assess_whole", lambda source, translation: bad)
    text = numbered(18)
    (result,) = translate(start_engine([sandbox_host(faults=[Fault("loop", marker=text)])]), text)
    assert (result.outcome.status, result.requests.repaired) == ("failed", False)
    assert (result.outcome.error or "").startswith("repetition")


def test_a_text_is_not_at_fault_where_the_fallback_model_failed_for_another_reason(
    sandbox_host: MakeHost, start_engine: StartEngine
) -> None:
    own = sandbox_host(faults=[Fault("echo")])
    fallback = sandbox_host(models=["qwen3:8b"], faults=[Fault("thinking_only")])
    (result,) = translate(start_engine([own], fallback_model="mistral"), SENTENCE)
    assert result.text_at_fault
    (result,) = translate(start_engine([own, fallback], fallback_model="qwen3:8b"), SENTENCE)
    assert (result.outcome.status, result.text_at_fault) == ("failed", False)


def test_every_flag_of_a_check_has_its_evidence(sandbox_host: MakeHost, start_engine: StartEngine) -> None:
    text = f"{SENTENCE}Le compteur indique 4217 litres."
    host = sandbox_host(faults=[Fault("wrong_number")])
    (result,) = translate(start_engine([host]), text)
    evidence = json.loads(result.outcome.evidence or "{}")
    assert set(evidence) == set(result.outcome.flags) & (flags.SOFT | flags.HARD)
    assert evidence["number_missing"] == ["4217"]


def test_a_failed_text_has_the_evidence_against_its_best_candidate(
    sandbox_host: MakeHost, start_engine: StartEngine
) -> None:
    (result,) = translate(start_engine([sandbox_host(faults=[Fault("echo")])]), SENTENCE.strip())
    assert (result.outcome.status, result.candidate) == ("failed", SENTENCE.strip())
    assert json.loads(result.outcome.evidence or "{}") == {"untranslated": [SENTENCE.strip()]}


def test_a_text_without_flags_has_no_evidence(sandbox_host: MakeHost, start_engine: StartEngine) -> None:
    (result,) = translate(start_engine([sandbox_host()]), SENTENCE)
    assert (result.outcome.status, result.outcome.evidence) == ("ok", None)


def test_a_cut_answer_that_loops_gets_no_more_room_and_is_rejected_as_a_loop(
    sandbox_host: MakeHost, start_engine: StartEngine
) -> None:
    host = sandbox_host(faults=[Fault("endless")], record_requests=True)
    (result,) = translate(start_engine([host]), SENTENCE)
    rooms = [body["options"]["num_predict"] for body in bodies(host)]
    assert len(rooms) == 2
    assert rooms[0] == rooms[1]
    assert (result.outcome.error or "").startswith("repetition: ")
    assert set(json.loads(result.outcome.evidence or "{}")) == {"repetition", "output_truncated"}
    assert result.candidate
    assert list(result.requests.repairs) == ["repetition"]


def test_any_other_cut_answer_gets_twice_the_room_and_not_more(
    sandbox_host: MakeHost, start_engine: StartEngine
) -> None:
    host = sandbox_host(faults=[Fault("length", marker="pompe")], record_requests=True)
    (result,) = translate(start_engine([host]), "La pompe du bâtiment nord est en panne ce matin.")
    first, second = (body["options"]["num_predict"] for body in bodies(host))
    assert second == 2 * first
    assert (result.outcome.error or "").startswith("output_truncated: ")
    assert result.requests.repairs["output_truncated"].requests == 1


@pytest.mark.parametrize("checks", ["off", "flag"])
def test_without_repairs_a_cut_loop_gets_no_more_room_either(
    checks: Any, sandbox_host: MakeHost, start_engine: StartEngine
) -> None:
    host = sandbox_host(faults=[Fault("endless")], record_requests=True)
    (result,) = translate(start_engine([host], translator=replace(make_settings(), checks=checks)), SENTENCE.strip())
    assert len({body["options"]["num_predict"] for body in bodies(host)}) == 1
    assert result.outcome.status == "failed"
