"""Engine and translator against real loopback hosts: what is sent, what is made of the answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.sandbox.faults import Fault
from pipeline.sandbox.running import SandboxThread
from tests.conftest import MakeHost
from tests.transforms.engine.engines import make_engine, make_settings, submit
from transforms.engine import engine as engine_module
from transforms.engine.deduplicator import MemorySettings
from transforms.engine.engine import FIRST_TEXTS, Engine, Submission, live_engines
from transforms.engine.translator import TextResult
from transforms.errors import RunFailed, RunStopped
from transforms.fleet.faults import Failure
from transforms.memory.addresses import open_store
from transforms.memory.store import MemoryUnavailable
from transforms.text.flags import HARD
from transforms.text.glossary import parse_glossary
from transforms.text.prompt_profile import ProfileChoice

Translate = Callable[..., list[TextResult]]
SENTENCE = "Le technicien a remplacé la pompe du bâtiment principal. "


SPANISH = (
    "El técnico ha cambiado la bomba y ha comprobado la presión de la caldera. Los vecinos no tienen agua desde ayer, "
    "pero el ascensor funciona y la puerta está abierta."
)


@pytest.fixture
def translate() -> Iterator[Translate]:
    engines: list[Engine] = []

    def run(hosts: Sequence[SandboxThread], texts: Sequence[str | None], num_ctx: int = 2048) -> list[TextResult]:
        engines.append(make_engine(hosts, num_ctx))
        return submit(engines[-1], texts).finished()

    yield run
    for engine in engines:
        engine.close()


def test_results_are_in_the_order_of_the_texts_and_nothing_blank_is_sent(
    sandbox_host: MakeHost, translate: Translate
) -> None:
    host = sandbox_host(record_requests=True)
    texts = [None, "", "  ", "4512", "👍", SENTENCE, *(f"Le rapport {number} est prêt." for number in range(30))]
    results = translate([host], texts)
    assert [result.outcome.status for result in results] == ["skipped"] * 5 + ["ok"] * 31
    assert [result.outcome.translation for result in results[:5]] == texts[:5]
    assert [result.outcome.origin for result in results[:2]] == [None, "source"]
    for number, result in enumerate(results[6:]):
        assert str(number) in (result.outcome.translation or "")
    assert len(host.stats(with_requests=True)["requests"]) == 31


def test_white_space_around_a_text_stays_where_it_is(sandbox_host: MakeHost, translate: Translate) -> None:
    (result,) = translate([sandbox_host()], ["  Le rapport est prêt.\r\nLa pompe aussi.\r\n"])
    translation = result.outcome.translation or ""
    assert translation.startswith("  ")
    assert translation.endswith("\r\n")
    assert translation.count("\r\n") == 2


def test_a_long_text_goes_out_in_pieces_that_fit_and_comes_back_whole(
    sandbox_host: MakeHost, translate: Translate
) -> None:
    host = sandbox_host(record_requests=True)
    text = "\n\n".join(f"Paragraphe {number}. {SENTENCE * 6}" for number in range(30))
    (result,) = translate([host], [text])
    outcome = result.outcome
    assert outcome.status == "ok"
    assert outcome.chunks == outcome.attempts == len(result.attempts) > 5
    assert len((outcome.translation or "").split("\n\n")) == 30
    for number, paragraph in enumerate((outcome.translation or "").split("\n\n")):
        assert str(number) in paragraph
    for request in host.stats(with_requests=True)["requests"]:
        body = request["body"]
        tokens = (len(body["system"]) + len(body["prompt"])) / 3.3
        assert tokens + body["options"]["num_predict"] <= 2048
        assert body["options"]["num_ctx"] == 2048
        assert body["truncate"] is False


def test_a_cut_answer_is_asked_for_again_with_more_room_and_another_seed(
    sandbox_host: MakeHost, translate: Translate
) -> None:
    host = sandbox_host(record_requests=True, faults=[Fault("length", first_try_only=True)])
    (result,) = translate([host], [SENTENCE])
    assert (result.outcome.status, result.outcome.attempts) == ("ok", 2)
    assert [attempt.failure for attempt in result.attempts] == [Failure.OUTPUT_TRUNCATED, None]
    first, second = (request["body"]["options"] for request in host.stats(with_requests=True)["requests"])
    assert second["num_predict"] > first["num_predict"]
    assert second["seed"] != first["seed"]
    assert second["temperature"] > first["temperature"]
    assert second["num_ctx"] == first["num_ctx"], "another context would load the model again"


def test_an_empty_answer_is_asked_for_again_and_else_is_a_failure(sandbox_host: MakeHost, translate: Translate) -> None:
    once = Fault("empty", marker="pompe", first_try_only=True)
    results = translate(
        [sandbox_host(faults=[once, Fault("empty", marker="vanne")])], [SENTENCE, "La vanne fuit un peu."]
    )
    assert [result.outcome.status for result in results] == ["ok", "failed"]
    assert results[1].outcome.translation is None
    assert (results[1].outcome.error or "").startswith("empty_output: ")
    assert results[1].outcome.flags == ["empty_output"]


def test_a_leaked_thought_is_stripped_and_told(sandbox_host: MakeHost, translate: Translate) -> None:
    (result,) = translate([sandbox_host(faults=[Fault("think_leak")])], [SENTENCE])
    assert result.outcome.status == "warn"
    assert result.outcome.flags == ["think_stripped"]
    assert "think" not in (result.outcome.translation or "")


def test_a_model_with_less_context_than_asked_for_gets_smaller_pieces(
    sandbox_host: MakeHost, translate: Translate
) -> None:
    host = sandbox_host(trained_context=500)
    (result,) = translate([host], [SENTENCE * 24])
    assert result.outcome.status == "ok"
    assert Failure.INPUT_TOO_LONG in {attempt.failure for attempt in result.attempts}
    assert (result.outcome.translation or "").count(".") == 24


def test_a_second_model_is_tried_where_the_first_failed(sandbox_host: MakeHost) -> None:
    spoilt = Fault("empty", marker="vanne")
    host, second = sandbox_host(faults=[spoilt]), sandbox_host(models=["qwen3:8b"])
    engine = make_engine([host, second], fallback_model="qwen3:8b")
    results = submit(engine, [SENTENCE, "La vanne fuit un peu."]).finished()
    engine.close()
    assert [result.outcome.status for result in results] == ["ok", "ok"]
    assert [result.outcome.model for result in results] == ["mistral", "qwen3:8b"]
    assert [list(result.outcome.flags) for result in results] == [[], ["fallback_used"]]
    assert results[1].outcome.host == second.url
    assert results[0].outcome.model_digest != results[1].outcome.model_digest
    assert results[1].outcome.attempts == 3


def test_a_text_that_both_models_fail_at_says_so(sandbox_host: MakeHost) -> None:
    host = sandbox_host(models=["mistral", "qwen3:8b"], faults=[Fault("empty")])
    engine = make_engine([host], fallback_model="qwen3:8b")
    (result,) = submit(engine, [SENTENCE]).finished()
    engine.close()
    assert result.outcome.status == "failed"
    assert (result.outcome.error or "").count("empty_output") == 2
    assert "with qwen3:8b" in (result.outcome.error or "")


def test_each_text_gets_the_model_that_it_names(sandbox_host: MakeHost) -> None:
    host = sandbox_host(models=["mistral", "qwen3:8b"], record_requests=True)
    engine = make_engine([host], any_model=True)
    models = ["qwen3:8b", None, "gpt-oss:120b-cloud", "nothing"]
    results = submit(engine, [f"Le rapport {number} est prêt." for number in range(4)], models).finished()
    engine.close()
    assert [result.outcome.status for result in results] == ["ok", "ok", "failed", "failed"]
    assert [result.outcome.model for result in results] == ["qwen3:8b", "mistral", "gpt-oss:120b-cloud", "nothing"]
    assert "cloud" in (results[2].outcome.error or "")
    assert (results[3].outcome.error or "").startswith("model_missing: no host has the model 'nothing'")
    sent = {request["body"]["model"] for request in host.stats(with_requests=True)["requests"]}
    assert sent == {"qwen3:8b", "mistral"}


def test_whoever_waits_when_the_engine_is_stopped_gets_to_know(sandbox_host: MakeHost) -> None:
    host = sandbox_host(faults=[Fault("hang")])
    engine = make_engine([host])
    assert engine in live_engines()
    ended = threading.Event()
    submission = Submission([SENTENCE], lambda: None, ended.set)
    engine.submit(submission)
    while not host.stats()["in_flight"]:
        assert not ended.wait(0.005)
    engine.stop()
    assert ended.wait(10), "without a memory nothing is waited for"
    with pytest.raises(RunStopped):
        submission.finished()
    engine.close()


def test_answers_to_what_is_in_flight_are_kept_when_the_engine_is_stopped(
    sandbox_host: MakeHost, tmp_path: Path
) -> None:
    host = sandbox_host(tokens_per_second=20.0, num_parallel=4)
    memory = MemorySettings(str(tmp_path / "memory.sqlite"), bytes(32), "one")
    settings: dict[str, Any] = {
        "memory": memory,
        "slots": 4,
        "digests": {"mistral:latest": "ab" * 32},
        "allow_mixed_digests": True,
    }
    engine = make_engine([host], **settings)
    ended = threading.Event()
    texts = [f"Le rapport {number} est prêt." for number in range(20)]
    engine.submit(Submission(texts, lambda: None, ended.set))
    while host.stats()["in_flight"] < 4:
        assert not ended.wait(0.005)
    served = host.stats()["served"]
    engine.stop()
    engine.close()
    assert host.stats()["served"] == served + 4
    assert host.stats()["calls"] == served + 4
    store = open_store(str(tmp_path / "memory.sqlite"))
    assert store.statistics().entries == served + 4
    store.close()


def test_a_host_that_hangs_holds_a_stop_up_for_a_few_seconds_only(
    sandbox_host: MakeHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "DRAIN_SECONDS", 0.1)
    host = sandbox_host(faults=[Fault("hang")])
    engine = make_engine([host], memory=MemorySettings(str(tmp_path / "memory.sqlite"), bytes(32), "one"))
    ended = threading.Event()
    submission = Submission([SENTENCE], lambda: None, ended.set)
    engine.submit(submission)
    while not host.stats()["in_flight"]:
        assert not ended.wait(0.005)
    engine.stop()
    assert ended.wait(10)
    with pytest.raises(RunStopped):
        submission.finished()
    engine.close()


def test_a_run_that_only_fails_ends_early_with_the_reason(sandbox_host: MakeHost) -> None:
    engine = make_engine([sandbox_host(faults=[Fault("empty")])])
    submission = submit(engine, [f"Le rapport {number} est prêt." for number in range(FIRST_TEXTS)])
    engine.close()
    with pytest.raises(RunFailed, match=f"none of the first {FIRST_TEXTS} texts .*empty_output {FIRST_TEXTS}"):
        submission.finished()


def test_one_success_among_the_first_texts_is_enough(sandbox_host: MakeHost) -> None:
    good = "La vanne est réparée."
    engine = make_engine([sandbox_host(faults=[Fault("empty", marker="rapport")])])
    texts = [good, *(f"Le rapport {number} est prêt." for number in range(FIRST_TEXTS + 10))]
    results = submit(engine, texts).finished()
    engine.close()
    assert [result.outcome.status for result in results] == ["ok"] + ["failed"] * (FIRST_TEXTS + 10)


def test_a_memory_that_cannot_be_opened_is_told_to_whoever_makes_the_engine(
    sandbox_host: MakeHost, tmp_path: Path
) -> None:
    with pytest.raises(MemoryUnavailable):
        make_engine([sandbox_host()], memory=MemorySettings(str(tmp_path / "no" / "memory"), bytes(32), "one"))


def test_an_empty_submission_ends_at_once(sandbox_host: MakeHost) -> None:
    engine = make_engine([sandbox_host()])
    assert submit(engine, []).finished() == []
    engine.close()


def faulty(*faults: Fault) -> dict[str, Any]:
    return {"faults": list(faults), "record_requests": True}


def test_a_bad_answer_is_asked_for_again_elsewhere(sandbox_host: MakeHost) -> None:
    good, bad = sandbox_host(), sandbox_host(faults=[Fault("echo", marker="pompe")])
    engine = make_engine([bad, good])
    while {view.state for view in engine.hosts()} != {"healthy"}:
        submit(engine, ["Le rapport est prêt."]).finished()
    results = [submit(engine, [f"{SENTENCE}Rapport {number}."]).finished()[0] for number in range(10)]
    engine.close()
    assert bad.stats()["calls"] > 0
    for result in results:
        assert result.outcome.status == "ok"
        assert result.outcome.host == good.url
        assert result.outcome.attempts == 1 + result.repair_requests
        answered = [attempt.host for attempt in result.attempts if attempt.failure is None]
        assert result.repaired == bool(result.repair_requests) == (answered[0] == bad.url)


def test_a_second_try_has_another_seed_some_temperature_and_a_penalty(
    sandbox_host: MakeHost, translate: Translate
) -> None:
    host = sandbox_host(**faulty(Fault("chinese", first_try_only=True)))
    (result,) = translate([host], [SENTENCE])
    assert (result.outcome.status, result.outcome.attempts) == ("ok", 2)
    assert (result.repair_requests, result.repaired) == (1, True)
    first, second = (request["body"]["options"] for request in host.stats(with_requests=True)["requests"])
    assert first["temperature"] == 0.0 < second["temperature"]
    assert first["repeat_penalty"] == 1.0 < second["repeat_penalty"]
    assert (first["seed"] + 1, first["num_ctx"]) == (second["seed"], second["num_ctx"])


def test_what_stays_wrong_is_failed_and_kept_for_review(sandbox_host: MakeHost, translate: Translate) -> None:
    (result,) = translate([sandbox_host(faults=[Fault("echo")])], [SENTENCE])
    outcome = result.outcome
    assert (outcome.status, outcome.translation, outcome.origin) == ("failed", None, None)
    assert (outcome.error or "").startswith("untranslated: ")
    assert "untranslated" in outcome.flags
    assert result.candidate == SENTENCE


def test_a_doubtful_answer_is_tried_once_more_and_the_better_one_stays(
    sandbox_host: MakeHost, translate: Translate
) -> None:
    text = "Le rapport 4711 décrit la panne de la pompe numéro 12."
    (better,) = translate([sandbox_host(faults=[Fault("wrong_number", first_try_only=True)])], [text])
    assert (better.outcome.status, better.outcome.attempts, better.repaired) == ("ok", 2, True)
    (same,) = translate([sandbox_host(faults=[Fault("wrong_number")])], [text])
    assert (same.outcome.status, same.outcome.attempts, same.repaired) == ("warn", 2, False)
    assert {"number_missing", "number_added"} & set(same.outcome.flags)
    assert same.outcome.translation


def test_a_long_text_with_bad_answers_is_tried_in_smaller_pieces(sandbox_host: MakeHost, translate: Translate) -> None:
    text = SENTENCE * 18
    host = sandbox_host(faults=[Fault("loop", marker=text.strip())])
    (result,) = translate([host], [text])
    assert result.outcome.status == "ok"
    assert result.outcome.attempts in (4, 5), "two for the whole, one for each piece"
    assert (result.outcome.translation or "").count(".") == 18


@pytest.mark.parametrize(
    ("checks", "status", "attempts"), [("off", "ok", 1), ("flag", "warn", 1), ("repair", "failed", 2)]
)
def test_checks_may_only_tell_or_be_left_out(checks: Any, status: str, attempts: int, sandbox_host: MakeHost) -> None:
    settings = replace(make_settings(), checks=checks)
    engine = make_engine([sandbox_host(faults=[Fault("echo")])], translator=settings)
    (result,) = submit(engine, [SENTENCE]).finished()
    engine.close()
    assert (result.outcome.status, result.outcome.attempts) == (status, attempts)
    assert ("untranslated" in result.outcome.flags) == (checks != "off")


@pytest.mark.parametrize(
    ("policy", "status", "calls"), [("pass_through", "skipped", 0), ("fail", "failed", 0), ("translate", "ok", 2)]
)
def test_texts_that_are_not_french(policy: Any, status: str, calls: int, sandbox_host: MakeHost) -> None:
    host = sandbox_host()
    texts = [
        "The technician replaced the pump and checked the pressure of the boiler this morning.",
        SPANISH,
    ]
    settings = replace(make_settings(), english=policy, other_language=policy, checks="off")
    engine = make_engine([host], translator=settings)
    results = submit(engine, texts).finished()
    engine.close()
    assert [result.outcome.status for result in results] == [status] * 2
    assert host.stats()["calls"] == calls
    if policy != "translate":
        assert [result.outcome.flags[0] for result in results] == ["src_english", "src_other_language"]
    if policy == "pass_through":
        assert [result.outcome.translation for result in results] == texts


def test_long_runs_are_not_sent_and_come_back(sandbox_host: MakeHost, translate: Translate) -> None:
    host = sandbox_host(record_requests=True, repeat_abort_characters=31)
    text = f"{SENTENCE}Signature : {'.' * 60}"
    (result,) = translate([host], [text])
    assert result.outcome.status == "ok"
    assert "src_runs_masked" in result.outcome.flags
    assert "." * 60 in (result.outcome.translation or "")
    assert "." * 10 not in host.stats(with_requests=True)["requests"][0]["body"]["prompt"]


def test_a_piece_without_words_is_not_sent(sandbox_host: MakeHost, translate: Translate) -> None:
    host = sandbox_host(record_requests=True)
    paragraph = SENTENCE * 17
    text = f"{paragraph}\n\n{'12 34 56 78 ' * 80}\n\n{paragraph}"
    (result,) = translate([host], [text], num_ctx=1024)
    assert "12 34 56 78 " * 80 in (result.outcome.translation or "").replace("\n", "")
    for request in host.stats(with_requests=True)["requests"]:
        assert "technicien" in request["body"]["prompt"] or "pompe" in request["body"]["prompt"]


def test_terms_of_the_glossary_are_told_where_they_occur_and_misses_are_flagged(sandbox_host: MakeHost) -> None:
    host = sandbox_host(record_requests=True)
    glossary = parse_glossary("source,target\npompe,zorblax\nvanne,valve\n", "terms.csv")
    profiles = ProfileChoice(2048, chunk_chars=1000, has_glossary=True)
    engine = make_engine([host], translator=replace(make_settings(), profiles=profiles, glossary=glossary))
    results = submit(engine, [SENTENCE, "Le rapport est prêt."]).finished()
    engine.close()
    assert [result.outcome.status for result in results] == ["warn", "ok"]
    assert results[0].outcome.flags == ["glossary_miss"]
    assert results[0].outcome.attempts == 2
    systems = [request["body"]["system"] for request in host.stats(with_requests=True)["requests"]]
    assert sum("zorblax" in system for system in systems) == 2
    assert not any("valve" in system for system in systems)


def test_the_memory_knows_a_text_until_one_of_its_terms_changes(sandbox_host: MakeHost, tmp_path: Path) -> None:
    host = sandbox_host()
    memory = MemorySettings(str(tmp_path / "memory.sqlite"), bytes(32), "one")
    digests = {"mistral:latest": "ab" * 32}
    calls = []
    for terms in ("vanne,valve", "vanne,tap", "vanne,tap\npompe,pump", "vanne,valve\npompe,pump", "pompe,pumping set"):
        settings = replace(make_settings(), glossary=parse_glossary(terms, "terms.csv"), checks="off")
        engine = make_engine([host], translator=settings, memory=memory, digests=digests, allow_mixed_digests=True)
        submit(engine, [SENTENCE]).finished()
        engine.close()
        calls.append(host.stats()["calls"])
    assert calls == [1, 1, 2, 2, 3]


def test_nearly_all_rows_end_well_on_a_host_that_spoils_a_tenth_of_first_answers(
    sandbox_host: MakeHost, translate: Translate
) -> None:
    kinds = ("echo", "chinese", "refusal", "loop", "empty", "wrong_number", "partly_french", "cut", "preamble", "note")
    host = sandbox_host(faults=[Fault(kind, 0.01, first_try_only=True) for kind in kinds])
    texts = [f"Le rapport {number} décrit la panne de la pompe principale du bâtiment." for number in range(1000)]
    seeded = HARD | {"number_missing", "number_added", "length_ratio"}
    results = translate([host], texts)
    assert sum(host.stats()["text_faults"].values()) > 60
    assert sum(result.outcome.status in ("ok", "warn") for result in results) >= 990
    assert sum(not seeded & set(result.outcome.flags) for result in results) >= 990


@pytest.mark.parametrize(
    "place", ["translator.classify", "deduplicator.Deduplicator.key", "translator.split", "deduplicator.encode"]
)
def test_a_mistake_in_the_program_is_told_and_waited_for_by_nobody(
    place: str, sandbox_host: MakeHost, translate: Translate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mistake(*_: object) -> None:
        raise ZeroDivisionError("a mistake")

    monkeypatch.setattr(f"transforms.engine.{place}", mistake)
    with pytest.raises(ZeroDivisionError, match="a mistake"):
        translate([sandbox_host()], [SENTENCE, None, "Le rapport est prêt."])
